package record

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Method is the assurance level of NIST SP 800-88 / IEEE 2883.
type Method string

// The methods, weakest first. MethodNone is what a task that reached nothing has.
const (
	MethodNone    Method = ""
	MethodClear   Method = "Clear"
	MethodPurge   Method = "Purge"
	MethodDestroy Method = "Destroy"
)

// Rank orders methods: a larger rank is a stronger method. Unknown words rank -1.
func (m Method) Rank() int {
	switch m {
	case MethodNone:
		return 0
	case MethodClear:
		return 1
	case MethodPurge:
		return 2
	case MethodDestroy:
		return 3
	}
	return -1
}

// Technique is how a method is reached.
type Technique string

// The techniques of the ladder, in the words of the standards.
const (
	Overwrite         Technique = "Overwrite"
	BlockErase        Technique = "BlockErase"
	CryptoErase       Technique = "CryptoErase"
	SanitizeOverwrite Technique = "SanitizeOverwrite"
	SecurityErase     Technique = "SecurityErase" // ATA, normal mode
	// SecurityEraseEnhanced is ATA SECURITY ERASE UNIT in its enhanced mode.
	SecurityEraseEnhanced Technique = "SecurityEraseEnhanced"
	FormatNVM             Technique = "FormatNVM"
	FormatUnit            Technique = "FormatUnit"
	Revert                Technique = "Revert"
)

// Techniques are all of them, in the order in which people are told of them.
func Techniques() []Technique {
	return []Technique{Overwrite, BlockErase, CryptoErase, SanitizeOverwrite, SecurityErase, SecurityEraseEnhanced, FormatNVM, FormatUnit, Revert}
}

// Medium is what holds the data.
type Medium string

// The media the profiles know.
const (
	MediumUnknown  Medium = "unknown"
	MediumMagnetic Medium = "magnetic" // rotating magnetic disk
	MediumFlash    Medium = "flash"    // solid-state drive
	MediumCard     Medium = "card"     // USB stick, SD, eMMC: flash without a documented spare area command
	MediumVirtual  Medium = "virtual"  // no physical medium of its own: loop, file, virtio-blk
)

// Hex is a lower-case hexadecimal digest or identifier.
type Hex = string

// Digest returns the lower-case hex SHA-256 of b.
func Digest(b []byte) Hex {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}

// Time is a UTC instant with nanoseconds, spelled RFC 3339 with nine digits.
type Time struct{ time.Time }

// timeForm has exactly nine fractional digits so that one instant has one spelling.
const timeForm = "2006-01-02T15:04:05.000000000Z"

// At makes a Time of t, dropping its zone and monotonic reading.
func At(t time.Time) Time { return Time{t.UTC().Round(0)} }

// String returns the spelling used in JSON.
func (t Time) String() string { return t.UTC().Format(timeForm) }

// MarshalJSON writes the nine-digit RFC 3339 form, which has four digits for the year.
func (t Time) MarshalJSON() ([]byte, error) {
	if y := t.UTC().Year(); y < 0 || y > 9999 {
		return nil, fmt.Errorf("time: year %d cannot be spelled", y)
	}
	return json.Marshal(t.String())
}

// UnmarshalJSON reads only the nine-digit RFC 3339 form in UTC.
func (t *Time) UnmarshalJSON(b []byte) error {
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return err
	}
	v, err := time.Parse(timeForm, s)
	// Parse takes a comma for the point, and leaves out what it cannot keep.
	if err != nil || At(v).String() != s {
		return fmt.Errorf("time %q: want %s", s, timeForm)
	}
	*t = At(v)
	return nil
}

// Size is a count of bytes. Beyond 2^53 it is spelled as a decimal string.
type Size uint64

// MarshalJSON writes a number up to 2^53 and a string beyond.
func (s Size) MarshalJSON() ([]byte, error) {
	d := strconv.FormatUint(uint64(s), 10)
	if s > maxSafe {
		return []byte(`"` + d + `"`), nil
	}
	return []byte(d), nil
}

// UnmarshalJSON reads what MarshalJSON writes and no other spelling.
func (s *Size) UnmarshalJSON(b []byte) error {
	v, err := strconv.ParseUint(strings.Trim(string(b), `"`), 10, 64)
	if err != nil {
		return fmt.Errorf("size %s: want a count of bytes", b)
	}
	if again, _ := Size(v).MarshalJSON(); !bytes.Equal(again, b) {
		return fmt.Errorf("size %s: %w", b, ErrNotCanonical)
	}
	*s = Size(v)
	return nil
}

// integer is a signed count that may pass ±2^53; beyond, it is spelled as a
// decimal string.
type integer int64

// MarshalJSON writes a number within ±2^53 and a string beyond.
func (i integer) MarshalJSON() ([]byte, error) {
	d := strconv.FormatInt(int64(i), 10)
	if i > maxSafe || i < -maxSafe {
		return []byte(`"` + d + `"`), nil
	}
	return []byte(d), nil
}

// UnmarshalJSON reads what MarshalJSON writes and no other spelling.
func (i *integer) UnmarshalJSON(b []byte) error {
	t := strings.Trim(string(b), `"`)
	v, err := strconv.ParseInt(t, 10, 64)
	if err != nil {
		return fmt.Errorf("integer %s: want a decimal number", b)
	}
	if again, _ := integer(v).MarshalJSON(); !bytes.Equal(again, b) {
		return fmt.Errorf("integer %s: %w", b, ErrNotCanonical)
	}
	*i = integer(v)
	return nil
}

// Range is a half-open stretch of the medium in bytes: First inclusive, End exclusive.
type Range struct {
	First Size `json:"first"`
	End   Size `json:"end"`
}

// Len is the length of the range in bytes, 0 for an inverted one.
func (r Range) Len() Size {
	if r.End < r.First {
		return 0
	}
	return r.End - r.First
}
