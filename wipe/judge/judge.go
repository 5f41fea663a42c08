package judge

import (
	"fmt"

	"lethe/certs/record"
	"lethe/wipe/profile"
)

// Version names the rules. It changes whenever a transcript could be judged
// otherwise than before.
const Version = "lethe-judge/3"

// Judge derives the verdict. It never fails: what it cannot follow is Unknown.
func Judge(t *record.Transcript, p profile.Profile, q Quirks) record.Verdict {
	v := record.Verdict{State: record.Unknown, Judge: Version}
	s, state, reasons := replay(t, p)
	if state == "" {
		state, reasons = s.outcome(q)
	}
	v.State, v.Reasons = state, reasons
	if state != record.Cleared && state != record.Purged {
		return v
	}
	v.Technique, v.Method = s.technique, s.method
	v.Reached = s.method.Rank() >= s.task.Asked.Rank()
	if !v.Reached {
		v.Reasons = append(v.Reasons, fmt.Sprintf("%s was reached, %s was asked", s.method, s.task.Asked))
	}
	return v
}

// outcome judges a replay in which every line followed from the one before.
func (s *scene) outcome(q Quirks) (record.State, []string) {
	if s.stopped != nil {
		return s.cutShort()
	}
	if bad := s.seenWrong(); len(bad) > 0 {
		return record.Failed, bad
	}
	if gaps := s.notShown(); len(gaps) > 0 {
		return record.Unknown, gaps
	}
	if hits := q.Match(s.task.Device); len(hits) > 0 {
		return record.Unknown, hits
	}
	if s.task.Device.Volume != "" {
		return record.Unknown, []string{fmt.Sprintf(
			"the drive is a %s volume: a write need not reach the blocks that held the data, so no method is earned", s.task.Device.Volume)}
	}
	switch s.method {
	case record.MethodPurge:
		return record.Purged, s.shown()
	case record.MethodClear:
		return record.Cleared, s.shown()
	}
	return record.Unknown, []string{fmt.Sprintf(
		"profile %s grants no method for %s on %s media", s.task.Profile.ID, s.technique, s.task.Device.Medium)}
}

// cutShort tells a task that ended early. What was seen to be wrong before the
// end outweighs the early end, unless the drive went: errors are how it goes.
func (s *scene) cutShort() (record.State, []string) {
	why := fmt.Sprintf("stopped early by the %s (%s)", s.stopped.By, s.stopped.Reason)
	if s.stopped.Detail != "" {
		why += ": " + s.stopped.Detail
	}
	done := "nothing was written"
	if s.begun && s.native() {
		done = fmt.Sprintf("%d of %d of the drive's own commands were given", len(s.acts), len(s.task.Acts))
	} else if s.begun {
		done = fmt.Sprintf("%d of %d passes were completed", s.completed(), len(s.task.Passes))
	}
	bad := s.seenWrong()
	if s.stopped.Reason == record.StopGone {
		return record.Incomplete, append([]string{why, done}, bad...)
	}
	if len(bad) > 0 {
		return record.Failed, append(bad, why)
	}
	return record.Incomplete, []string{why, done}
}
