package issue

import (
	"encoding/hex"
	"fmt"
	"time"

	"lethe/certs/record"
)

// parts follows the ranges of one pass and the keys they were written under.
type parts struct {
	list   []record.PartDone
	commit record.Hex // of the part that is about to begin
}

func (p *parts) begin(r record.Range) {
	p.cut(r.First)
	p.list = append(p.list, record.PartDone{Range: r, Commitment: p.commit})
	p.commit = ""
}

// cut takes out what does not count any more.
func (p *parts) cut(from record.Size) {
	for n := len(p.list); n > 0 && p.list[n-1].Range.First >= from; n-- {
		p.list = p.list[:n-1]
	}
	if n := len(p.list); n > 0 {
		p.list[n-1].Range.End = min(p.list[n-1].Range.End, from)
	}
}

// reveal gives the key to the part whose commitment it opens.
func (p *parts) reveal(r *record.Reveal) {
	key, err := hex.DecodeString(r.Key + r.IV)
	if err != nil {
		return
	}
	for i := range p.list {
		if p.list[i].Commitment == record.Digest(key) {
			p.list[i].Key, p.list[i].IV = r.Key, r.IV
		}
	}
}

// into puts the parts into the pass, where it has more than one.
func (p *parts) into(d *record.PassDone) {
	if len(p.list) > 1 {
		d.Parts, d.Commitment, d.Key, d.IV = p.list, "", "", ""
	}
}

// elapsed is the time from the first line to the last, added up over the boots.
func elapsed(t *record.Transcript) (sum int64) {
	boot, from := t.Lines[0].Event.Task.Boot, t.Lines[0].Mono
	for i, l := range t.Lines {
		if newBoot(l, &boot) {
			sum, from = sum+t.Lines[i-1].Mono-from, l.Mono
		}
	}
	return sum + t.Lines[len(t.Lines)-1].Mono - from
}

// newBoot reports whether the monotonic clock of a line counts from another boot, and
// takes note of it.
func newBoot(l record.Line, boot *string) bool {
	r := l.Event.Resumed
	if r == nil || r.Boot == "" || *boot == "" || r.Boot == *boot {
		return false
	}
	*boot = r.Boot
	return true
}

// resumed tells of a task that was cut short and went on.
func (s *sentences) resumed(t *record.Transcript) {
	var last record.Line
	boot := t.Lines[0].Event.Task.Boot
	for _, l := range t.Lines {
		if r := l.Event.Resumed; r != nil {
			away, was := "", boot
			if d := l.Wall.Sub(last.Wall.Time).Round(time.Second); d > time.Second {
				away = " after " + d.String()
			}
			if newBoot(l, &boot) {
				away += fmt.Sprintf(" in another boot of the machine (%s, before it was %s)", boot, was)
			}
			s.add("The task was cut short (%s) and went on%s in pass %d at byte %d: what was written before was flushed and read back with the rest, by its own key.", r.Reason, away, r.Pass, r.From)
		}
		last = l
	}
}
