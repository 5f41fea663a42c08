package judge

import (
	"fmt"

	"lethe/certs/record"
	"lethe/wipe/profile"
)

// scene is what a replay of the transcript has established so far.
type scene struct {
	profile   profile.Profile
	task      *record.Task
	opened    *record.Opened
	handles   []*record.Opened // opened, and those before it where the task was resumed
	closing   *record.Opened
	intent    bool // to erase, on this handle
	begun     bool // there was an intent
	seed      seedSeen
	technique record.Technique
	method    record.Method
	short     string // why the planned passes are fewer than the profile's, "" when they are not
	passes    []passSeen
	commits   []*record.Commit // of all passes, those that count no more included
	checks    []checkSeen
	acts      []actSeen // of the drive's own commands
	over      bool      // a key was revealed or the drive closed: no more writing or reading
	stopped   *record.Stopped
	ended     bool
	mono      int64
	boot      string // what mono counts from

	told   []string // where the task was resumed
	reopen bool     // the drive is to be opened again
	carry  carried  // the pass that is to go on
	unread int      // read-backs that came before the task was last resumed
}

// passSeen is one pass: its commitment, what it wrote, its revealed key.
type passSeen struct {
	earlier []part // of the pass, where it was resumed
	begin   *record.PassBegin
	commit  *record.Commit
	end     *record.PassEnd
	reveal  *record.Reveal
	reached record.Size // end of the contiguous stretches written
	kept    record.Size // what may be relied on should the task be resumed
	lost    []*record.ReadBack
}

// checkSeen is one read-back.
type checkSeen struct {
	begin   *record.CheckBegin
	end     *record.CheckEnd
	reached record.Size
}

// replay walks the lines in order. A line that cannot follow the one before
// ends the walk as Unknown: a transcript that contradicts itself proves nothing.
func replay(t *record.Transcript, p profile.Profile) (*scene, record.State, []string) {
	s := &scene{profile: p}
	unknown := func(f string, a ...any) (*scene, record.State, []string) {
		return s, record.Unknown, []string{fmt.Sprintf(f, a...)}
	}
	if t == nil || len(t.Lines) == 0 {
		return unknown("the transcript is empty")
	}
	if err := t.Intact(); err != nil {
		return unknown("%v", err)
	}
	s.task, s.mono = t.Lines[0].Event.Task, t.Lines[0].Mono
	if why := untold(s.task, p); why != "" {
		return unknown("%s", why)
	}
	s.boot = s.task.Boot
	for _, l := range t.Lines[1:] {
		if err := s.clock(l); err != nil {
			return unknown("line %d: %v", l.Seq, err)
		}
		if s.ended || s.stopped != nil {
			return unknown("line %d: lines after the end of the task", l.Seq)
		}
		if err := s.take(l.Event); err != nil {
			return unknown("line %d: %v", l.Seq, err)
		}
	}
	if !s.ended && s.stopped == nil {
		return unknown("the transcript ends without saying how the task ended")
	}
	return s, "", nil
}

// untold says what the first line lacks to be judged by p, "" when nothing.
func untold(t *record.Task, p profile.Profile) string {
	if t == nil {
		return "the transcript does not begin with its task"
	}
	if t.Format != record.TranscriptFormat {
		return fmt.Sprintf("transcript format %q is not known", t.Format)
	}
	if err := p.Validate(); err != nil {
		return err.Error()
	}
	if t.Profile != p.Ref() {
		return fmt.Sprintf("the task was planned under another profile (%s) than the one judged by (%s)", t.Profile.ID, p.ID)
	}
	if t.Asked.Rank() < record.MethodClear.Rank() {
		return "no method was asked"
	}
	for i, w := range t.Passes {
		if !profile.Writable(w) {
			return fmt.Sprintf("pass %d writes no known pattern: %q, byte %d", i+1, w.Pattern, w.Byte)
		}
	}
	return ""
}

