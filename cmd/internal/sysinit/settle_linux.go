package sysinit

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

// settle loads drivers for what appears until the drives have stayed the same
// for quiet, or settleLimit is over.
func settle(ctx context.Context, l *loader, say func(Event)) ([]string, error) {
	start := time.Now()
	disks := blockDevices()
	since := start
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for time.Since(since) < quiet && time.Since(start) < settleLimit {
		select {
		case <-ctx.Done():
			return disks, fmt.Errorf("wait for drives: %w", context.Cause(ctx))
		case <-tick.C:
		}
		more := l.autoload()
		if now := blockDevices(); more || !slices.Equal(now, disks) {
			disks, since = now, time.Now()
		}
	}
	say(DisksSettled{disks, l.loaded, time.Since(start)})
	return disks, nil
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
