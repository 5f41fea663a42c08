package record

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// Line is one line of a transcript. Prev chains it to the line before.
type Line struct {
	Seq   int64 `json:"seq"`  // 0-based
	Prev  Hex   `json:"prev"` // SHA-256 of the previous line's bytes without its newline; 64 zeros at first
	Mono  int64 `json:"mono"` // nanoseconds since boot (CLOCK_BOOTTIME)
	Wall  Time  `json:"wall"`
	Event Event `json:"event"`
}

// lineForm is how a Line is spelled: Mono passes 2^53 after 104 days of uptime.
type lineForm struct {
	Seq   int64   `json:"seq"`
	Prev  Hex     `json:"prev"`
	Mono  integer `json:"mono"`
	Wall  Time    `json:"wall"`
	Event Event   `json:"event"`
}

// MarshalJSON writes Mono as a number up to 2^53 and as a string beyond.
func (l Line) MarshalJSON() ([]byte, error) {
	if l.Seq < 0 || l.Mono < 0 {
		return nil, fmt.Errorf("line %d at %d ns: neither can be negative", l.Seq, l.Mono)
	}
	return json.Marshal(lineForm{l.Seq, l.Prev, integer(l.Mono), l.Wall, l.Event})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (l *Line) UnmarshalJSON(b []byte) error {
	var f lineForm
	if err := strict(b, &f); err != nil {
		return err
	}
	*l = Line{f.Seq, f.Prev, int64(f.Mono), f.Wall, f.Event}
	return nil
}

// Genesis is the Prev of the first line.
var Genesis = strings.Repeat("0", 64)

// ErrChain says that a transcript's lines do not follow from one another.
var ErrChain = errors.New("transcript chain is broken")

// Transcript is the hash-chained lines of one task, with the bytes they came from.
type Transcript struct {
	Lines []Line
	raw   bytes.Buffer
	head  Hex
}

// Append chains an event to the transcript and returns its line.
func (t *Transcript) Append(mono int64, wall Time, e Event) (Line, error) {
	if e.Kind() == "" {
		return Line{}, errors.New("append to transcript: want exactly one event")
	}
	l := Line{Seq: int64(len(t.Lines)), Prev: t.Head(), Mono: mono, Wall: wall, Event: e}
	b, err := Marshal(l)
	if err != nil {
		return Line{}, fmt.Errorf("append to transcript: %w", err)
	}
	t.add(l, b)
	return l, nil
}

func (t *Transcript) add(l Line, b []byte) {
	t.Lines = append(t.Lines, l)
	t.raw.Write(b)
	t.raw.WriteByte('\n')
	t.head = Digest(b)
}

// Head is the digest of the last line, Genesis of an empty transcript.
func (t *Transcript) Head() Hex {
	if t.head == "" {
		return Genesis
	}
	return t.head
}

// Bytes are the lines as they are stored: canonical JSON, one a line.
func (t *Transcript) Bytes() []byte { return bytes.Clone(t.raw.Bytes()) }

// Intact checks that Lines still say what Bytes say, link by link. Lines are open
// to every reader, so whoever derives something from them asks this first.
func (t *Transcript) Intact() error {
	var again Transcript
	for i, l := range t.Lines {
		b, err := Marshal(l)
		if err != nil {
			return fmt.Errorf("line %d: %w", i, err)
		}
		if !again.follows(l) {
			return fmt.Errorf("line %d: %w", i, ErrChain)
		}
		again.add(l, b)
	}
	if !bytes.Equal(again.raw.Bytes(), t.raw.Bytes()) {
		return fmt.Errorf("%w: the lines are not those that were chained", ErrChain)
	}
	return nil
}

// follows reports whether l can be the next line.
func (t *Transcript) follows(l Line) bool {
	return l.Seq == int64(len(t.Lines)) && l.Prev == t.Head() && l.Event.Kind() != ""
}

// Ref is what a record says of the transcript.
func (t *Transcript) Ref() TranscriptRef {
	return TranscriptRef{
		Lines: int64(len(t.Lines)), Bytes: int64(t.raw.Len()),
		SHA256: Digest(t.raw.Bytes()), Head: t.Head(),
	}
}

// TranscriptRef pins a transcript: its length, its digest and its last link.
type TranscriptRef struct {
	Lines  int64 `json:"lines"`
	Bytes  int64 `json:"bytes"`
	SHA256 Hex   `json:"sha256"`
	Head   Hex   `json:"head"`
}

// ParseTranscript reads lines and checks every link. A torn last line, another
// spelling or a broken link is an error; the lines before it are returned too.
// No link follows the last line: a change there, or lines cut off at the end,
// shows only against the TranscriptRef of the record.
func ParseTranscript(b []byte) (*Transcript, error) {
	t := &Transcript{}
	for len(b) > 0 {
		i := bytes.IndexByte(b, '\n')
		if i < 0 {
			return t, fmt.Errorf("line %d: torn: %w", len(t.Lines), ErrChain)
		}
		var l Line
		if err := Unmarshal(b[:i], &l); err != nil {
			return t, fmt.Errorf("line %d: %w", len(t.Lines), err)
		}
		if !t.follows(l) {
			return t, fmt.Errorf("line %d: %w", len(t.Lines), ErrChain)
		}
		t.add(l, b[:i])
		b = b[i+1:]
	}
	return t, nil
}
