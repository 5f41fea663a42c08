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
	// DisksSettled says that no drive has come or gone for a while.
	DisksSettled struct {
		Disks   []string
		Modules int // loaded by us
		Took    time.Duration
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
	// ClockJudged says what the times can be trusted for.
	ClockJudged struct{ Clock Clock }
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

func (e DisksSettled) String() string {
	return fmt.Sprintf("%d drives after %.1f s, %d drivers loaded: %s",
		len(e.Disks), e.Took.Seconds(), e.Modules, strings.Join(e.Disks, " "))
}

func (e LinkDown) String() string { return e.NIC + ": no cable" }

func (e Leased) String() string {
	return fmt.Sprintf("%s: address %s, router %s", e.Lease.NIC, e.Lease.Address, e.Lease.Router)
}

func (e NetworkFailed) String() string { return fmt.Sprintf("%s: %v", e.NIC, e.Err) }

func (e ClockJudged) String() string { return "clock: " + e.Clock.String() }

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
