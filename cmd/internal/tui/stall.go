package tui

import (
	"fmt"
	"time"

	"lethe/certs/record"
	"lethe/wipe"
)

// Tell is the engine's teller: it prints a line that stays, naming the drive, and
// marks the drive's row as long as it gives no sign of life.
func (s *Screen) Tell(e wipe.Event) {
	switch e := e.(type) {
	case wipe.Stalled:
		s.mark(e.Task.ID, e.Since)
		s.Say("%s gives no sign of life since %s: look at its cable and power, or pull it. The other drives go on. It is given up in %s.",
			whole(e.Task.Device), e.Since.UTC().Format("15:04:05 UTC"), Clock(e.Left))
	case wipe.Resumed:
		s.mark(e.Task.ID, time.Time{})
		s.Say("%s answers again, after %s", whole(e.Task.Device), Clock(e.Silent))
	case wipe.Hot:
		s.rest(e.Task.ID, e.Celsius, !e.Over)
		if e.Over {
			s.Say("%s has cooled to %d °C and goes on, after %s", whole(e.Task.Device), e.Celsius, Clock(time.Duration(e.Nanos)))
		} else {
			s.Say("%s is %d °C hot, its own limit is %d: it rests until it has cooled. Look at its fans.", whole(e.Task.Device), e.Celsius, e.Limit)
		}
	case wipe.Queued:
		s.Say("%s waits: %d drives behind the host adapter %s are at work", whole(e.Task.Device), e.Most, e.Adapter)
	case wipe.Aborted:
		s.Say("%s is aborted by %s; the other drives go on", whole(e.Task.Device), e.By)
	case wipe.GivenUp:
		s.mark(e.Task.ID, time.Time{})
		how := "its worker was killed"
		if !e.Killed {
			how = "its worker is stuck in the kernel: do not use the drive before this machine was switched off"
		}
		s.Say("%s gave no sign of life for %s and is given up; %s",
			whole(e.Task.Device), Clock(e.Silent), how)
	}
}

// whole names a drive by its serial number and where it is plugged in.
func whole(d record.Device) string {
	if name := shortName(d); name != d.Node && d.Node != "" {
		return name + " (" + d.Node + ")"
	}
	return shortName(d)
}

// rest notes that a drive rests since it is too hot, or does no more.
func (s *Screen) rest(task string, celsius int64, hot bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.find(task); r != nil {
		r.hot = ""
		if hot {
			r.hot = fmt.Sprintf(" rests at %d °C until it has cooled", celsius)
		}
	}
}

// mark notes since when a drive gives no sign of life; the zero time that it does.
func (s *Screen) mark(task string, since time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.find(task); r != nil {
		r.silent = since
	}
}

// silence is the row of a drive that gives no sign of life.
func silence(since time.Time) string {
	return fmt.Sprintf(" no sign of life for %s", Clock(time.Since(since)))
}
