package wipe

import (
	"errors"
	"time"
)

// errGone says that the drive is not there any more. What failed while it went is no
// news of its sectors.
var errGone = errors.New("the drive is gone")

// goneWithin is how long the kernel may take to learn that a drive was pulled. Until
// then its transfers fail as they do on bad sectors.
const goneWithin = 3 * time.Second

// vanished waits a little for a drive on which something has failed to go, where it
// can say so.
func vanished(d Drive) bool {
	p, ok := d.(interface{ Gone() bool })
	for end := time.Now().Add(goneWithin); ok; time.Sleep(50 * time.Millisecond) {
		if p.Gone() {
			return true
		}
		if time.Now().After(end) {
			return false
		}
	}
	return false
}
