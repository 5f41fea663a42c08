package sysinit

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// stepClock moves the system's clock by d. The RTC is left alone: it is the
// machine's, not ours.
func stepClock(d time.Duration) error {
	ts, err := unix.TimeToTimespec(time.Now().Add(d))
	if err != nil {
		return fmt.Errorf("set clock: %w", err)
	}
	if err := unix.ClockSettime(unix.CLOCK_REALTIME, &ts); err != nil {
		return fmt.Errorf("set clock: %w", err)
	}
	return nil
}
