package wipe_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"lethe/certs/record"
	"lethe/wipe"
	"lethe/wipe/wipetest"
)

func found(serial string, bend ...func(*wipe.Candidate)) wipe.Candidate {
	d := wipetest.Device(1, simSize, 512)
	d.Identity.Serial, d.Node = serial, "sd"+serial
	c := wipe.Candidate{Device: d, Node: "/dev/" + d.Node}
	for _, b := range bend {
		b(&c)
	}
	return c
}

func request(t *testing.T, g wipe.Grant, cs ...wipe.Candidate) wipe.Request {
	return wipe.Request{Candidates: cs, Policy: wipetest.Clear(t), Grant: g, Boot: "b", Now: noon}
}

func mustPlan(t *testing.T, r wipe.Request) *wipe.Plan {
	t.Helper()
	p, err := wipe.NewPlan(r)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// reasons are those of the first refused drive.
func reasons(p *wipe.Plan) string {
	if len(p.Refused()) == 0 {
		return ""
	}
	return strings.Join(p.Refused()[0].Reasons, " | ")
}

// A drive is refused, with the reason in words, unless nothing speaks against it.
func TestRefusals(t *testing.T) {
	typed := wipe.GrantConfirmed("A")
	held := func(c *wipe.Candidate) {
		c.Holds = errors.Join(errors.New("mounted on /"), errors.New("holds a swap area in use"))
	}
	device := func(f func(*record.Device)) func(*wipe.Candidate) { return func(c *wipe.Candidate) { f(&c.Device) } }
	for _, c := range []struct {
		name  string
		grant wipe.Grant
		drive wipe.Candidate
		want  []string // empty: it is planned
	}{
		{"granted", typed, found("A"), nil},
		{"zero grant", wipe.Grant{}, found("A"), []string{"no order and no confirmation"}},
		{"not named", typed, found("B"), []string{"another drive's"}},
		// mutant: plan.go: if c.Holds != nil { => if false {
		{"held", typed, found("A", held), []string{"mounted on /", "holds a swap area in use"}},
		{"held and not named", typed, found("B", held), []string{"another drive's", "mounted on /", "swap area"}},
		{"no identity", typed, found("A", device(func(d *record.Device) { d.Identity = record.Identity{} })), []string{"no identity"}},
		// mutant: plan.go: if c.Device.Remote && !r.Grant.PermitsRemote(c.Device) { => if false {
		{"remote, and its caller let it pass", typed, found("A", device(func(d *record.Device) { d.Remote = true })), []string{"attached over a network"}},
		// mutant: plan.go: reasons = append(reasons, unprovable(c.Device)...) =>
		{"no bytes", typed, found("A", device(func(d *record.Device) { d.Size = 0 })), []string{"0 bytes"}},
		{"not whole sectors", typed, found("A", device(func(d *record.Device) { d.Size++ })), []string{"in sectors of 512"}},
		{"no sectors", typed, found("A", device(func(d *record.Device) { d.LogicalSector = 0 })), []string{"in sectors of 0"}},
		{"hidden native size", typed, found("A", device(func(d *record.Device) { d.NativeSize = d.Size + 512 })), []string{"native size"}},
		{"hidden area", typed, found("A", device(func(d *record.Device) {
			d.Hidden = []record.HiddenArea{{Kind: "HPA", Bytes: 512, State: "present"}}
		})), []string{"HPA hides 512 bytes"}},
		{"thin volume", typed, found("A", device(func(d *record.Device) { d.Volume = "thin" })), []string{"no method is earned"}},
		{"unknown medium", typed, found("A", device(func(d *record.Device) { d.Medium = record.MediumUnknown })), []string{"no technique"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := mustPlan(t, request(t, c.grant, c.drive))
			if len(p.Tasks())+len(p.Refused()) != 1 || (len(c.want) == 0) != (len(p.Tasks()) == 1) {
				t.Fatalf("%d tasks, refused %v", len(p.Tasks()), p.Refused())
			}
			for _, w := range c.want {
				if !strings.Contains(reasons(p), w) {
					t.Errorf("reasons %q lack %q", reasons(p), w)
				}
			}
			if named := c.grant.Permits(c.drive.Device.Identity) == nil; len(c.want) > 0 && named != (len(p.Blocked()) == 1) {
				t.Errorf("blocked %v, the grant names it: %v", p.Blocked(), named)
			}
		})
	}
}

// One word is never spent on two drives.
//
// mutant: plan.go: case c.Device.Identity.Known() && r.Grant.ambiguous( => case false && r.Grant.ambiguous(
func TestAmbiguous(t *testing.T) {
	ns := func(serial string, nsid int64) wipe.Candidate {
		return found(serial, func(c *wipe.Candidate) {
			c.Device.Identity.NSID, c.Device.Node = nsid, fmt.Sprintf("nvme0n%d", nsid)
			c.Node = "/dev/" + c.Device.Node
		})
	}
	model := func(m string) func(*wipe.Candidate) {
		return func(c *wipe.Candidate) {
			c.Device.Identity.Model, c.Node, c.Device.Node = m, c.Node+m, c.Device.Node+m
		}
	}
	line := func(d record.DriveTarget) wipe.Grant {
		o := testOrder("A")
		o.Drives[0] = d
		return mustGrant(t, o)
	}
	twice := func(c wipe.Candidate) []wipe.Candidate { return []wipe.Candidate{c, c} }
	for _, c := range []struct {
		name    string
		grant   wipe.Grant
		drives  []wipe.Candidate
		planned int
		reason  string
	}{
		{"two namespaces, one order line", line(record.DriveTarget{Serial: "A"}), []wipe.Candidate{ns("A", 1), ns("A", 2)}, 0, "name another drive too"},
		{"two namespaces, one of them named", line(record.DriveTarget{Serial: "A", NSID: 2}), []wipe.Candidate{ns("A", 1), ns("A", 2)}, 1, "does not name it"},
		{"two namespaces, one word", wipe.GrantConfirmed("A"), []wipe.Candidate{ns("A", 1), ns("A", 2)}, 0, "name another drive too"},
		{"two namespaces, two words", wipe.GrantConfirmed("A/1", "A/2"), []wipe.Candidate{ns("A", 1), ns("A", 2)}, 2, ""},
		{"two namespaces, their controller and one", wipe.GrantConfirmed("A", "A/2"), []wipe.Candidate{ns("A", 1), ns("A", 2)}, 0, "name another drive too"},
		{"one serial on two models", wipe.GrantConfirmed("A"), []wipe.Candidate{found("A", model("1")), found("A", model("2"))}, 0, "name another drive too"},
		{"one serial on two models, model named", line(record.DriveTarget{Serial: "A", Model: "2"}), []wipe.Candidate{found("A", model("1")), found("A", model("2"))}, 1, "does not name it"},
		{"a clone", wipe.GrantConfirmed("A"), []wipe.Candidate{found("A"), found("A", func(c *wipe.Candidate) { c.Node = "/dev/sdZ" })}, 0, "name another drive too"},
		// mutant: plan.go: case o.Node == c.Node: => case false:
		{"found twice", wipe.GrantConfirmed("A"), twice(found("A")), 0, "found twice"},
		{"one node, two drives", wipe.GrantConfirmed("A", "B"), []wipe.Candidate{found("A"), found("B", func(c *wipe.Candidate) { c.Node = "/dev/sdA" })}, 0, "found twice"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := mustPlan(t, request(t, c.grant, c.drives...))
			if got := len(p.Tasks()); got != c.planned {
				t.Errorf("%d tasks, want %d; refused %v", got, c.planned, p.Refused())
			}
			for _, r := range p.Refused() {
				if !strings.Contains(strings.Join(r.Reasons, " | "), c.reason) {
					t.Errorf("reasons %q lack %q", r.Reasons, c.reason)
				}
			}
		})
	}
}

