package replay_test

import (
	"testing"
	"time"

	"lethe/certs/record"
	"lethe/cmd/internal/replay"
	"lethe/wipe"
)

func order(serials ...string) record.Order {
	now := time.Now()
	o := record.Order{Machine: record.MachineTarget{Serial: "SRV1"},
		Window: record.Window{NotBefore: record.At(now.Add(-2 * time.Hour)), NotAfter: record.At(now.Add(-time.Hour))}}
	for _, s := range serials {
		o.Drives = append(o.Drives, record.DriveTarget{Serial: s})
	}
	return o
}

func done(serial string) wipe.Done {
	return wipe.Done{Identity: record.Identity{Serial: serial}, Paper: "LTH-" + serial}
}

// An order is carried out when each of its drives is, whatever its window says now;
// one for another machine never is.
//
// mutant: replay.go: if o.Permits(o.Window.NotBefore.Time, m) != nil { => if false {
// mutant: replay.go: return t.Matches(d.Identity) }) { => return t.Matches(d.Identity) || true }) {
func TestWhole(t *testing.T) {
	here, there := record.Machine{Serial: "SRV1"}, record.Machine{Serial: "SRV2"}
	all := []wipe.Done{done("A"), done("B"), done("C")}
	for _, c := range []struct {
		m    record.Machine
		done []wipe.Done
		want bool
	}{{here, all, true}, {there, all, false}, {here, all[:1], false}, {here, all[1:], false}, {here, nil, false}} {
		if got := replay.Whole(order("A", "B"), c.m, c.done); got != c.want {
			t.Errorf("%s, %d done: %v, want %v", c.m.Serial, len(c.done), got, c.want)
		}
	}
}

func TestAdd(t *testing.T) {
	if got := replay.Add([]wipe.Done{done("A")}, done("B"), done("A"), done("B")); len(got) != 2 {
		t.Errorf("%d, want 2", len(got))
	}
}
