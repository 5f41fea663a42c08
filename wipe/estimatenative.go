package wipe

import (
	"time"

	"lethe/certs/record"
)

// Estimated is how long the drive says that its own commands of the task take, of act
// alone where one is given; 0 where it says nothing of one of them.
func Estimated(t record.Task, act record.Act) (sum time.Duration) {
	for _, a := range t.Acts {
		if act != "" && a != act {
			continue
		}
		m := minutes(t.Device, a)
		if m <= 0 {
			return 0
		}
		sum += m
	}
	return sum
}

func minutes(d record.Device, act record.Act) time.Duration {
	for _, c := range d.Capabilities {
		if c.Act == act {
			return time.Duration(c.Minutes) * time.Minute
		}
	}
	return 0
}