// take applies one line or says why it cannot follow.
func (s *scene) take(e record.Event) error {
	if s.over && e.Reveal == nil && e.SeedReveal == nil && e.Closing == nil && e.Stalled == nil && e.Paused == nil && e.Stopped == nil && e.Ended == nil {
		return fmt.Errorf("something is done after a key was revealed, or a seed, or the drive was identified for the last time")
	}
	if s.reopen && e.Opened == nil && e.Resumed == nil && e.Stalled == nil && e.Stopped == nil {
		return fmt.Errorf("the task goes on although the drive was not opened again")
	}
	switch {
	case e.Resumed != nil:
		return s.takeResumed(e.Resumed)
	case e.Rechecked != nil:
		return s.takeRechecked(e.Rechecked)
	case e.Kept != nil:
		return s.takeKept(e.Kept)
	case e.Opened != nil:
		return s.takeOpened(e.Opened)
	case e.SeedCommit != nil:
		return s.takeSeedCommit(e.SeedCommit)
	case e.Intent != nil:
		return s.takeIntent(e.Intent)
	case e.Commit != nil:
		return s.takeCommit(e.Commit)
	case e.PassBegin != nil:
		return s.takePassBegin(e.PassBegin)
	case e.Stretch != nil:
		return s.takeStretch(e.Stretch)
	case e.PassEnd != nil:
		return s.takePassEnd(e.PassEnd)
	case e.CheckBegin != nil:
		return s.takeCheckBegin(e.CheckBegin)
	case e.CheckEnd != nil:
		return s.takeCheckEnd(e.CheckEnd)
	case e.Reveal != nil:
		return s.takeReveal(e.Reveal)
	case e.SeedReveal != nil:
		return s.takeSeedReveal(e.SeedReveal)
	case e.Closing != nil:
		return s.takeClosing(e.Closing)
	case e.Exchanged != nil:
		return s.takeExchanged(e.Exchanged)
	case e.Planted != nil:
		return s.takePlanted(e.Planted)
	case e.Looked != nil:
		return s.takeLooked(e.Looked)
	case e.Stalled != nil, e.Paused != nil: // waiting shows nothing and takes nothing back
	case e.Stopped != nil:
		s.stopped = e.Stopped
	case e.Ended != nil:
		s.ended = true
	default:
		return fmt.Errorf("a line this judge does not know")
	}
	return nil
}

func (s *scene) takeOpened(o *record.Opened) error {
	if s.opened != nil && !s.reopen {
		return fmt.Errorf("the drive is opened twice")
	}
	if s.opened != nil {
		if err := s.sameDrive(o); err != nil {
			return err
		}
	}
	s.opened, s.handles, s.reopen = o, append(s.handles, o), false
	return nil
}

// takeClosing takes the state of the drive afterwards: from here on nothing may
// be done to it.
func (s *scene) takeClosing(o *record.Opened) error {
	if s.closing != nil {
		return fmt.Errorf("the drive is identified for the last time twice")
	}
	s.closing, s.over = o, true
	return nil
}

// takeIntent fixes the technique; what it earns is the profile's word, not the task's.
func (s *scene) takeIntent(i *record.Intent) error {
	switch {
	case s.opened == nil:
		return fmt.Errorf("intent before the drive was opened")
	case s.intent:
		return fmt.Errorf("intent twice")
	case i.Technique != s.planned():
		return fmt.Errorf("technique %q is not one this judge can follow", i.Technique)
	case i.Range != (record.Range{First: 0, End: s.opened.Size}):
		return fmt.Errorf("intent covers %d to %d, the drive has %d bytes", i.Range.First, i.Range.End, s.opened.Size)
	}
	s.intent, s.begun, s.technique = true, true, i.Technique
	s.method, _, _ = s.profile.Earns(s.task.Device.Medium, i.Technique)
	if !s.native() {
		s.short = s.profile.Short(s.task.Device.Medium, s.task.Passes)
	}
	return nil
}

// planned is the technique of the task: that of the last of the drive's own commands,
// and an overwrite where it has none.
func (s *scene) planned() record.Technique {
	if n := len(s.task.Acts); n > 0 {
		return s.task.Acts[n-1].Technique()
	}
	return record.Overwrite
}
