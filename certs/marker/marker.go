// Package marker makes and opens the signed marker of a delivery stick. The
// marker says, by the word of an approver, that one drive, named by its serial
// number, is there to take papers: a drive that merely bears the right label,
// or a copy of another stick's files, is no delivery stick.
//
// On the stick it is the file [Path], a DSSE envelope (payload type
// sign.PayloadMarker, role order approval) over the canonical JSON of [Marker]:
//
//	{"drive":{"serial":"4C5300"},"format":"lethe.marker/v1",
//	 "issued":"2026-11-24T09:00:00.000000000Z","purpose":"delivery",
//	 "window":{"notAfter":"…","notBefore":"…"}}
//
// A marker permits nothing to be erased and protects nothing by itself.
package marker

import (
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"lethe/certs/record"
	"lethe/certs/sign"
)

// Format names the marker format this package writes and reads.
const Format = "lethe.marker/v1"

// PurposeDelivery is the only purpose there is: the stick takes papers and
// intents, and may bring an order.
const PurposeDelivery = "delivery"

// Where things lie on a stick, with slashes, from its root.
const (
	Path      = "LETHE/marker.dsse.json" // the marker
	OrderPath = "LETHE/order.dsse.json"  // an order, where the site names none
	Papers    = "LETHE/papers"           // the folder for papers and intents
	Handover  = "LETHE/handover"         // the folder for what a task can go on with after a loss of power
)

// MaxSize bounds the file in bytes.
const MaxSize = 64 << 10

// Why a marker does not make a stick.
var (
	ErrMalformed = errors.New("marker is malformed")
	ErrSigner    = errors.New("marker is not signed by a trusted approver")
	ErrDrive     = errors.New("marker is for another drive")
	ErrTime      = errors.New("marker is not valid now")
)

// Marker binds a purpose to a drive for a time.
type Marker struct {
	Format  string             `json:"format"`
	Purpose string             `json:"purpose"`
	Drive   record.DriveTarget `json:"drive"`
	Issued  record.Time        `json:"issued"`
	Window  record.Window      `json:"window"` // when it may be used
}

// Validate checks what can be checked without a clock or a drive.
func (m Marker) Validate() error {
	bad := func(f string, a ...any) error {
		return fmt.Errorf("%w: %s", ErrMalformed, fmt.Sprintf(f, a...))
	}
	switch {
	case m.Format != Format:
		return bad("format %q, want %q", m.Format, Format)
	case m.Purpose != PurposeDelivery:
		return bad("purpose %q, want %s", m.Purpose, PurposeDelivery)
	case m.Drive.Serial == "" || m.Drive.NSID < 0:
		return bad("no serial number, or namespace %d", m.Drive.NSID)
	case !m.Window.NotAfter.After(m.Window.NotBefore.Time):
		return bad("window ends before it begins")
	}
	return nil
}

// Sign writes a valid marker in its envelope. The signer must be an approver.
func Sign(m Marker, s sign.Signer) ([]byte, error) {
	if err := m.Validate(); err != nil {
		return nil, err
	}
	b, err := record.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	env, err := sign.SignDSSE(sign.PayloadMarker, b, s)
	if err != nil {
		return nil, fmt.Errorf("sign marker: %w", err)
	}
	return env, nil
}

// Open returns a valid marker that an approver signed whose chain leads to one of
// the roots at that time. Which drive it lies on is asked with [Marker.Permits].
func Open(env []byte, roots *x509.CertPool, at time.Time) (Marker, error) {
	if len(env) > MaxSize {
		return Marker{}, fmt.Errorf("%w: more than %d bytes", ErrMalformed, MaxSize)
	}
	b, _, err := sign.VerifyDSSE(env, sign.PayloadMarker, roots, sign.RoleOrder, at)
	if err != nil {
		if errors.Is(err, sign.ErrMalformed) || errors.Is(err, sign.ErrType) {
			return Marker{}, fmt.Errorf("%w: %w", ErrMalformed, err)
		}
		return Marker{}, fmt.Errorf("%w: %w", ErrSigner, err)
	}
	var m Marker
	if err := record.Unmarshal(b, &m); err != nil {
		return Marker{}, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return m, m.Validate()
}

// Permits is nil when the drive on which the marker was found is the one it
// names, now.
func (m Marker) Permits(now time.Time, id record.Identity) error {
	switch {
	case !m.Drive.Matches(id):
		return fmt.Errorf("%w: it names serial %s, this is %s", ErrDrive, m.Drive.Serial, id.Name())
	case now.Before(m.Window.NotBefore.Time):
		return fmt.Errorf("%w: it begins %s, the clock says %s", ErrTime, m.Window.NotBefore, record.At(now))
	case now.After(m.Window.NotAfter.Time):
		return fmt.Errorf("%w: it ended %s, the clock says %s", ErrTime, m.Window.NotAfter, record.At(now))
	}
	return nil
}
