package wipe

import (
	"fmt"
	"slices"

	"lethe/certs/record"
)

// Done is a drive on which the order at hand was carried out before: whoever says so
// has checked its certificate under that very order.
type Done struct {
	Identity record.Identity `json:"identity"`
	Node     string          `json:"node,omitempty"` // where it is now, "" when it was not found
	Paper    string          `json:"paper"`          // the certificate's id
	State    record.State    `json:"state"`
	At       record.Time     `json:"at"` // when that erase ended
}

// done are the drives of the request that an earlier run of the order has finished.
// Without an order there are none: a person who names a drive again means it. Where
// two drives bear one identity the paper may speak of either, so it counts for none.
func (r Request) done() (out []Done) {
	if r.Grant.order == nil {
		return nil
	}
	for _, d := range r.Done {
		found := slices.DeleteFunc(slices.Clone(r.Candidates), func(c Candidate) bool { return !c.Device.Identity.Same(d.Identity) })
		if !d.Identity.Known() || r.Grant.target(d.Identity) < 0 || len(found) > 1 {
			continue
		}
		d.Node = ""
		if len(found) == 1 {
			d.Node = found[0].Device.Node
		}
		if !slices.ContainsFunc(out, func(o Done) bool { return o.Identity.Same(d.Identity) }) {
			out = append(out, d)
		}
	}
	return out
}

// isDone reports whether a drive is among those that are done.
func isDone(done []Done, match func(record.Identity) bool) bool {
	return slices.ContainsFunc(done, func(d Done) bool { return match(d.Identity) })
}

// Done are copies of the drives that the order names and that have their certificate
// under it. Nothing is done to them.
func (p *Plan) Done() []Done { return copied(p.done) }

// Left are copies of Refused, and the drives that are done, for a summary to list.
func (p *Plan) Left() []record.Refusal {
	out := p.Refused()
	for _, d := range p.done {
		out = append(out, record.Refusal{Identity: d.Identity, Node: d.Node, Reasons: []string{d.reason()}})
	}
	return out
}

func (d Done) reason() string {
	return fmt.Sprintf("it already has certificate %s of %s under this order", d.Paper, d.At)
}
