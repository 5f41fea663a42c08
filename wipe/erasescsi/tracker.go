package erasescsi

import (
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"lethe/certs/record"
	"lethe/inventory/scsi"
	"lethe/wipe"
)

// tracker keeps what the polls of one erase have seen.
type tracker struct {
	began time.Time
	heard time.Time // the last answer
	sure  time.Time // the last that could be understood
	first time.Time // the first progress, and how far it was
	from  uint16
	moved time.Time // the last time that progress moved
	done  int64     // the most so far, of 65536; -1 none
	told  map[string]string
}

// begin forgets everything.
func (t *tracker) begin(now time.Time) {
	*t = tracker{began: now, heard: now, sure: now, moved: now, done: -1, told: map[string]string{}}
}

// at takes a drive at work down.
func (t *tracker) at(now time.Time, s scsi.Sense) {
	t.sure = now
	if !s.HasProgress {
		return
	}
	if t.done < 0 {
		t.first, t.from, t.moved = now, s.Progress, now
	}
	// A drive that starts over (another pass, or after a loss of power) goes back.
	if int64(s.Progress) != t.done {
		t.moved = now
	}
	if int64(s.Progress) < t.done {
		t.first, t.from = now, s.Progress
	}
	t.done = int64(s.Progress)
}

// stuck says that nothing has moved for too long.
func (t *tracker) stuck(now time.Time, o Options, recommended time.Duration) error {
	if t.done >= 0 {
		if still := now.Sub(t.moved); still > o.Stall {
			return fmt.Errorf("%w: it stands at %d of 65536 for %v", ErrStuck, t.done, still.Round(time.Second))
		}
		return nil
	}
	if longest := max(o.Longest, 2*recommended); now.Sub(t.began) > longest {
		return fmt.Errorf("%w: the drive tells none and has not ended in %v", ErrStuck, longest)
	}
	return nil
}

// progress is how far it is. The time left is told once a hundredth has been seen.
func (t *tracker) progress() Progress {
	c := Progress{Done: t.done, Left: -1}
	if seen := t.done - int64(t.from); t.done >= 0 && seen >= 656 {
		c.Left = time.Duration(float64(t.moved.Sub(t.first)) / float64(seen) * float64(65536-t.done))
	}
	return c
}

// changes passes on what is not what was told of the same command last time: days of
// the same answer are one line.
func (t *tracker) changes(tell wipe.Tell) wipe.Tell {
	return func(step string, x record.Exchange) error {
		what := fingerprint(x)
		if t.told[x.Name] == what {
			return nil
		}
		t.told[x.Name] = what
		return tell(step, x)
	}
}

// fingerprint is an answer without how far the drive is, but for the eighths.
func fingerprint(x record.Exchange) string {
	s, err := scsi.ParseSense(raw(x))
	if err != nil || !strings.HasPrefix(x.Name, "REQUEST SENSE") {
		return x.Status + " " + x.Response
	}
	eighths := -1
	if s.HasProgress {
		eighths = int(s.Progress >> 13)
	}
	return fmt.Sprintf("%s %v %v %d", x.Status, s, s.Deferred, eighths)
}

// raw is the answer of an exchange.
func raw(x record.Exchange) []byte {
	b, _ := base64.StdEncoding.DecodeString(x.Response) // this package spelled it
	return b
}
