package record

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// OrderFormat names the order format this package writes and reads.
const OrderFormat = "lethe.order/v1"

// The reasons an order may give.
const (
	ReasonDecommission = "decommission"
	ReasonTermination  = "contract-termination"
)

// Order is the authorisation to erase named drives of one machine.
type Order struct {
	Format   string        `json:"format"`
	ID       string        `json:"id"`
	Issued   Time          `json:"issued"`
	Reason   string        `json:"reason"`
	Labels   Labels        `json:"labels"`
	Machine  MachineTarget `json:"machine"`
	Drives   []DriveTarget `json:"drives"`
	Count    int64         `json:"count"` // exact number of drives: must equal len(Drives)
	Least    Method        `json:"least"` // least method that will do
	Profile  string        `json:"profile"`
	StepDown bool          `json:"stepDown,omitempty"`
	Pattern  string        `json:"pattern,omitempty"` // PatternStream when empty
	Verify   string        `json:"verify,omitempty"`  // least verification; CheckFull when empty
	// Technique is the one that is to be used; the strongest there is when empty.
	Technique Technique `json:"technique,omitempty"`
	// Crypto is the approver's word on the drives' encryption, without which a
	// cryptographic erase alone counts for nothing.
	Crypto *CryptoDeclaration `json:"crypto,omitempty"`
	Window Window             `json:"window"`
}

// Check is the least verification the order asks for.
func (o Order) Check() string {
	if o.Verify == "" {
		return CheckFull
	}
	return o.Verify
}

// MachineTarget binds an order to one machine. Every field that is set must match.
type MachineTarget struct {
	Serial string `json:"serial,omitempty"`
	UUID   string `json:"uuid,omitempty"`
}

// DriveTarget binds an order to one drive. Every field that is set must match;
// Serial is required.
type DriveTarget struct {
	Serial string `json:"serial"`
	Model  string `json:"model,omitempty"`
	WWN    string `json:"wwn,omitempty"`
	NSID   int64  `json:"nsid,omitempty"`
	// Remote is the one transport and address over which the drive is attached, as
	// Device.RemoteAt spells it. Without it a remote drive stays held.
	Remote string `json:"remote,omitempty"`
}

// Window is when an erase may start.
type Window struct {
	NotBefore Time `json:"notBefore"`
	NotAfter  Time `json:"notAfter"`
}

// Labels are the names people know the job by. All are free text.
type Labels struct {
	Contract       string `json:"contract,omitempty"`
	Customer       string `json:"customer,omitempty"`
	ServiceCode    string `json:"serviceCode,omitempty"`
	AssetTag       string `json:"assetTag,omitempty"`
	Site           string `json:"site,omitempty"`
	Operator       Person `json:"operator"`
	Source         string `json:"source,omitempty"`         // media source: user or computer it came from
	Destination    string `json:"destination,omitempty"`    // where the media goes next
	Backup         string `json:"backup,omitempty"`         // whether data was backed up, and where
	Classification string `json:"classification,omitempty"` // confidentiality before sanitisation
}

// Person is who did or answers for something (NIST SP 800-88r1 §4.8).
type Person struct {
	Name         string `json:"name,omitempty"`
	Title        string `json:"title,omitempty"`
	Organization string `json:"organization,omitempty"`
	Contact      string `json:"contact,omitempty"`
}

// OrderRef pins the order a task ran under.
type OrderRef struct {
	ID       string   `json:"id"`
	Digest   Hex      `json:"digest"` // SHA-256 of the order's canonical bytes
	Reason   string   `json:"reason"`
	Approved []string `json:"approved"` // common names of the approving certificates
}

// Why an order does not permit.
var (
	ErrOrderExpired   = errors.New("order has expired")
	ErrOrderEarly     = errors.New("order is not valid yet")
	ErrOrderMachine   = errors.New("order is for another machine")
	ErrOrderMalformed = errors.New("order is malformed")
)

