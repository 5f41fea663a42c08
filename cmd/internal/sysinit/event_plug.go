package sysinit

import (
	"fmt"
	"strings"
	"time"
)

type (
	// AgentRunning says when the agent began, after the kernel's first line.
	AgentRunning struct{ Since time.Duration }
	// DisksSettled says that no drive has come or gone for a while.
	DisksSettled struct {
		Disks   []string
		Modules int           // loaded by us
		Last    time.Duration // the last drive came so long after the kernel's first line
		Waiting []string      // adapters and drives that had not answered by then
	}
	// DriveAppeared is a finding: a drive that came during the run. It is in no
	// plan, and so nothing is done to it.
	DriveAppeared struct {
		Name string // in /sys/block
		Path string // of the device below /sys/devices
	}
	// DriveGone is a drive that left during the run.
	DriveGone struct{ Name string }
	// DriverRefused is a finding: a device that came when no module may be loaded
	// any more, so that what hangs on it cannot be seen.
	DriverRefused struct {
		Modules []string
		Path    string // of the device below /sys/devices
	}
	// ModulesClosed says that the kernel takes no module until it is started again.
	ModulesClosed struct{}
)

func (e AgentRunning) String() string {
	return fmt.Sprintf("agent running %.1f s after the kernel's first line", e.Since.Seconds())
}

func (e DisksSettled) String() string {
	s := fmt.Sprintf("%d drives, the last seen %.1f s after the kernel's first line, %d drivers loaded: %s",
		len(e.Disks), e.Last.Seconds(), e.Modules, strings.Join(e.Disks, " "))
	if len(e.Waiting) > 0 {
		s += "; gave up waiting for " + strings.Join(e.Waiting, ", ")
	}
	return s
}

func (e DriveAppeared) String() string {
	return fmt.Sprintf("drive %s appeared during the run: it is in no plan and stays as it is (%s)", e.Name, e.Path)
}

func (e DriveGone) String() string { return fmt.Sprintf("drive %s went away", e.Name) }

func (e DriverRefused) String() string {
	return fmt.Sprintf("a device appeared during the run whose driver (%s) may not be loaded any more; "+
		"drives behind it cannot be seen: start the machine again with it plugged in (%s)",
		strings.Join(e.Modules, " "), e.Path)
}

func (ModulesClosed) String() string { return "no more drivers are loaded from here on" }
