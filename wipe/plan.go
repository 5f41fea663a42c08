package wipe

import (
	"crypto/rand"
	"encoding/base32"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"lethe/certs/record"
	"lethe/wipe/verify/canary"
)

// ErrNothingToDo says that a plan has no task.
var ErrNothingToDo = errors.New("no drive will be erased")

// Candidate is a drive that was found, with what speaks against touching it.
type Candidate struct {
	Device record.Device
	Node   string // path to open, e.g. /dev/sda
	Holds  error  // nil, or every reason why the drive must not be touched
}

// Request is what a plan is made of.
type Request struct {
	Candidates []Candidate
	Policy     Policy
	Grant      Grant
	Boot       string    // kernel boot identifier
	Now        time.Time // for task identifiers only
	Done       []Done    // what the grant's order has led to before
	// Unfinished are tasks that were cut short and may go on: those of them that would
	// be planned alike do.
	Unfinished []Unfinished
}

// Plan is what will be done. It is made by NewPlan and cannot be changed.
type Plan struct {
	specs   []Spec
	refused []record.Refusal
	blocked []record.Refusal // those of refused that the grant names
	done    []Done
	missing []string
	wanted  int
	digest  record.Hex
	order   *record.OrderRef
	grant   Grant
	patient Patience
	// perAdapter is Policy.PerAdapter.
	perAdapter int64
	boot       string
	audit      record.Audit
	// unfinished are those of the tasks that go on, by their names.
	unfinished map[string]*Unfinished
}

// Spec is all a worker is told: its task and which node to open.
type Spec struct {
	Task record.Task `json:"task"`
	Node string      `json:"node"`
	// Errors is what the drive's errors may cost.
	Errors ErrorBudget `json:"errors"`
	// KeepEvery is how often, in nanoseconds, a pass makes sure of how far it has come;
	// 0 where nobody could resume the task.
	KeepEvery time.Duration `json:"keepEvery,omitempty"`
	// Resume says where the task goes on; nil where it begins.
	Resume *Resume `json:"resume,omitempty"`
}

// NewPlan decides, per drive, whether and how it will be erased. A drive that is
// held, not granted, or cannot reach the asked method is refused with its
// reasons; it never fails the others. A drive the grant names but nobody found
// is listed as missing.
func NewPlan(r Request) (*Plan, error) {
	if r.Policy.Least.Rank() < record.MethodClear.Rank() {
		return nil, fmt.Errorf("make plan: least method %q, want Clear or Purge", r.Policy.Least)
	}
	if why := r.Policy.Profile.Lax(r.Policy.verify()); why != "" {
		return nil, fmt.Errorf("make plan: %s", why)
	}
	if err := r.Grant.asks(r.Policy); err != nil {
		return nil, fmt.Errorf("make plan: %w", err)
	}
	p := &Plan{order: r.Grant.ref, wanted: r.Grant.wanted(), grant: r.Grant, patient: r.Policy.Patience.orDefault(), perAdapter: r.Policy.PerAdapter, done: r.done(),
		boot: r.Boot, unfinished: map[string]*Unfinished{}}
	for i, c := range r.Candidates {
		if isDone(p.done, c.Device.Identity.Same) {
			continue
		}
		named := r.Grant.Permits(c.Device.Identity) == nil
		s, reasons := Spec{}, refuse(i, r)
		if len(reasons) == 0 {
			var err error
			if s, err = spec(c, r); err != nil {
				reasons = []string{err.Error()}
			}
		}
		if len(reasons) == 0 {
			p.specs = append(p.specs, p.orGoOn(s, r.Unfinished))
			continue
		}
		no := record.Refusal{Identity: c.Device.Identity, Node: c.Device.Node, Reasons: reasons}
		p.refused = append(p.refused, no)
		if named {
			p.blocked = append(p.blocked, no)
		}
	}
	p.missing = r.Grant.missing(r.Candidates, p.done)
	return p, p.seal()
}

