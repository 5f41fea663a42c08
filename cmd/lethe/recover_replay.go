package main

import (
	"fmt"
	"strings"

	"lethe/certs/record"
	"lethe/cmd/internal/cli"
	"lethe/cmd/internal/job"
	"lethe/wipe"
)

// carriedOut says that an order leaves nothing to do: every drive has its certificate.
type carriedOut struct {
	order record.Order
	done  []wipe.Done
}

func (c *carriedOut) Error() string {
	return fmt.Sprintf("order %s is carried out: all %d drives have their certificates", c.order.ID, len(c.order.Drives))
}

// printDone names the drives that are left alone.
func printDone(env cli.Env, order string, done []wipe.Done) {
	for _, d := range done {
		fmt.Fprintf(env.Stderr, "%s already has certificate %s under order %s (%s) and is not erased again\n", d.Identity, d.Paper, order, d.At)
	}
}

// sum is what an order has come to, those drives included that an earlier run of
// it has done.
func sum(p *wipe.Plan, o job.Outcome) string {
	done := p.Done()
	s := fmt.Sprintf("%d of %d drives sanitised", o.Reached()+len(done), p.Wanted())
	if len(done) == 0 {
		return s
	}
	var old []string
	for _, d := range done {
		old = append(old, fmt.Sprintf("%s at %s", d.Paper, d.At))
	}
	return s + fmt.Sprintf(": %d now, %d before under this order (%s)", o.Reached(), len(done), strings.Join(old, ", "))
}
