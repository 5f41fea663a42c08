package job

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"lethe/certs/record"
)

// ErrNotJournal says that bytes are no journal of a task that was begun.
var ErrNotJournal = errors.New("not the journal of a task that was begun")

// Restart is what is known where journals are found that nobody has concluded.
type Restart struct {
	Boot string    // the kernel's name for this boot, "" where it has none
	Now  time.Time // wall clock
	// Sealed reports whether the supervisor that heard the task's last line has
	// vouched for this very transcript. nil vouches for none.
	Sealed func(record.TranscriptRef) bool
}

// Conclude reads the journal of a task whose supervisor ended before its paper was
// made. A last line that was torn by the end, and whatever does not follow, is cut
// off and told. A task that did not end gets the supervisor's last line: lost.
//
// A journal on a disk is not the supervisor's own memory: whoever can write to the
// folder can write a whole erase into it. So a task that ended in order counts as
// such only where its end is sealed; else its last line is cut off as well, and it
// can only be judged as one that was stopped.
func Conclude(journal []byte, r Restart) (*record.Transcript, error) {
	t, bad := record.ParseTranscript(journal)
	if len(t.Lines) == 0 || t.Lines[0].Event.Task == nil {
		return nil, notJournal(journal, bad)
	}
	said := []string{found(t.Lines[0].Event.Task.Boot, r.Boot)}
	if bad != nil {
		said = append(said, damage(journal[len(t.Bytes()):], len(t.Lines)))
	}
	switch last := t.Lines[len(t.Lines)-1]; {
	case last.Event.Stopped != nil:
		return t, nil
	case last.Event.Ended == nil:
	case r.Sealed != nil && r.Sealed(t.Ref()): // whatever may follow it in the file
		return t, nil
	default:
		said = append(said, "the task's end was not sealed by its supervisor and does not count")
		whole := bytes.TrimSuffix(t.Bytes(), []byte("\n"))
		var err error
		if t, err = record.ParseTranscript(whole[:bytes.LastIndexByte(whole, '\n')+1]); err != nil {
			return nil, fmt.Errorf("conclude journal: %w", err)
		}
	}
	return t, lost(t, r.Now, strings.Join(said, "; "))
}

// lost writes the supervisor's last line. No monotonic clock ran through from the
// task to now, so the line repeats the last time that was kept.
func lost(t *record.Transcript, now time.Time, detail string) error {
	_, err := t.Append(t.Lines[len(t.Lines)-1].Mono, record.At(now),
		record.Event{Stopped: &record.Stopped{By: "supervisor", Reason: record.StopLost, Detail: detail}})
	if err != nil {
		return fmt.Errorf("conclude journal: %w", err)
	}
	return nil
}

func found(then, now string) string {
	if then != "" && now != "" && then != now {
		return "found after a restart of the machine"
	}
	return "found after a restart"
}

// damage says what was cut off: rest is what comes after line n-1.
func damage(rest []byte, n int) string {
	if i := bytes.IndexByte(rest, '\n'); i < 0 || i == len(rest)-1 {
		return "the last line of the journal was torn"
	}
	return fmt.Sprintf("the journal could not be followed from line %d on", n)
}

// Begun reports whether bytes begin with the whole line of a task, in whatever version
// of the format: if they do, something was begun that is owed a paper, even where
// Conclude cannot follow them.
func Begun(journal []byte) bool {
	line, _, whole := bytes.Cut(journal, []byte("\n"))
	var first struct {
		Event struct {
			Task *struct{} `json:"task"`
		} `json:"event"`
	}
	return whole && json.Unmarshal(line, &first) == nil && first.Event.Task != nil
}

func notJournal(b []byte, bad error) error {
	switch {
	case len(b) == 0:
		return fmt.Errorf("%w: it is empty", ErrNotJournal)
	case bad != nil:
		return fmt.Errorf("%w: %w", ErrNotJournal, bad)
	}
	return fmt.Errorf("%w: it does not begin with its task", ErrNotJournal)
}
