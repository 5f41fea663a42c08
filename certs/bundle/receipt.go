package bundle

import (
	"errors"
	"fmt"

	"lethe/certs/record"
	"lethe/certs/sign"
)

// The formats of receipts. A depot signs both as sign.PayloadReceipt, and the
// format inside keeps one from being taken for the other.
const (
	ReceiptFormat       = "lethe.receipt/v1"
	IntentReceiptFormat = "lethe.intent-receipt/v1"
)

// KindSummary is the kind of a machine summary, beside record.KindCertificate
// and record.KindNotice.
const KindSummary = "summary"

// ErrReceipt says that a receipt is malformed or is one for something else.
var ErrReceipt = errors.New("bad receipt")

// Receipt says that a paper is kept: where, since when, and what its keeper found
// it to be. A folder or a stick judges nothing and leaves ID, Kind, State and
// Virtual empty.
type Receipt struct {
	Format  string       `json:"format"` // ReceiptFormat
	Digest  record.Hex   `json:"digest"` // SHA-256 of the paper
	Size    record.Size  `json:"size"`   // bytes of the paper
	Stored  record.Time  `json:"stored"` // by the keeper's clock, after its fsync
	Depot   string       `json:"depot"`  // the keeper's name
	ID      string       `json:"id,omitempty"`
	Kind    string       `json:"kind,omitempty"`  // certificate, notice, summary
	State   record.State `json:"state,omitempty"` // the keeper's own judgement; empty for a summary
	Virtual bool         `json:"virtual,omitempty"`

	// Raw is the receipt as it came, to be kept: a signed envelope from a depot,
	// the canonical JSON of this value from a folder.
	Raw []byte `json:"-"`
}

// DecodeReceipt reads the canonical JSON of a receipt. It says nothing of who
// signed it.
func DecodeReceipt(payload []byte) (Receipt, error) {
	var r Receipt
	if err := record.Unmarshal(payload, &r); err != nil {
		return Receipt{}, fmt.Errorf("%w: %w", ErrReceipt, err)
	}
	switch {
	case r.Format != ReceiptFormat:
		return Receipt{}, fmt.Errorf("%w: format %q, want %q", ErrReceipt, r.Format, ReceiptFormat)
	case !ValidDigest(r.Digest):
		return Receipt{}, fmt.Errorf("%w: digest %q", ErrReceipt, r.Digest)
	case r.Depot == "":
		return Receipt{}, fmt.Errorf("%w: it names no depot", ErrReceipt)
	}
	return r, nil
}

// Covers is nil when the receipt is for this very paper.
func (r Receipt) Covers(b Bundle) error {
	if d := b.Digest(); r.Digest != d || r.Size != record.Size(len(b.PDF)) {
		return fmt.Errorf("%w: it is for %s (%d bytes), not for %s (%d bytes)",
			ErrReceipt, r.Digest, r.Size, d, len(b.PDF))
	}
	return nil
}

// ReadReceipt reads a receipt as it is kept (Receipt.Raw) without checking any
// signature: for what the reader stored itself after the check.
func ReadReceipt(raw []byte) (Receipt, error) {
	payload, err := sign.UnverifiedPayload(raw, sign.PayloadReceipt)
	if errors.Is(err, sign.ErrUnsigned) {
		payload, err = raw, nil
	}
	if err != nil {
		return Receipt{}, fmt.Errorf("%w: %w", ErrReceipt, err)
	}
	r, err := DecodeReceipt(payload)
	r.Raw = raw
	return r, err
}

// IntentReceipt says that an intent is on stable storage somewhere that outlives
// the machine (law 8: intent before act).
type IntentReceipt struct {
	Format string      `json:"format"` // IntentReceiptFormat
	Digest record.Hex  `json:"digest"` // SHA-256 of the intent's bytes
	Size   record.Size `json:"size"`
	Stored record.Time `json:"stored"`
	Depot  string      `json:"depot"`
}

// DecodeIntentReceipt reads the canonical JSON of an intent receipt and checks
// that it is for this very intent.
func DecodeIntentReceipt(payload, intent []byte) (IntentReceipt, error) {
	var r IntentReceipt
	if err := record.Unmarshal(payload, &r); err != nil {
		return IntentReceipt{}, fmt.Errorf("%w: %w", ErrReceipt, err)
	}
	d := record.Digest(intent)
	switch {
	case r.Format != IntentReceiptFormat:
		return IntentReceipt{}, fmt.Errorf("%w: format %q, want %q", ErrReceipt, r.Format, IntentReceiptFormat)
	case r.Digest != d || r.Size != record.Size(len(intent)):
		return IntentReceipt{}, fmt.Errorf("%w: it is for intent %s, not for %s", ErrReceipt, r.Digest, d)
	case r.Depot == "":
		return IntentReceipt{}, fmt.Errorf("%w: it names no depot", ErrReceipt)
	}
	return r, nil
}

// ValidIntent is nil when b may be acknowledged: a canonical JSON object
// (RFC 8785) of at most MaxIntent bytes. What it says is not looked at.
func ValidIntent(b []byte) error {
	if len(b) > MaxIntent {
		return fmt.Errorf("intent has %d bytes, at most %d", len(b), MaxIntent)
	}
	if len(b) == 0 || b[0] != '{' {
		return errors.New("intent is not a JSON object")
	}
	again, err := record.Canonical(b)
	if err != nil {
		return fmt.Errorf("intent: %w", err)
	}
	if string(again) != string(b) {
		return fmt.Errorf("intent: %w", record.ErrNotCanonical)
	}
	return nil
}
