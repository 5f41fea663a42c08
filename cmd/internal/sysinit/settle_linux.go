package sysinit

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// look at the state so often; what changes it is told by the kernel.
const settleTick = 50 * time.Millisecond

// settle waits until no driver is being loaded, nothing is known to be on its
// way, and the drives have stayed the same for quiet; or settleLimit is over.
func (h *Hotplug) settle(ctx context.Context) ([]string, error) {
	start := time.Now()
	tick := time.NewTicker(settleTick)
	defer tick.Stop()
	for {
		since := h.quietSince()
		late := time.Since(start) > settleLimit
		if late || h.l.idle() && time.Since(since) >= quiet {
			waiting := pending("/sys", time.Since(start) > answerLimit)
			if late || len(waiting) == 0 {
				return h.settledWith(waiting), nil
			}
		}
		select {
		case <-ctx.Done():
			return h.settledWith(nil), fmt.Errorf("wait for drives: %w", context.Cause(ctx))
		case <-tick.C:
		}
	}
}

func (h *Hotplug) quietSince() time.Time {
	h.look()
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.since
}

// settledWith ends the time in which drives just belong there.
func (h *Hotplug) settledWith(waiting []string) []string {
	h.mu.Lock()
	h.settled = true
	disks, last := slices.Clone(h.disks), h.last
	h.mu.Unlock()
	h.say(DisksSettled{disks, h.l.count(), last, waiting})
	return disks
}

// pending returns what has been found but has not answered yet: USB mass storage
// whose driver has not asked it for its drives (usb-storage waits one second
// before it does), and disks that sd is still spinning up. With patience over,
// USB is not waited for any more: an empty card reader need not answer.
func pending(sys string, impatient bool) []string {
	var out []string
	if !impatient {
		ifs, _ := filepath.Glob(filepath.Join(sys, "bus/usb/devices/*:*"))
		for _, p := range ifs {
			if readTrim(p, "bInterfaceClass") == "08" && exists(filepath.Join(p, "driver")) &&
				!globs(p, "host*/target*") {
				out = append(out, "USB "+filepath.Base(p))
			}
		}
	}
	devs, _ := filepath.Glob(filepath.Join(sys, "bus/scsi/devices/*:*:*:*"))
	for _, p := range devs {
		// Disks (0) and host-managed zoned ones (20) that a driver has taken.
		if typ := readTrim(p, "type"); (typ == "0" || typ == "20") &&
			exists(filepath.Join(p, "driver")) && !globs(p, "block/*") {
			out = append(out, "SCSI "+filepath.Base(p))
		}
	}
	return out
}

func globs(dir, pattern string) bool {
	m, _ := filepath.Glob(filepath.Join(dir, pattern))
	return len(m) > 0
}

func readTrim(elem ...string) string {
	b, err := os.ReadFile(filepath.Join(elem...))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

// blockDevices returns the sorted names in /sys/block that are not made by the
// kernel for its own use.
func blockDevices() []string {
	es, err := os.ReadDir("/sys/block")
	if err != nil {
		return nil
	}
	var out []string
	for _, e := range es {
		n := e.Name()
		if !strings.HasPrefix(n, "loop") && !strings.HasPrefix(n, "ram") {
			out = append(out, n)
		}
	}
	return out
}
