package demo

import (
	"context"
	"fmt"
	"regexp"
	"strconv"

	"lethe/cmd/internal/demo/scratch"
	"lethe/image/boottest"
)

// Running is the machine while it runs, and the depot beside it.
type Running struct {
	*boottest.VM
	stage *stage
}

// StartDepot turns the depot on, with all that it stored before.
func (r *Running) StartDepot() error { return r.stage.startDepot() }

// StopDepot turns it off.
func (r *Running) StopDepot() error { return r.stage.depot.stop() }

// Until waits until the drive with this serial number is part per cent done,
// writing and reading back together. It is an error when the drive ends before
// it was seen there. The guest has to draw bars (Options.Live).
func (r *Running) Until(ctx context.Context, serial string, part int) (seen int, err error) {
	// A screen shows 18 columns of a name.
	bar := regexp.QuoteMeta(serial[:min(len(serial), 18)]) + ` +(?:\[[#.]*\] +(\d+)%|[^\n]*(?:NOT SANITISED|CLEARED))`
	for {
		m, err := r.Expect(ctx, bar)
		if err != nil {
			return seen, fmt.Errorf("wait for %d %% of %s: %w", part, serial, err)
		}
		if m[1] == "" {
			return seen, fmt.Errorf("%s ended before it was seen at %d %%: %s", serial, part, m[0])
		}
		if seen, err = strconv.Atoi(m[1]); err != nil || seen >= part {
			return seen, err
		}
	}
}

// Remains reads the drives as they are now, in the order of the plugs.
func (r *Running) Remains() ([]scratch.Remains, error) {
	var out []scratch.Remains
	for _, d := range r.stage.drives {
		left, err := d.Compare()
		if err != nil {
			return nil, err
		}
		out = append(out, left)
	}
	return out, nil
}

// Depot is the address of the depot on the host's loopback, and the files of its
// certificate and key, for somebody who answers in its place while it is off.
func (r *Running) Depot() (addr, cert, key string) {
	d := r.stage.depot
	return d.addr, d.cert, d.key
}
