package wipe_test

import (
	"strings"
	"testing"

	"lethe/certs/record"
	"lethe/wipe"
	"lethe/wipe/profile"
)

// A profile that is for magnetic disks has flash refused, with the words of why; a disk
// gets the passes that it names.
//
// mutant: ladder.go: if _, knows := p.Profile.PassesFor(d.Medium); !knows { => if false {
func TestLegacyProfileRefusesFlash(t *testing.T) {
	medium := func(m record.Medium) func(*wipe.Candidate) {
		return func(c *wipe.Candidate) { c.Device.Medium = m }
	}
	r := request(t, wipe.GrantConfirmed("A", "B"), found("A", medium(record.MediumFlash)), found("B", medium(record.MediumMagnetic)))
	var err error
	if r.Policy.Profile, err = profile.ByID("dod-5220.22-m"); err != nil {
		t.Fatal(err)
	}
	p := mustPlan(t, r)
	if why := reasons(p); !strings.Contains(why, "earns any method on flash media") || !strings.Contains(why, "on flash it reaches no spare block and is refused") {
		t.Errorf("flash: %q", why)
	}
	if ts := p.Tasks(); len(ts) != 1 || len(ts[0].Passes) != 3 {
		t.Errorf("the disk's task: %+v", ts)
	}
}
