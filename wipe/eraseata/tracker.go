package eraseata

import (
	"encoding/base64"
	"fmt"
	"time"

	"lethe/certs/record"
	"lethe/inventory/ata"
	"lethe/wipe"
)

// tracker keeps what the polls of one erase have seen.
type tracker struct {
	began    time.Time
	heard    time.Time // the last answer
	sure     time.Time // the last that could be understood
	first    time.Time // the first progress, and how far it was
	from     int64
	moved    time.Time // the last time that progress moved
	moving   bool      // it moved at all
	done     int64     // of 65536; -1 none
	patience time.Duration
	told     map[string]string
}

// begin forgets everything but how long a SECURITY ERASE UNIT may take.
func (t *tracker) begin(now time.Time) {
	*t = tracker{began: now, heard: now, sure: now, moved: now, done: -1, patience: t.patience, told: map[string]string{}}
}

// at takes a drive at work down.
func (t *tracker) at(now time.Time, progress uint16) {
	p := int64(progress)
	if t.done < 0 {
		t.first, t.from, t.moved = now, p, now
	} else if p != t.done {
		t.moved, t.moving = now, true
	}
	// A drive that starts over (another pass, or after a loss of power) goes back.
	if p < t.done {
		t.first, t.from = now, p
	}
	t.done = p
}

// stuck says that nothing has moved for too long. Some drives tell no progress and leave
// one figure there all the time: those may take longer.
func (t *tracker) stuck(now time.Time, o Options) error {
	limit := o.Stall
	if !t.moving {
		limit = max(o.Stall, o.Longest)
	}
	if still := now.Sub(t.moved); still > limit {
		return fmt.Errorf("%w: it stands at %d of 65536 for %v", ErrStuck, t.done, still.Round(time.Second))
	}
	return nil
}

// progress is how far it is. The time left is told once a hundredth has been seen.
func (t *tracker) progress() Progress {
	p := Progress{Done: t.done, Left: -1}
	if seen := t.done - t.from; t.done >= 0 && seen >= 656 {
		p.Left = time.Duration(float64(t.moved.Sub(t.first)) / float64(seen) * float64(65536-t.done))
	}
	return p
}

// changes passes on what is not what was told last time: days of the same answer are one
// line.
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
	raw, _ := base64.StdEncoding.DecodeString(x.Response) // package witness spelled it
	r, ok := ata.ParseRegisters(raw)
	if !ok || r.Partial || x.Status != "ok" {
		return x.Status + " " + x.Response
	}
	return fmt.Sprintf("%02x %02x %04x %x", r.Status, r.Error, r.Count, uint16(r.LBA)>>13)
}