func TestWantedAndMissing(t *testing.T) {
	p := mustPlan(t, request(t, mustGrant(t, testOrder("A", "B", "C")), found("A"), found("X"),
		found("B", func(c *wipe.Candidate) { c.Holds = errors.New("mounted") })))
	if p.Wanted() != 3 || !slices.Equal(p.Missing(), []string{"C"}) || len(p.Blocked()) != 1 || len(p.Refused()) != 2 || len(p.Tasks()) != 1 {
		t.Errorf("wanted %d, missing %v, blocked %v, refused %v", p.Wanted(), p.Missing(), p.Blocked(), p.Refused())
	}
	p = mustPlan(t, request(t, wipe.GrantConfirmed("A", "A", "", "C"), found("A")))
	if p.Wanted() != 2 || !slices.Equal(p.Missing(), []string{"C"}) {
		t.Errorf("wanted %d, missing %v", p.Wanted(), p.Missing())
	}
	if task := p.Tasks()[0]; task.Confirmed != "A" || task.Order != nil || task.Audit.Kind != record.AuditVolatile {
		t.Errorf("task %+v", task)
	}
	p = mustPlan(t, request(t, wipe.Grant{}, found("A")))
	if p.Wanted() != 0 || len(p.Missing()) != 0 || len(p.Blocked()) != 0 {
		t.Errorf("the zero grant wants %d", p.Wanted())
	}
}

