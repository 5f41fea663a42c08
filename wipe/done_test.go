package wipe_test

import (
	"strings"
	"testing"

	"lethe/certs/record"
	"lethe/wipe"
	"lethe/wipe/wipetest"
)

// What an order has done is no task, is not missing, and is told; a drive whose paper
// may speak of another one is refused like any ambiguous one.
//
// mutant: plan.go: if isDone(p.done, c.Device.Identity.Same) { => if false {
// mutant: grant.go: if !named(t.Matches) && !isDone(done, t.Matches) { => if !named(t.Matches) {
// mutant: done.go: || len(found) > 1 { => {
// mutant: done.go: || r.Grant.target(d.Identity) < 0 => || false
func TestDone(t *testing.T) {
	o := testOrder()
	o.Drives, o.Count = nil, 3
	var cs []wipe.Candidate
	for i := range 3 {
		d := wipetest.Device(i, 1<<20, 512)
		o.Drives = append(o.Drives, record.DriveTarget{Serial: d.Identity.Serial})
		cs = append(cs, wipe.Candidate{Device: d, Node: "/dev/" + d.Node})
	}
	stranger := wipetest.Device(9, 1<<20, 512).Identity
	g, err := wipe.GrantOf(o, testRef(o), testMachine(), noon)
	if err != nil {
		t.Fatal(err)
	}
	paper := func(id record.Identity) wipe.Done {
		return wipe.Done{Identity: id, Paper: "LTH-OLD", At: record.At(noon)}
	}
	plan := func(g wipe.Grant, cs []wipe.Candidate, done ...wipe.Done) *wipe.Plan {
		t.Helper()
		p, err := wipe.NewPlan(wipe.Request{Candidates: cs, Policy: wipetest.Clear(t), Grant: g, Now: noon, Done: done})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	id := func(i int) record.Identity { return cs[i].Device.Identity }

	p := plan(g, cs[:2], paper(id(0)), paper(id(0)), paper(id(2)), paper(stranger))
	if len(p.Tasks()) != 1 || !p.Tasks()[0].Device.Identity.Same(id(1)) || len(p.Missing()) != 0 || len(p.Blocked()) != 0 {
		t.Errorf("%d tasks, missing %q, blocked %v", len(p.Tasks()), p.Missing(), p.Blocked())
	}
	if d := p.Done(); len(d) != 2 || d[0].Node == "" || d[1].Node != "" {
		t.Errorf("done: %+v", d)
	}
	if l := p.Left(); len(l) != 2 || !strings.Contains(l[0].Reasons[0], "already has certificate LTH-OLD of "+record.At(noon).String()) {
		t.Errorf("left: %+v", l)
	}
	if plan(g, cs[:2]).Digest() == p.Digest() {
		t.Error("the digest does not pin what is done")
	}

	twin := cs[0]
	twin.Node, twin.Device.Node = "/dev/twin", "twin"
	p = plan(g, append(cs[:3:3], twin), paper(id(0)))
	if len(p.Done()) != 0 || len(p.Blocked()) != 2 || len(p.Tasks()) != 2 {
		t.Errorf("twins: %d done, %d blocked, %d tasks", len(p.Done()), len(p.Blocked()), len(p.Tasks()))
	}
	p = plan(wipe.GrantConfirmed(id(0).Serial), cs, paper(id(0)))
	if len(p.Tasks()) != 1 || len(p.Done()) != 0 {
		t.Errorf("a person's word: %d tasks, %d done", len(p.Tasks()), len(p.Done()))
	}
}