// Validate checks what can be checked without a clock or a machine.
func (o Order) Validate() error {
	bad := func(f string, a ...any) error {
		return fmt.Errorf("%w: %s", ErrOrderMalformed, fmt.Sprintf(f, a...))
	}
	switch {
	case o.Format != OrderFormat:
		return bad("format %q, want %q", o.Format, OrderFormat)
	case o.ID == "":
		return bad("no id")
	case o.Reason != ReasonDecommission && o.Reason != ReasonTermination:
		return bad("reason %q, want %s or %s", o.Reason, ReasonDecommission, ReasonTermination)
	case o.Machine == MachineTarget{}:
		return bad("no machine serial or UUID")
	case len(o.Drives) == 0:
		return bad("no drives")
	case o.Count != int64(len(o.Drives)):
		return bad("count %d, but %d drives are listed", o.Count, len(o.Drives))
	case o.Least.Rank() < 1 || o.Least == MethodDestroy:
		return bad("least method %q, want Clear or Purge", o.Least)
	case o.Profile == "":
		return bad("no profile")
	case o.Pattern != "" && o.Pattern != PatternStream && o.Pattern != PatternZero:
		return bad("pattern %q, want %s or %s", o.Pattern, PatternStream, PatternZero)
	case !checkable(o.Check()):
		return bad("verification %q, want %s, %s or %sN", o.Verify, CheckFull, CheckSampled, CheckPercentage)
	case o.Technique != "" && !slices.Contains(Techniques(), o.Technique):
		return bad("technique %q is none", o.Technique)
	case o.Crypto.wellFormed() != "":
		return bad("%s", o.Crypto.wellFormed())
	case !o.Window.NotAfter.After(o.Window.NotBefore.Time):
		return bad("window ends before it begins")
	}
	remote := ""
	for i, d := range o.Drives {
		if d.Remote != "" && remote != "" && d.Remote != remote {
			return bad("remote %q and %q: an order may name one", remote, d.Remote)
		}
		if d.Remote != "" {
			remote = d.Remote
		}
		if d.Serial == "" || d.NSID < 0 {
			return bad("a drive without a serial number, or namespace %d", d.NSID)
		}
		for _, e := range o.Drives[:i] {
			if d.overlaps(e) {
				return bad("drive %s is listed twice", d.Serial)
			}
		}
	}
	return nil
}

// overlaps reports whether one drive could match both targets: a target without
// a namespace covers them all.
func (t DriveTarget) overlaps(u DriveTarget) bool {
	return t.Serial == u.Serial && (t.NSID == u.NSID || t.NSID == 0 || u.NSID == 0)
}

// Permits checks the window and the machine. It says nothing of any drive.
func (o Order) Permits(now time.Time, m Machine) error {
	switch {
	case now.Before(o.Window.NotBefore.Time):
		return fmt.Errorf("%w: it begins %s, the clock says %s", ErrOrderEarly, o.Window.NotBefore, At(now))
	case now.After(o.Window.NotAfter.Time):
		return fmt.Errorf("%w: it ended %s, the clock says %s", ErrOrderExpired, o.Window.NotAfter, At(now))
	case o.Machine.Serial != "" && o.Machine.Serial != m.Serial:
		return fmt.Errorf("%w: serial %s, this is %q", ErrOrderMachine, o.Machine.Serial, m.Serial)
	case o.Machine.UUID != "" && !strings.EqualFold(o.Machine.UUID, m.UUID): // RFC 9562 §4
		return fmt.Errorf("%w: UUID %s, this is %q", ErrOrderMachine, o.Machine.UUID, m.UUID)
	}
	return nil
}

// Matches reports whether the target names this drive.
func (t DriveTarget) Matches(i Identity) bool {
	return t.Serial == i.Name() && t.Serial != "" &&
		(t.Model == "" || t.Model == i.Model) &&
		(t.WWN == "" || t.WWN == i.WWN) &&
		(t.NSID == 0 || t.NSID == i.NSID)
}
