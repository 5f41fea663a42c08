package wipe_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"lethe/certs/record"
	"lethe/wipe"
	"lethe/wipe/wipetest"
)

// A drive that cannot reach what is asked is refused, and the others are not.
//
// mutant: ladder.go: if r.Method.Rank() < p.Least.Rank() { => if false {
func TestLadder(t *testing.T) {
	can := func(ts ...record.Technique) func(*wipe.Candidate) {
		return func(c *wipe.Candidate) {
			c.Device.Medium = record.MediumFlash
			for _, x := range ts {
				c.Device.Capabilities = append(c.Device.Capabilities, record.Capability{Technique: x, Command: "cmd " + string(x)})
			}
		}
	}
	r := request(t, wipe.GrantConfirmed("A"), found("A", can(record.BlockErase, record.FormatNVM, record.BlockErase)))
	task := mustPlan(t, r).Tasks()[0]
	var got []string
	for _, rung := range task.Ladder {
		got = append(got, fmt.Sprintf("%s %s %v", rung.Technique, rung.Method, rung.Chosen))
		if rung.Reason == "" {
			t.Errorf("%s has no reason", rung.Technique)
		}
	}
	if want := []string{"BlockErase Purge false", "Overwrite Clear true", "FormatNVM Clear false"}; !slices.Equal(got, want) {
		t.Errorf("ladder %q, want %q", got, want)
	}
	r.Policy.Least = record.MethodPurge
	p := mustPlan(t, r)
	if want := "Purge is asked; the strongest technique that can be carried out here is Overwrite, which earns Clear"; reasons(p) != want {
		t.Errorf("reasons %q, want %q", reasons(p), want)
	}
	for _, m := range []record.Method{record.MethodNone, "Vanish"} {
		r.Policy.Least = m
		if _, err := wipe.NewPlan(r); err == nil {
			t.Errorf("least method %q makes a plan", m)
		}
	}
}

func TestPasses(t *testing.T) {
	stream, zero := record.Pass{Pattern: record.PatternStream}, record.Pass{Pattern: record.PatternZero}
	five, aye := record.Pass{Pattern: record.PatternByte, Byte: 0x55}, record.Pass{Pattern: record.PatternByte, Byte: 0xAA}
	for _, c := range []struct {
		profile string
		medium  record.Medium
		pattern string
		value   byte
		want    []record.Pass
	}{
		{"nist-800-88r2", record.MediumMagnetic, "", 0, []record.Pass{stream}},
		{"nist-800-88r2", record.MediumFlash, record.PatternZero, 7, []record.Pass{zero}},
		{"nist-800-88r2", record.MediumVirtual, record.PatternByte, 0x55, []record.Pass{five}},
		{"nist-800-88r1", record.MediumCard, "", 0, []record.Pass{five, aye}},
		// mutant: policy.go: if n.Pattern == "" { => if true {
		{"nist-800-88r1", record.MediumCard, record.PatternZero, 0, []record.Pass{five, aye}},
		{"nist-800-88r2", record.MediumMagnetic, "rot13", 0, nil},
	} {
		r := request(t, wipe.GrantConfirmed("A"), found("A", func(f *wipe.Candidate) { f.Device.Medium = c.medium }))
		r.Policy.Profile, r.Policy.Pattern, r.Policy.Byte = wipetest.Profile(t, c.profile), c.pattern, c.value
		p := mustPlan(t, r)
		var got []record.Pass
		if len(p.Tasks()) == 1 {
			got = p.Tasks()[0].Passes
		} else if !strings.Contains(reasons(p), c.pattern) {
			t.Errorf("reasons %q", reasons(p))
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s, %s, %q: %v, want %v", c.profile, c.medium, c.pattern, got, c.want)
		}
	}
}

