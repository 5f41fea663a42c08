package wipe

import (
	"time"

	"lethe/certs/record"
)

// WorkerPID is the process of a worker that Processes started.
func WorkerPID(w Worker) int { return w.(*process).cmd.Process.Pid }

// SilentAfter is how much of a silence counts where the worker asked for allow.
func SilentAfter(silence, allow time.Duration) time.Duration {
	p := newPulse()
	p.beat(allow, false)
	p.last = p.last.Add(-silence)
	d, _ := p.silent()
	return d.Round(time.Second)
}

// CarryOut lets this version give commands of the drive's own, for the time of a test.
func CarryOut(acts ...record.Act) (undo func()) {
	was := carriedOut
	carriedOut = map[record.Act]bool{}
	for _, a := range acts {
		carriedOut[a] = true
	}
	return func() { carriedOut = was }
}