// The digest pins everything that will be done, and nobody changes a plan.
//
// mutant: plan.go: }{p.specs, p.refused, p.missing, p.done}) => }{nil, p.refused, p.missing, p.done})
func TestPlanDigest(t *testing.T) {
	seen := map[record.Hex]string{}
	for name, bend := range map[string]func(r *wipe.Request){
		"as it is":       func(*wipe.Request) {},
		"again":          func(*wipe.Request) {}, // identifiers are drawn anew
		"another drive":  func(r *wipe.Request) { r.Candidates[0] = found("B"); r.Grant = wipe.GrantConfirmed("B") },
		"another node":   func(r *wipe.Request) { r.Candidates[0].Node = "/dev/sdq" },
		"another size":   func(r *wipe.Request) { r.Candidates[0].Device.Size += 512 },
		"another boot":   func(r *wipe.Request) { r.Boot = "c" },
		"a refused one":  func(r *wipe.Request) { r.Candidates = append(r.Candidates, found("X")) },
		"a missing one":  func(r *wipe.Request) { r.Grant = wipe.GrantConfirmed("A", "Y") },
		"other pattern":  func(r *wipe.Request) { r.Policy.Pattern = record.PatternZero },
		"may step down":  func(r *wipe.Request) { r.Policy.StepDown = true },
		"other profile":  func(r *wipe.Request) { r.Policy.Profile = wipetest.Profile(t, "nist-800-88r1") },
		"under an order": func(r *wipe.Request) { r.Grant = mustGrant(t, testOrder("A")) },
	} {
		r := request(t, wipe.GrantConfirmed("A"), found("A"))
		bend(&r)
		p := mustPlan(t, r)
		if other, twice := seen[p.Digest()]; twice {
			t.Errorf("%q and %q have one digest", name, other)
		}
		seen[p.Digest()] = name
		if task := p.Tasks()[0]; task.Plan != p.Digest() {
			t.Errorf("%q: the task says plan %s, it is %s", name, task.Plan, p.Digest())
		}
	}
}

// mutant: plan.go: ts[i] = copied(s).Task => ts[i] = s.Task
// mutant: plan.go: p.specs, p.refused, p.blocked, p.done = copied(p.specs), copied(p.refused), copied(p.blocked), copied(p.done) =>
func TestPlanIsFixed(t *testing.T) {
	hidden := func(c *wipe.Candidate) { c.Device.Hidden = []record.HiddenArea{{Kind: "spare", State: "none"}} }
	r := request(t, wipe.GrantConfirmed("A"), found("A", hidden), found("B"))
	p := mustPlan(t, r)
	r.Candidates[0].Device.Hidden[0].State = "changed"
	p.Tasks()[0].Passes[0].Pattern = record.PatternZero
	p.Refused()[0].Reasons[0] = "changed"
	if task := p.Tasks()[0]; task.Device.Hidden[0].State != "none" || task.Passes[0].Pattern != record.PatternStream {
		t.Errorf("the plan was changed from outside: %+v", task)
	}
	if reasons(p) == "changed" {
		t.Error("a refusal was changed from outside")
	}
	p.Acknowledged(record.Audit{Kind: record.AuditDepot, Name: "d"})
	if a := p.Tasks()[0].Audit; a.Kind != record.AuditDepot {
		t.Errorf("audit %+v", a)
	}
}

func TestNewID(t *testing.T) {
	form := regexp.MustCompile(`^LTH-20260601-[A-Z2-7]{10}$`)
	seen := map[string]bool{}
	east := time.FixedZone("", 14*3600)
	for range 1000 {
		id := wipe.NewID(time.Date(2026, 6, 2, 1, 0, 0, 0, east))
		if !form.MatchString(id) || seen[id] {
			t.Fatalf("identifier %q", id)
		}
		seen[id] = true
	}
}

// An order that ran out between the plan and its start is not started.
//
// mutant: engine.go: e.Clock.Wall()); err != nil { => e.Clock.Wall()); false {
func TestOrderRunsOut(t *testing.T) {
	d := wipetest.NewDrive(wipetest.Device(1, simSize, 512), 1)
	p := mustPlan(t, request(t, mustGrant(t, testOrder(d.Device().Identity.Serial)), wipe.Candidate{Device: d.Device(), Node: "x"}))
	for name, c := range map[string]struct {
		now  time.Time
		want bool
	}{
		"in time": {noon.Add(time.Hour), true}, "too late": {noon.Add(time.Hour + 1), false}, "stepped back": {noon.Add(-2 * time.Hour), false},
	} {
		d := wipetest.NewDrive(d.Device(), 1)
		e := &wipe.Engine{Spawn: wipetest.InProcess{Open: d.Opener()}, Journal: &wipetest.Journal{}, Clock: fixed{wipetest.NewClock(), c.now}}
		f := wipetest.Erase(t, context.Background(), e, p)[0]
		if (f.Verdict.State == record.Cleared) != c.want || d.Untouched() == c.want {
			t.Errorf("%s: %s: %q", name, f.Verdict.State, f.Verdict.Reasons)
		}
	}
}

// fixed is a clock whose wall time stands still.
type fixed struct {
	wipetest.Clock
	wall time.Time
}

func (f fixed) Wall() time.Time { return f.wall }

func TestIntent(t *testing.T) {
	p := mustPlan(t, request(t, wipe.GrantConfirmed("A"), found("A")))
	b, err := p.Intent(testMachine())
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{p.Digest(), p.Tasks()[0].ID, `"technique":"Overwrite"`, `"serial":"SRV-1"`, wipe.IntentFormat} {
		if !strings.Contains(string(b), want) {
			t.Errorf("intent %s lacks %s", b, want)
		}
	}
}
