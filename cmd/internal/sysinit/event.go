package sysinit

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"lethe/image/label"
)

// Event is one thing that happened; String is a line for people.
type Event interface{ String() string }

type (
	// ImageFound is the first event.
	ImageFound struct{ Label label.Label }
	// Mounted is a file system that init had left out.
	Mounted struct{ Type, Target string }
	// WordRefused is a lethe.* word of the command line that the site file does
	// not permit or nobody knows.
	WordRefused struct{ Word string }
	// ModuleFailed is a driver that was asked for and did not load.
	ModuleFailed struct {
		Name string
		Err  error
	}
	// LinkDown is a wired interface without a cable.
	LinkDown struct{ NIC string }
	// Leased is an interface that has an address.
	Leased struct{ Lease Lease }
	// NetworkFailed is an interface that has none.
	NetworkFailed struct {
		NIC string
		Err error
	}
	// NetworkAbsent says that no interface has an address, for how long, and why.
	NetworkAbsent struct {
		For    time.Duration
		Why    []string
		Static bool // the site file gives the address
	}
	// NeighbourSeen is a switch that said over LLDP who it is.
	NeighbourSeen struct{ Neighbour Neighbour }
	// ClockJudged says what the times can be trusted for.
	ClockJudged struct{ Clock Clock }
	// KeymapFailed leaves the keyboard as the kernel has it.
	KeymapFailed struct{ Err error }
	// NTPFailed is a server that gave no usable answer.
	NTPFailed struct {
		Server string
		Err    error
	}
)

func (e ImageFound) String() string {
	return fmt.Sprintf("image %s %s, profile %s, kernel %s, digest %.16s",
		e.Label.Name, e.Label.Version, e.Label.Profile, e.Label.Kernel.Release, e.Label.Digest)
}

func (e Mounted) String() string { return fmt.Sprintf("mounted %s on %s", e.Type, e.Target) }

func (e WordRefused) String() string {
	return fmt.Sprintf("command line: %s is not permitted here, ignored", e.Word)
}

func (e ModuleFailed) String() string { return fmt.Sprintf("driver %s: %v", e.Name, e.Err) }

func (e LinkDown) String() string { return e.NIC + ": no cable" }

func (e Leased) String() string {
	s := fmt.Sprintf("%s: address %s", e.Lease.NIC, e.Lease.Address)
	if e.Lease.Router.IsValid() {
		s += fmt.Sprintf(", router %s", e.Lease.Router)
	}
	return s
}

func (e NetworkFailed) String() string { return fmt.Sprintf("%s: %v", e.NIC, e.Err) }

func (e NetworkAbsent) String() string {
	const calm = "; it is tried again and again, drives are listed and erased without it," +
		" and papers wait in memory as long as this machine stays on"
	if len(e.Why) == 0 {
		return "NO NETWORK: this machine shows no wired interface: plug in an adapter of a supported kind" + calm
	}
	do := "check the switch port, its VLAN and the DHCP server"
	if e.Static {
		do = "check the switch port and its VLAN"
	}
	if !strings.Contains(strings.Join(e.Why, ""), "dhcp") {
		do = "plug in a network cable, or " + do
	}
	return fmt.Sprintf("NO NETWORK for %v (%s): %s%s", e.For.Round(time.Second), strings.Join(e.Why, "; "), do, calm)
}

func (e NeighbourSeen) String() string { return "connected: " + e.Neighbour.String() }

func (e ClockJudged) String() string { return "clock: " + e.Clock.String() }

func (e KeymapFailed) String() string { return "keyboard: " + e.Err.Error() }

func (e NTPFailed) String() string { return fmt.Sprintf("time server %s: %v", e.Server, e.Err) }

// serial makes emit safe to call from several goroutines; nil drops events.
func serial(emit func(Event)) func(Event) {
	var mu sync.Mutex
	return func(e Event) {
		if emit == nil {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		emit(e)
	}
}
