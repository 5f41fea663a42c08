package record

import (
	"bytes"
	"errors"
	"fmt"
)

// Formats of a second look: of its record, and of its transcript, whose lines are
// those of an erase but for the first.
const (
	LookFormat    = "lethe.look/v1"
	LookingFormat = "lethe.looking/v1"
)

// Looking is the first line of the transcript of a second look: which drive is read
// again, and what a certificate says that it holds.
type Looking struct {
	Format string    `json:"format"` // LookingFormat
	ID     string    `json:"id"`
	Of     Certified `json:"of"`
	Device Device    `json:"device"` // as discovered now
	Check  string    `json:"check"`  // CheckFull, CheckSampled or CheckPercentage
	Boot   string    `json:"boot,omitempty"`
}

// Certified is what a certificate says that its drive holds. It is part of the record
// of the erase, so that whoever has both compares them.
type Certified struct {
	Record        string    `json:"record"` // its identifier
	Digest        Hex       `json:"digest"` // SHA-256 of its canonical bytes
	Issued        Time      `json:"issued"`
	State         State     `json:"state"`
	Method        Method    `json:"method"`
	Technique     Technique `json:"technique"`
	Virtual       bool      `json:"virtual"`
	Identity      Identity  `json:"identity"`
	Size          Size      `json:"size"`
	LogicalSector int64     `json:"logicalSector"`
	Pass          PassDone  `json:"pass"` // the last one
}

// Look is everything a second look says. All but Context is derived from its
// transcript, so that a reader can derive it again.
type Look struct {
	Format       string        `json:"format"`
	ID           string        `json:"id"`
	Context      Context       `json:"context"`
	Of           Certified     `json:"of"`
	Device       Device        `json:"device"`
	After        *Opened       `json:"after,omitempty"`
	Virtual      bool          `json:"virtual"`
	VirtualWhy   []string      `json:"virtualWhy,omitempty"`
	Check        string        `json:"check"`
	Verification *Verification `json:"verification,omitempty"`
	Start        Time          `json:"start"`
	End          Time          `json:"end"`
	Nanos        int64         `json:"nanos"` // monotonic, from first to last line
	Finding      Finding       `json:"finding"`
	Limits       []string      `json:"limits"`
	Transcript   TranscriptRef `json:"transcript"`
}

// Sight is what a second look comes to.
type Sight string

// The sights. SightUnknown is what is left where nothing was shown.
const (
	SightUnknown    Sight = "Unknown"
	SightIncomplete Sight = "Incomplete" // it ended early, and what it saw was as certified
	SightUnreadable Sight = "Unreadable" // not all could be read, and what could was as certified
	SightDiffers    Sight = "Differs"    // the drive does not hold what the certificate says
	SightHolds      Sight = "Holds"      // it does, wherever it was looked
)

// Finding is what is derived from the transcript of a second look. It earns no method
// and takes none away: it is a word about what a drive holds now.
type Finding struct {
	Sight   Sight    `json:"sight"`
	Reasons []string `json:"reasons"`
	Judge   string   `json:"judge"` // name and version of the rules
}

// Why there is nothing to look for.
var (
	ErrNotErased = errors.New("the paper is no certificate of erasure")
	ErrNoStream  = errors.New("there is no stream to compare the drive with")
)

// LookedAt is what a certificate says that its drive holds. digest is that of its
// canonical bytes. Errors wrap ErrNotErased or ErrNoStream.
func LookedAt(r Record, digest Hex) (Certified, error) {
	n := len(r.Passes)
	switch {
	case r.Kind != KindCertificate || !r.Verdict.Reached:
		return Certified{}, fmt.Errorf("%w: it is a %s, and says that the drive is %s", ErrNotErased, r.Kind, r.Verdict.State)
	case r.Verdict.Technique != Overwrite || n == 0:
		return Certified{}, fmt.Errorf("%w: it was erased by %s, which leaves what the drive chooses", ErrNoStream, r.Verdict.Technique)
	}
	l := Certified{Record: r.ID, Digest: digest, Issued: r.Context.Issued, State: r.Verdict.State, Method: r.Verdict.Method,
		Technique: r.Verdict.Technique, Virtual: r.Virtual, Identity: r.Device.Identity, Size: r.Device.Size,
		LogicalSector: r.Device.LogicalSector, Pass: r.Passes[n-1]}
	if _, err := l.Parts(); err != nil {
		return Certified{}, err
	}
	return l, nil
}

// Equal reports whether two say the same in every member.
func (l Certified) Equal(m Certified) bool {
	a, err := Marshal(l)
	b, berr := Marshal(m)
	return err == nil && berr == nil && bytes.Equal(a, b)
}

// Parts are the ranges of the last pass, from the drive's first byte to its last
// without a gap, each with its key where the pattern has one. The error wraps
// ErrNoStream.
func (l Certified) Parts() ([]PartDone, error) {
	p := l.Pass
	parts := p.Parts
	if len(parts) == 0 {
		parts = []PartDone{{Range: Range{End: l.Size}, Commitment: p.Commitment, Key: p.Key, IV: p.IV}}
	}
	at := Size(0)
	for _, q := range parts {
		if q.Range.First != at || q.Range.End <= at || q.Range.End > l.Size {
			return nil, fmt.Errorf("%w: its parts do not follow one another at byte %d", ErrNoStream, at)
		}
		if (p.What.Pattern == PatternStream) != (q.Key != "" && q.IV != "") {
			return nil, fmt.Errorf("%w: no key was revealed for bytes %d to %d", ErrNoStream, q.Range.First, q.Range.End)
		}
		at = q.Range.End
	}
	if at != l.Size || at == 0 {
		return nil, fmt.Errorf("%w: its parts end at byte %d of %d", ErrNoStream, at, l.Size)
	}
	return parts, nil
}
