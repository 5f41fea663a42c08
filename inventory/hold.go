package inventory

import (
	"fmt"
	"strings"
)

// HoldKind is why a drive must be left alone.
type HoldKind string

// The kinds. None of them can be lifted by a flag (law 7).
const (
	HoldMounted    HoldKind = "mounted"     // it, or what is built on it, is mounted
	HoldSwap       HoldKind = "swap"        // the machine swaps to it
	HoldHeld       HoldKind = "held"        // LVM, md, dm, LUKS, bcache, btrfs, a loop device
	HoldBoot       HoldKind = "boot-medium" // the machine runs from it or was booted from it
	HoldReadOnly   HoldKind = "read-only"
	HoldRemote     HoldKind = "remote"     // iSCSI, Fibre Channel, NVMe over fabrics
	HoldReserved   HoldKind = "reserved"   // a reservation or registration of another host
	HoldShared     HoldKind = "shared"     // a cluster's label on a path that leaves the machine; served to other machines
	HoldMultipath  HoldKind = "multipath"  // one path of a drive that device mapper drives by several
	HoldIdentity   HoldKind = "identity"   // it cannot say who it is
	HoldDuplicate  HoldKind = "duplicate"  // another drive says it is the same
	HoldZoned      HoldKind = "zoned"      // host-managed zones, ZNS
	HoldSize       HoldKind = "size"       // no size, or kernel and drive disagree on it
	HoldUnreadable HoldKind = "unreadable" // it did not answer, or its use cannot be told
	HoldTransport  HoldKind = "transport"  // attached in a way Lethe does not know
)

// Hold is one reason to leave a drive alone. Detail is a sentence's part for the
// operator: "sda2 is mounted on /srv".
type Hold struct {
	Kind   HoldKind `json:"kind"`
	Detail string   `json:"detail"`
}

// HoldError lists every reason a drive must be left alone.
type HoldError struct {
	Node  string
	Holds []Hold
}

func (e *HoldError) Error() string {
	words := make([]string, len(e.Holds))
	for i, h := range e.Holds {
		words[i] = fmt.Sprintf("%s (%s)", h.Kind, h.Detail)
	}
	return e.Node + " is held: " + strings.Join(words, "; ")
}

// Has reports whether one of the reasons is of kind k.
func (e *HoldError) Has(k HoldKind) bool {
	for _, h := range e.Holds {
		if h.Kind == k {
			return true
		}
	}
	return false
}

// Eligible is nil when nothing is known that forbids erasing the drive, else a
// *HoldError with every reason. A drive that something opened exclusively
// without a trace in /sys or /proc shows only when Open tries to claim it.
func (d Device) Eligible() error {
	holds := d.Holds
	// The zero Device, and one put together by hand, permit nothing.
	if !d.Identity.Known() && !hasKind(holds, HoldIdentity) && !hasKind(holds, HoldUnreadable) {
		holds = append(append([]Hold(nil), holds...), noIdentity)
	}
	if d.NodePath == "" || d.Size == 0 {
		holds = append(append([]Hold(nil), holds...), Hold{HoldSize, "it has no device file or no size"})
	}
	if len(holds) == 0 {
		return nil
	}
	return &HoldError{Node: d.NodePath, Holds: holds}
}

var noIdentity = Hold{HoldIdentity, "it reports no serial number and no world-wide name"}

func hasKind(hs []Hold, k HoldKind) bool { return (&HoldError{Holds: hs}).Has(k) }
