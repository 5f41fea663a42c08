package job

import (
	"time"

	"golang.org/x/sys/unix"
)

// SystemClock is the machine's own clock.
type SystemClock struct{}

// Mono is CLOCK_BOOTTIME: it goes on while the machine sleeps.
func (SystemClock) Mono() int64 {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts); err != nil {
		panic("internal error: clock_gettime: " + err.Error())
	}
	return ts.Nano()
}

// Wall is the wall clock.
func (SystemClock) Wall() time.Time { return time.Now() }
