package wipe

import (
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"lethe/certs/record"
	"lethe/wipe/pattern"
)

// Key is the key of a stream, which the worker draws and hands to its supervisor
// before it writes a byte under it.
type Key struct {
	Pass int64      `json:"pass"`
	Key  record.Hex `json:"key"`
	IV   record.Hex `json:"iv"`
}

// commitment is what the key opens, "" of one that nobody could have committed to.
func (k Key) commitment() record.Hex {
	key, err := hex.DecodeString(k.Key)
	if err != nil {
		return ""
	}
	iv, err := hex.DecodeString(k.IV)
	if err != nil {
		return ""
	}
	return pattern.Commitment(key, iv)
}

// Part is what was written of a pass, as far as it counts, and its key where it has one.
type Part struct {
	Range record.Range `json:"range"`
	Key   *Key         `json:"key,omitempty"`
}

// Resume says where a task goes on that was cut short.
type Resume struct {
	Pass int64       `json:"pass"`
	From record.Size `json:"from"` // the drive's size where only the read-back is left
	// Parts are those of the pass below From.
	Parts []Part `json:"parts,omitempty"`
	// Keys are those of the passes before.
	Keys []Key `json:"keys,omitempty"`
}

// errNotResumable says that a task cannot go on where it was cut short.
var errNotResumable = errors.New("nothing to go on from")

// ran is what a transcript says of one pass.
type ran struct {
	parts  []Part
	commit []record.Hex // of each part
	kept   record.Size
	next   record.Hex // the commitment for the part to come
	whole  bool
}

func (r *ran) begin(b *record.PassBegin) {
	r.cut(b.Range.First)
	r.parts, r.commit = append(r.parts, Part{Range: b.Range}), append(r.commit, r.next)
	r.kept, r.next = b.Range.First, ""
}

// cut takes out what does not count beyond from.
func (r *ran) cut(from record.Size) {
	for n := len(r.parts); n > 0 && r.parts[n-1].Range.First >= from; n-- {
		r.parts, r.commit = r.parts[:n-1], r.commit[:n-1]
	}
	if n := len(r.parts); n > 0 {
		r.parts[n-1].Range.End = min(r.parts[n-1].Range.End, from)
	}
	r.kept = min(r.kept, from)
}

// unlock gives every part that was committed to its key.
func (r *ran) unlock(keys []Key) error {
	for i, c := range r.commit {
		if c == "" {
			continue
		}
		at := slices.IndexFunc(keys, func(k Key) bool { return k.commitment() == c })
		if at < 0 {
			return fmt.Errorf("%w: the key of %d to %d is not there", errNotResumable, r.parts[i].Range.First, r.parts[i].Range.End)
		}
		r.parts[i].Key = &keys[at]
	}
	return nil
}

// ResumeFrom finds where a task may go on: in the pass it was in at the end of what was
// flushed and found again, or before the read-back. The transcript is its supervisor's
// own. The error says why it can only begin anew.
func ResumeFrom(t *record.Transcript, keys []Key) (*Resume, error) {
	if len(t.Lines) == 0 || t.Lines[0].Event.Task == nil {
		return nil, fmt.Errorf("%w: there is no task", errNotResumable)
	}
	task := t.Lines[0].Event.Task
	if len(task.Acts) > 0 {
		return nil, fmt.Errorf("%w: a drive's own command is given anew", errNotResumable)
	}
	passes, err := passesOf(t, len(task.Passes))
	if err != nil {
		return nil, err
	}
	r := &Resume{Pass: 1}
	for i := range passes {
		p := &passes[i]
		if err := p.unlock(keys); err != nil {
			return nil, err
		}
		r.Pass = int64(i + 1)
		if !p.whole {
			if n := len(p.parts); n > 0 && p.kept >= task.Device.Size {
				p.kept = p.parts[n-1].Range.First // the pass has to end: this part is done again
			}
			p.cut(p.kept)
			r.From, r.Parts = p.kept, p.parts
			break
		}
		if i == len(passes)-1 {
			r.From, r.Parts = task.Device.Size, p.parts
			break
		}
		for _, q := range p.parts {
			if q.Key != nil {
				r.Keys = append(r.Keys, *q.Key)
			}
		}
	}
	if r.Pass == 1 && r.From == 0 {
		return nil, fmt.Errorf("%w: nothing was kept", errNotResumable)
	}
	return r, nil
}

// passesOf reads what was done in n passes.
func passesOf(t *record.Transcript, n int) ([]ran, error) {
	passes := make([]ran, n)
	of := func(pass int64) *ran {
		if pass < 1 || pass > int64(n) {
			return &ran{} // no line of ours
		}
		return &passes[pass-1]
	}
	for _, l := range t.Lines {
		switch e := l.Event; {
		case e.Commit != nil:
			of(e.Commit.Pass).next = e.Commit.Commitment
		case e.PassBegin != nil:
			of(e.PassBegin.Pass).begin(e.PassBegin)
		case e.Kept != nil && !e.Kept.Equal():
			return nil, fmt.Errorf("%w: what was flushed was not found again", errNotResumable)
		case e.Kept != nil:
			of(e.Kept.Pass).kept = e.Kept.Range.End
		case e.Rechecked != nil && !e.Rechecked.Equal():
			of(e.Rechecked.Pass).cut(0)
		case e.PassEnd != nil:
			p := of(e.PassEnd.Pass)
			if p.whole = e.PassEnd.Flushed && e.PassEnd.FlushError == "" && e.PassEnd.Stopped == "" && len(e.PassEnd.Failed) == 0; !p.whole {
				return nil, fmt.Errorf("%w: pass %d failed", errNotResumable, e.PassEnd.Pass)
			}
		case e.CheckEnd != nil && e.CheckEnd.MismatchBytes == 0 && len(e.CheckEnd.Mismatches)+len(e.CheckEnd.Unreadable) == 0:
			// It is made again.
		case e.SeedReveal != nil, e.CheckEnd != nil, e.Reveal != nil, e.Closing != nil, e.Stopped != nil, e.Ended != nil:
			return nil, fmt.Errorf("%w: the task had come to its end", errNotResumable)
		}
	}
	return passes, nil
}
