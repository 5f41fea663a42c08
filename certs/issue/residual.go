package issue

import (
	"fmt"
	"strings"
	"time"

	"lethe/certs/record"
)

// sentences gathers what the technique cannot have reached, what was not
// checked and what went oddly.
type sentences []string

func (s *sentences) add(f string, a ...any) { *s = append(*s, fmt.Sprintf(f, a...)) }

// residual is the list of a record: never nil, so that "none" is said.
func residual(r record.Record, t *record.Transcript) []string {
	out := sentences{}
	if len(t.Lines[0].Event.Task.Acts) > 0 {
		out.native(r, t)
	} else {
		out.medium(r.Device)
	}
	out.hidden(r.Device, len(r.Acts) > 0)
	out.stronger(r)
	out.pattern(r)
	out.unread(r)
	out.cured(t)
	out.stalled(t)
	out.paused(t)
	out.resumed(t)
	if r.Audit.Kind != record.AuditDepot && r.Audit.Kind != record.AuditStick {
		out.add("Intent was recorded in this machine's memory only (audit: volatile).")
	}
	if r.Context.Clock.Quality != "synchronised" {
		out.add("Wall times come from an unauthenticated clock (%s); durations are monotonic.", r.Context.Clock.Source)
	}
	if d := time.Duration(r.Context.Clock.SteppedNanos); d != 0 {
		out.add("The machine's wall clock was set by %s during the run: times go on from the clock as it stood at the beginning.", signed(d))
	}
	if step := clockStep(t); step != 0 {
		out.add("The machine's wall clock was set by %s while the task ran.", step)
	}
	return out
}

// medium says what a host overwrite does not reach on the drive.
func (s *sentences) medium(d record.Device) {
	switch d.Medium {
	case record.MediumFlash, record.MediumCard:
		s.add("A host overwrite does not reach spare, over-provisioned and retired flash blocks: former data may remain there.")
	case record.MediumMagnetic:
		s.add("A host overwrite does not reach sectors the drive has reallocated: former data may remain in them.")
	case record.MediumVirtual:
		s.add("The drive is virtual: copies, snapshots and blocks of the storage below it were not reached.")
		if d.Identity.Backing != "" {
			s.add("It lies in a file: the read-back went past the machine's cache of the drive, which need not be past that of the file.")
		}
	default:
		s.add("The kind of medium is not known.")
	}
}

// hidden names what the host cannot address or see, and what no command given reaches.
func (s *sentences) hidden(d record.Device, native bool) {
	if d.Remote {
		s.add("The drive was attached over a network (%s): whether its blocks are a medium's own, and who else uses them, cannot be seen from this machine.", d.RemoteAt)
	}
	for _, h := range d.Hidden {
		if strings.HasPrefix(h.State, "none") {
			continue
		}
		reach := ""
		if native && unreached[h.Kind] {
			reach = "; no command given reaches it"
		}
		s.add("Hidden area %s: %s%s.", h.Kind, h.State, reach)
	}
}

// stronger names the techniques that would have earned more than the chosen one
// (law 3: no silent step down).
func (s *sentences) stronger(r record.Record) {
	for _, c := range r.Ladder {
		if !c.Chosen {
			continue
		}
		for _, o := range r.Ladder {
			if o.Method.Rank() > c.Method.Rank() {
				s.add("%s (%s) is stronger than %s (%s) and was not used: %s.", o.Technique, o.Method, c.Technique, c.Method, o.Reason)
			}
		}
	}
}

// pattern says what a read-back of a fixed pattern cannot tell.
func (s *sentences) pattern(r record.Record) {
	n := len(r.Passes)
	if n == 0 || r.Passes[n-1].What.Pattern == record.PatternStream {
		return
	}
	s.add("The last pass wrote one fixed byte: its read-back cannot tell stored data from blocks that the drive " +
		"left out, compressed or already held.")
}

// unread says what a sample leaves.
func (s *sentences) unread(r record.Record) {
	if v := r.Verification; v != nil && v.Sample != nil && v.Method != record.CheckCanaries {
		s.add("The read-back was of a sample: what lies between its places was written and flushed by the drive's own word, and was not looked at.")
	}
}

// cured names errors that a retry made good: they are news of the drive's health.
func (s *sentences) cured(t *record.Transcript) {
	for _, l := range t.Lines {
		if e := l.Event.PassEnd; e != nil && e.FirstError != "" && len(e.Failed) == 0 {
			s.add("Pass %d met a write error that a retry cured: %s.", e.Pass, e.FirstError)
		}
		if e := l.Event.CheckEnd; e != nil && e.FirstError != "" && len(e.Unreadable) == 0 {
			s.add("The read-back of pass %d met an error that a retry cured: %s.", e.Pass, e.FirstError)
		}
	}
}

// stalled tells of times when the drive gave no sign of life.
func (s *sentences) stalled(t *record.Transcript) {
	n, longest, open := 0, int64(0), false
	for _, l := range t.Lines {
		switch e := l.Event.Stalled; {
		case l.Event.Stopped != nil && l.Event.Stopped.Reason == record.StopStuck:
			open = false // it did not go on, which the verdict says
		case e == nil:
		default:
			if e.Over {
				n++
			}
			open, longest = !e.Over, max(longest, e.Nanos)
		}
	}
	if open { // the task ended before anybody looked again
		n++
	}
	if n > 0 {
		s.add("The drive gave no sign of life %d times and went on, the longest for at least %s.", n, time.Duration(longest).Round(time.Second))
	}
}

// paused tells of times when the drive was too hot by its own word.
func (s *sentences) paused(t *record.Transcript) {
	n, whole := 0, time.Duration(0)
	for _, l := range t.Lines {
		if e := l.Event.Paused; e != nil && e.Over {
			n, whole = n+1, whole+time.Duration(e.Nanos)
		}
	}
	if n > 0 {
		s.add("The drive reached its own temperature limit %d times and rested, for %s altogether.", n, whole.Round(time.Second))
	}
}

// signed is a duration to the second with its sign.
func signed(d time.Duration) string {
	if d > 0 {
		return "+" + d.Round(time.Second).String()
	}
	return d.Round(time.Second).String()
}

// clockStep is the sum of the steps that wall time made against monotonic time,
// 0 where the two agree to a second from line to line. A last line that repeats the
// monotonic time of the one before was added when that clock no longer ran: it says
// nothing of steps.
func clockStep(t *record.Transcript) (sum time.Duration) {
	boot := ""
	if len(t.Lines) > 0 && t.Lines[0].Event.Task != nil {
		boot = t.Lines[0].Event.Task.Boot
	}
	for i := 1; i < len(t.Lines); i++ {
		a, b := t.Lines[i-1], t.Lines[i]
		if newBoot(b, &boot) {
			continue
		}
		if b.Event.Stopped != nil && b.Mono == a.Mono {
			continue
		}
		step := b.Wall.Sub(a.Wall.Time) - time.Duration(b.Mono-a.Mono)
		if step.Abs() > time.Second {
			sum += step
		}
	}
	return sum
}