// refuse gathers every reason against touching candidate i.
func refuse(i int, r Request) (reasons []string) {
	c := r.Candidates[i]
	if err := r.Grant.Permits(c.Device.Identity); err != nil {
		reasons = append(reasons, err.Error())
	}
	if c.Holds != nil {
		reasons = append(reasons, strings.Split(c.Holds.Error(), "\n")...)
	}
	if c.Device.Remote && !r.Grant.PermitsRemote(c.Device) { // whatever its caller made of it (law 7)
		reasons = append(reasons, "it is attached over a network: other machines may use it")
	}
	reasons = append(reasons, unprovable(c.Device)...)
	for j, o := range r.Candidates {
		switch {
		case i == j:
		case o.Node == c.Node:
			reasons = append(reasons, fmt.Sprintf("it was found twice (%s)", c.Node))
		case c.Device.Identity.Known() && r.Grant.ambiguous(o.Device.Identity, c.Device.Identity):
			reasons = append(reasons, fmt.Sprintf("the same words name another drive too (%s)", o.Device.Node))
		}
	}
	return reasons
}

func spec(c Candidate, r Request) (Spec, error) {
	rungs, acts, err := ladder(c.Device, r.Policy)
	if err != nil {
		return Spec{}, err
	}
	s := Spec{Node: c.Node, Errors: r.Policy.Errors.orDefault(), Task: record.Task{
		Format: record.TranscriptFormat, ID: NewID(r.Now), Device: c.Device,
		Profile: r.Policy.Profile.Ref(), Asked: r.Policy.Least, StepDown: r.Policy.StepDown,
		Ladder: rungs, Passes: []record.Pass{}, Acts: acts,
		Order: r.Grant.ref, Confirmed: r.Grant.confirmed(c.Device.Identity),
		Audit: record.Audit{Kind: record.AuditVolatile}, Boot: r.Boot,
	}}
	if len(acts) > 0 {
		s.Task.Check, s.Task.Canaries, s.Task.Crypto = record.CheckCanaries, canary.Default, r.Policy.Crypto
		return s, nil
	}
	if s.Task.Passes, err = r.Policy.passes(c.Device.Medium); err != nil {
		return Spec{}, err
	}
	s.Task.Check, err = r.Policy.check(c.Device)
	return s, err
}

// NewID makes an identifier for a task and its papers: LTH-YYYYMMDD- and 50
// random bits in base 32.
func NewID(now time.Time) string {
	var b [10]byte
	if _, err := rand.Read(b[:]); err != nil {
		panic("internal error: getrandom: " + err.Error())
	}
	r := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b[:])[:10]
	return "LTH-" + now.UTC().Format("20060102") + "-" + r
}

// seal computes the digest over all tasks, before anyone acknowledged them, and
// puts it into each.
func (p *Plan) seal() error {
	b, err := record.Marshal(struct {
		Specs   []Spec           `json:"specs"`
		Refused []record.Refusal `json:"refused"`
		Missing []string         `json:"missing"`
		Done    []Done           `json:"done,omitempty"`
	}{p.specs, p.refused, p.missing, p.done})
	if err != nil {
		return fmt.Errorf("seal plan: %w", err)
	}
	p.digest = record.Digest(b)
	// From here on nobody else holds a part of what was sealed.
	p.specs, p.refused, p.blocked, p.done = copied(p.specs), copied(p.refused), copied(p.blocked), copied(p.done)
	for i := range p.specs {
		if p.unfinished[p.specs[i].Task.ID] != nil {
			continue // it is on its first line
		}
		p.specs[i].Task.Plan = p.digest
	}
	return nil
}

// Digest pins the plan.
func (p *Plan) Digest() record.Hex { return p.digest }

// Order is the order the plan was made under, nil under a person's confirmation.
func (p *Plan) Order() *record.OrderRef { return p.order }

// Tasks are copies of the tasks of the plan, in the order the drives were found.
func (p *Plan) Tasks() []record.Task {
	ts := make([]record.Task, len(p.specs))
	for i, s := range p.specs {
		ts[i] = copied(s).Task
	}
	return ts
}

// Refused are copies of the drives that will not be touched, with every reason.
func (p *Plan) Refused() []record.Refusal { return copied(p.refused) }

// Blocked are those of Refused that the grant names: somebody wanted them erased.
func (p *Plan) Blocked() []record.Refusal { return copied(p.blocked) }

// Wanted is how many drives the grant names.
func (p *Plan) Wanted() int { return p.wanted }

// Missing are the names of drives that were granted but not found.
func (p *Plan) Missing() []string { return slices.Clone(p.missing) }

// copied makes a copy that shares no memory with v, which can be marshalled.
func copied[T any](v T) (c T) {
	b, err := record.Marshal(v)
	if err == nil {
		err = record.Unmarshal(b, &c)
	}
	if err != nil {
		panic("internal error: copy plan: " + err.Error()) // sealing did the same
	}
	return c
}
