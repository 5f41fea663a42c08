package judge

import (
	"fmt"
	"slices"

	"lethe/certs/record"
	"lethe/wipe/verify/canary"
)

// actSeen is one of the drive's own commands: what was asked of the drive around it, and
// what became of the canaries.
type actSeen struct {
	act     record.Act
	step    int // the last one told
	steps   map[string][]answer
	planted *record.Planted
	looked  *record.Looked
}

// order is the steps of an act in their order.
var order = []string{record.StepBefore, record.StepReady, record.StepStart, record.StepPoll, record.StepAfter}

// native reports whether the task is of the drive's own commands.
func (s *scene) native() bool { return len(s.task.Acts) > 0 }

// acting is the act that is under way, or the next one that was planned where the last
// has been looked at. It is nil where none may be.
func (s *scene) acting(act record.Act) (*actSeen, error) {
	if !s.intent || s.seed.commit == nil {
		return nil, fmt.Errorf("%s without an intent, or without a seed for its canaries", act)
	}
	if n := len(s.acts); n > 0 && s.acts[n-1].looked == nil {
		if a := &s.acts[n-1]; a.act == act {
			return a, nil
		}
		return nil, fmt.Errorf("%s while %s is under way", act, s.acts[n-1].act)
	}
	if n := len(s.acts); n >= len(s.task.Acts) || s.task.Acts[n] != act {
		return nil, fmt.Errorf("%s is not the act that was planned next", act)
	}
	s.acts = append(s.acts, actSeen{act: act, steps: map[string][]answer{}})
	return &s.acts[len(s.acts)-1], nil
}

// takeExchanged needs the steps of an act in their order, and nothing irreversible
// before the canaries lie on the medium.
func (s *scene) takeExchanged(x *record.Exchanged) error {
	a, err := s.acting(x.Act)
	if err != nil {
		return err
	}
	at := slices.Index(order, x.Step)
	switch {
	case at < 0:
		return fmt.Errorf("%s: step %q is none", x.Act, x.Step)
	case at < a.step:
		return fmt.Errorf("%s: step %q after %q", x.Act, x.Step, order[a.step])
	case (x.Step == record.StepBefore) != (a.planted == nil):
		return fmt.Errorf("%s: step %q on the wrong side of the canaries", x.Act, x.Step)
	}
	a.step = at
	a.steps[x.Step] = append(a.steps[x.Step], read(x.Exchange))
	return nil
}

func (s *scene) takePlanted(p *record.Planted) error {
	a, err := s.acting(p.Act)
	if err != nil {
		return err
	}
	if a.planted != nil {
		return fmt.Errorf("%s: canaries are written twice", p.Act)
	}
	if p.Present < 0 || p.Present > p.Written || p.Written > p.Places || p.Nanos < 0 {
		return fmt.Errorf("%s: %d of %d canaries written, %d present", p.Act, p.Written, p.Places, p.Present)
	}
	a.planted = p
	return nil
}

func (s *scene) takeLooked(l *record.Looked) error {
	a, err := s.acting(l.Act)
	if err != nil {
		return err
	}
	if a.step != len(order)-1 {
		return fmt.Errorf("%s: canaries are looked for before it has ended", l.Act)
	}
	if l.Former < 0 || l.Former > l.Places || l.Present < 0 || l.Zeros < 0 || l.Ones < 0 || l.Present > l.Places || l.Zeros > l.Places || l.Ones > l.Places || l.Nanos < 0 {
		return fmt.Errorf("%s: %d of %d places have their canary", l.Act, l.Present, l.Places)
	}
	a.looked = l
	return nil
}

// nativeWrong lists observations that show one of the drive's own commands to have failed.
func (s *scene) nativeWrong() (bad []string) {
	for i := range s.acts {
		a := &s.acts[i]
		f := a.proof()
		bad = append(bad, f.bad...)
		if l := a.looked; l != nil && (l.Present != 0 || len(l.Found) > 0) {
			bad = append(bad, fmt.Sprintf("%s: %d of %d places still hold what was written before it", a.act, max(l.Present, int64(len(l.Found))), l.Places))
		}
		if l := a.looked; l != nil && l.Former != 0 {
			bad = append(bad, fmt.Sprintf("%s: %d of %d places hold again what they held before the canaries", a.act, l.Former, l.Places))
		}
	}
	return bad
}

