package sysinit

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Hotplug follows the devices that come and go: it loads their drivers, as long
// as modules may be loaded, and tells about drives. It works from Run on until
// Run's context ends.
type Hotplug struct {
	l    *loader
	say  func(Event)
	gate string // modulesDisabled; tests have one of their own

	mu      sync.Mutex
	disks   []string
	since   time.Time     // of the last change, of drives or of modules
	last    time.Duration // from the kernel's start to the last drive that came
	settled bool
}

// How often /sys is looked at where the kernel sends no messages, and where it
// does and one may have been lost.
const (
	pollAlone  = 2 * time.Second
	pollBeside = 30 * time.Second
)

// newHotplug begins to follow; without the kernel's messages /sys is polled.
func newHotplug(ctx context.Context, l *loader, say func(Event)) *Hotplug {
	h := &Hotplug{l: l, say: say, gate: modulesDisabled, since: time.Now()}
	h.look()
	every := pollAlone
	if s, err := openUevents(); err == nil {
		every = pollBeside
		go s.read(ctx, h.handle)
	}
	go h.poll(ctx, every)
	return h
}

func (h *Hotplug) poll(ctx context.Context, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			h.handle(lostUevents)
		}
	}
}

// handle acts on one message. A driver may take as long as its drives need to
// spin up: the messages go on.
func (h *Hotplug) handle(e uevent) {
	switch {
	case e.Action == lostUevents.Action:
		go h.found("", modaliases("/sys/bus")...)
		h.look()
	case e.drive():
		h.look()
	case e.Action == "add" && e.Modalias != "":
		h.touch() // more may follow: a hub, an adapter
		go h.found(e.Path, e.Modalias)
	}
}

// found loads for devices, and says so where that is too late.
func (h *Hotplug) found(path string, aliases ...string) {
	missing := h.l.refused(aliases)
	if len(missing) > 0 {
		h.say(DriverRefused{missing, path})
		return
	}
	if h.l.loadAliases(aliases...) {
		h.touch()
	}
}

func (h *Hotplug) touch() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.since = time.Now()
}

// look compares the drives with those that were there before.
func (h *Hotplug) look() {
	now, up := blockDevices(), sinceKernel()
	h.mu.Lock()
	old, settled := h.disks, h.settled
	came, went := without(now, old), without(old, now)
	h.disks = now
	if len(came)+len(went) > 0 {
		h.since = time.Now()
	}
	if len(came) > 0 {
		h.last = up
	}
	h.mu.Unlock()
	if !settled {
		return
	}
	for _, d := range came {
		h.say(DriveAppeared{d, devicePath(d)})
	}
	for _, d := range went {
		h.say(DriveGone{d})
	}
}

func without(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(s string) bool { return slices.Contains(b, s) })
}

func devicePath(disk string) string {
	to, err := os.Readlink(filepath.Join("/sys/block", disk))
	if err != nil {
		return ""
	}
	return strings.TrimPrefix(to, "../devices/")
}

// sinceKernel is the time from the kernel's first line, whose clock starts it.
func sinceKernel() time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts); err != nil {
		return 0
	}
	return time.Duration(ts.Nano())
}

const modulesDisabled = "/proc/sys/kernel/modules_disabled"

// CloseModules makes the kernel refuse every further module until it is started
// again, /sbin/modprobe's and those of an intruder among them. It is to be
// called before the first write to a drive. The drivers of what may still be
// plugged in, as the image's profile lists them, are loaded before, so that a
// drive which comes later is seen; a controller whose driver is not among them
// is a [DriverRefused].
func (h *Hotplug) CloseModules() error {
	if !InImage() {
		return ErrNotImage // it would be for an ordinary machine's whole life
	}
	h.l.load(h.l.list.Hotplug...)
	h.l.close()
	if err := os.WriteFile(h.gate, []byte("1"), 0); err != nil {
		return fmt.Errorf("close modules: %w", err)
	}
	h.say(ModulesClosed{})
	return nil
}
