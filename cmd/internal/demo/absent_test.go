package demo_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"lethe/certs/record"
	"lethe/cmd/internal/demo"
)

// untouched wants every sector of every drive as it was.
func untouched(m *demo.Running) error {
	rs, err := m.Remains()
	if err != nil {
		return err
	}
	for i, r := range rs {
		if r.Same != r.Sectors || r.Sectors == 0 {
			return fmt.Errorf("drive %d: %v, want untouched", i, r)
		}
	}
	return nil
}

// stays wants the machine on for so long.
func stays(ctx context.Context, m *demo.Running, d time.Duration) error {
	select {
	case <-m.Done():
		return fmt.Errorf("the machine went off: %v", m.Wait(ctx))
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(d):
		return nil
	}
}

// The depot is away from the start: nothing is touched (law 8). It comes,
// acknowledges the intent and goes away for the whole erase: the machine stays on
// and says why. It comes back: every paper is delivered and the machine goes off.
func TestDepotAway(t *testing.T) {
	o := options(t, image(t, "bin/lethe"), 32<<20)
	o.Drives, o.NoDepot = slow(), true
	o.During = func(ctx context.Context, m *demo.Running) error {
		if _, err := m.Expect(ctx, `depot: list of papers: try 3: .*next try in`); err != nil {
			return err
		}
		// An erase that did not wait would be well under way by now.
		if err := stays(ctx, m, 10*time.Second); err != nil {
			return err
		}
		if err := untouched(m); err != nil {
			return err
		}
		if err := m.StartDepot(); err != nil {
			return err
		}
		if _, err := m.Expect(ctx, `intent acknowledged by the depot`); err != nil {
			return err
		}
		if err := m.StopDepot(); err != nil {
			return err
		}
		for range o.Drives {
			if _, err := m.Expect(ctx, `SLOW-\w+ +CLEARED`); err != nil {
				return err
			}
		}
		why, err := m.Expect(ctx, `depot: LTH-\S+: try \d+: [^\n]*; next try in [^\n]*`)
		if err != nil {
			return err
		}
		t.Logf("%s", why[0])
		if err := stays(ctx, m, depotAway); err != nil {
			return err
		}
		back := time.Now()
		if err := m.StartDepot(); err != nil {
			return err
		}
		err = m.Wait(ctx)
		t.Logf("off %.0f s after the depot came back", time.Since(back).Seconds())
		return err
	}
	if res := run(t, o); !res.Proven {
		t.Errorf("not proven: %+v", res.Drives)
	}
}

// A machine whose clock is outside the order's window, or cannot be right at all,
// refuses in one line, touches nothing and stays on.
func TestClockOutsideWindow(t *testing.T) {
	now := time.Now()
	window := func(from, to time.Duration) record.Window {
		return record.Window{NotBefore: record.At(now.Add(from)), NotAfter: record.At(now.Add(to))}
	}
	for name, c := range map[string]struct {
		window record.Window
		rtc    string
		why    string
	}{
		"1970":    {rtc: "1970-06-01T12:00:00", why: "is before"},
		"2099":    {rtc: "2099-06-01T12:00:00", why: "is after"},
		"early":   {window: window(time.Hour, 2*time.Hour), why: "it begins"},
		"expired": {window: window(-2*time.Hour, -time.Minute), why: "it ended"},
	} {
		if !slices.Contains(clockCases, name) {
			continue
		}
		t.Run(name, func(t *testing.T) {
			o := options(t, image(t, "bin/lethe"), 32<<20)
			o.Drives, o.Window = slow(), c.window
			if c.rtc != "" {
				o.QEMU = []string{"-rtc", "base=" + c.rtc}
			}
			refusedUntouched(t, o, `order /etc/lethe/order[^\n]*(?:`+c.why+`)[^\n]*nothing was touched`)
		})
	}
}

// refusedUntouched wants one line on the console, a machine that stays on, and
// drives that are as they were.
func refusedUntouched(t *testing.T, o demo.Options, pattern string) {
	t.Helper()
	o.During = func(ctx context.Context, m *demo.Running) error {
		line, err := m.Expect(ctx, pattern)
		if err != nil {
			return err
		}
		t.Logf("%s", line[0])
		return stays(ctx, m, 3*time.Second)
	}
	for _, d := range run(t, o).Drives {
		if d.Remains.Same != d.Remains.Sectors || d.Paper != nil {
			t.Errorf("%s: %v, paper %v; want untouched, none", d.Name, d.Remains, d.Paper)
		}
	}
}