// nativeGaps lists what is not shown of the drive's own commands.
func (s *scene) nativeGaps() (gaps []string) {
	need := needing(&gaps)
	t := s.task
	need(t.Check == record.CheckCanaries, "verification %q was planned, the drive's own commands are verified by %q", t.Check, record.CheckCanaries)
	need(t.Canaries >= canary.Default, "%d canaries were planned, %d are the least", t.Canaries, canary.Default)
	need(t.Canaries <= mostCanaries && len(t.Acts) <= mostActs, "%d canaries for each of %d commands: more than are followed", t.Canaries, len(t.Acts))
	need(len(t.Passes) == 0 && len(s.passes) == 0, "passes were planned beside the drive's own commands")
	need(len(s.acts) == len(t.Acts), "%d of %d commands were given", len(s.acts), len(t.Acts))
	need(s.seed.value != nil, "the seed of the canaries was not committed and revealed")
	need(len(s.handles) == 1, "the task was resumed, and nothing was shown anew")
	if t.Acts[len(t.Acts)-1].Crypto() {
		need(t.Crypto.Holds(), "a cryptographic erase alone counts only with a person's word that the drive always encrypted and that no key is kept elsewhere")
	}
	for i := range s.acts {
		gaps = append(gaps, s.acts[i].proof().gaps...)
		gaps = append(gaps, s.canaryGaps(i)...)
	}
	return gaps
}

// What a judge follows at most: places are derived again, and a transcript may be anybody's.
const (
	mostCanaries = 1 << 20
	mostActs     = 4
)

// mostBad is the share of places, one in so many, that may be unusable: sectors that
// cannot be written or read back bear no canary and prove nothing.
const mostBad = 100

func (s *scene) canaryGaps(i int) (gaps []string) {
	a := &s.acts[i]
	need := needing(&gaps)
	p, l := a.planted, a.looked
	if p == nil || l == nil {
		return []string{fmt.Sprintf("%s: no canaries were written, or nobody looked for them", a.act)}
	}
	due, why := s.placesDue(i)
	if why != "" {
		return []string{why}
	}
	need(p.Places == due, "%s: canaries were written to %d places, the seed gives %d", a.act, p.Places, due)
	need(p.Flushed, "%s: the canaries were not flushed to the medium", a.act)
	need(p.Present >= p.Places-p.Places/mostBad, "%s: %d of %d canaries were present before it", a.act, p.Present, p.Places)
	need(l.Direct, "%s: the canaries were not looked for past the cache", a.act)
	need(l.Places >= p.Present && len(l.Unreadable) == 0, "%s: %d of %d places could be read after it", a.act, l.Places, p.Present)
	return gaps
}

// placesDue is how many sectors bear a canary of act i, first and last included.
func (s *scene) placesDue(i int) (n int64, why string) {
	if s.seed.value == nil || s.opened.Size > 1<<62 || s.task.Canaries > mostCanaries || len(s.task.Acts) > mostActs {
		return 0, "the places of the canaries cannot be derived"
	}
	ps, err := canary.Places(int64(s.opened.Size), s.opened.LogicalSector, s.task.Canaries, i, s.seed.value)
	if err != nil {
		return 0, err.Error()
	}
	return int64(len(ps)), ""
}

// nativeShown says, in words, what was seen of the drive's own commands.
func (s *scene) nativeShown() []string {
	out := []string{s.identified()}
	for i := range s.acts {
		a := &s.acts[i]
		out = append(out, a.proof().told...)
		p := a.planted
		line := fmt.Sprintf("%s: %d canaries were written, flushed and read back before it; none was found after it", a.act, p.Present)
		if b := canary.Bound(int64(s.opened.Size), s.opened.LogicalSector, p.Present-2); b > 0 {
			line += fmt.Sprintf(": less than %s of the addressable drive still holds what it held, at 99.9 %% confidence", Percent(b))
		} else {
			line += ", in any sector of the drive"
		}
		out = append(out, line)
	}
	return out
}