// A plan asks no less than the order it was made under.
//
// mutant: plan.go: if err := r.Grant.asks(r.Policy); err != nil { => if err := r.Grant.asks(r.Policy); false {
func TestPolicyKeepsToTheOrder(t *testing.T) {
	o := testOrder("A")
	o.Pattern, o.Least, o.Technique = record.PatternZero, record.MethodPurge, record.Overwrite
	o.Crypto = &record.CryptoDeclaration{By: "A", AlwaysOn: "yes", Escrow: "no"}
	good, err := wipe.PolicyOf(o)
	if err != nil || good.Least != record.MethodPurge || good.Pattern != record.PatternZero || good.Technique != o.Technique || good.Crypto == nil || good.Profile.ID != o.Profile {
		t.Fatalf("PolicyOf: %+v, %v", good, err)
	}
	for name, bend := range map[string]func(*wipe.Policy){
		"lower":         func(p *wipe.Policy) { p.Least = record.MethodClear },
		"other profile": func(p *wipe.Policy) { p.Profile = wipetest.Profile(t, "nist-800-88r1") },
		"step down":     func(p *wipe.Policy) { p.StepDown = true },
		"other pattern": func(p *wipe.Policy) { p.Pattern = record.PatternStream },
		// mutant: grant.go: case o.Technique != "" && p.Technique != o.Technique: => case false:
		"other technique": func(p *wipe.Policy) { p.Technique = "" },
		// mutant: grant.go: case p.Crypto != nil && (o.Crypto == nil || *p.Crypto != *o.Crypto): => case false:
		"another's word": func(p *wipe.Policy) { p.Crypto = &record.CryptoDeclaration{By: "B", AlwaysOn: "yes", Escrow: "no"} },
		"":               func(*wipe.Policy) {},
	} {
		r := request(t, mustGrant(t, o), found("A"))
		r.Policy = good
		bend(&r.Policy)
		if _, err := wipe.NewPlan(r); (err == nil) != (name == "") {
			t.Errorf("policy %q: %v", name, err)
		}
	}
	o.Profile = "homegrown"
	if _, err := wipe.PolicyOf(o); err == nil {
		t.Error("an unknown profile makes a policy")
	}
}

// What is planned can be shown: an honest drive of any kind that is planned ends
// with what was asked.
func TestPlannedIsProvable(t *testing.T) {
	for _, medium := range []record.Medium{record.MediumMagnetic, record.MediumFlash, record.MediumCard, record.MediumVirtual, record.MediumUnknown, "tape"} {
		for _, prof := range []string{"nist-800-88r1", "nist-800-88r2"} {
			for _, least := range []record.Method{record.MethodClear, record.MethodPurge, record.MethodDestroy} {
				for name, bend := range map[string]func(*record.Device){
					"":               func(*record.Device) {},
					"native":         func(d *record.Device) { d.NativeSize = d.Size },
					"hidden":         func(d *record.Device) { d.NativeSize = d.Size * 2 },
					"HPA":            func(d *record.Device) { d.Hidden = []record.HiddenArea{{Kind: "HPA", State: "present"}} },
					"DCO unreadable": func(d *record.Device) { d.Hidden = []record.HiddenArea{{Kind: "DCO", State: "not readable"}} },
					"thin":           func(d *record.Device) { d.Volume = "thin" },
					"capable": func(d *record.Device) {
						d.Capabilities = []record.Capability{{Technique: record.CryptoErase}, {Technique: "Wish"}, {Technique: record.Overwrite}}
					},
				} {
					d := wipetest.Device(1, 64<<10, 512)
					d.Medium = medium
					bend(&d)
					p := mustPlan(t, wipe.Request{Candidates: []wipe.Candidate{{Device: d, Node: "x"}}, Now: noon,
						Grant: wipe.GrantConfirmed(d.Identity.Name()), Policy: wipe.Policy{Least: least, Profile: wipetest.Profile(t, prof)}})
					if len(p.Tasks()) == 0 {
						continue
					}
					e := &wipe.Engine{Spawn: wipetest.InProcess{Open: wipetest.NewDrive(d, 1).Opener()},
						Journal: &wipetest.Journal{}, Clock: wipetest.NewClock()}
					if v := wipetest.Erase(t, context.Background(), e, p)[0].Verdict; v.State != record.Cleared || !v.Reached {
						t.Errorf("%s %s %s %q: planned, but %s: %q", medium, prof, least, name, v.State, v.Reasons)
					}
				}
			}
		}
	}
}
