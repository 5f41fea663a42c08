package traverse

import "time"

// Queue is a device that keeps several transfers in flight for one caller. One goroutine
// at a time uses it, and stays on its thread.
type Queue interface {
	// Most is the size in bytes of the largest transfer that the device takes in one
	// piece; 0 says that it has no queue.
	Most() int
	// Start begins to write p at off, or to read it. id comes back from Await.
	Start(write bool, p []byte, off int64, id int) error
	// Await tells of every transfer that ended. When there is none it waits for the
	// first, no longer than limit. Its error ends the traversal.
	Await(limit time.Duration, ended func(id, n int, err error)) error
}

// Queued is a Step whose first attempts a queue can make. Do is called when one was
// made, and narrows what failed by itself.
type Queued interface {
	Step
	Queue() Queue // nil where there is none
	// Start begins the transfer of p.
	Start(q Queue, p []byte, off int64, id int) error
}

// queueBytes is how much is in flight through a queue where nobody says otherwise.
const queueBytes = 4 << 20

// queueOf returns s where its device has a queue, else nil.
func queueOf(s Step) Queued {
	if q, ok := s.(Queued); ok {
		if d := q.Queue(); d != nil && d.Most() > 0 {
			return q
		}
	}
	return nil
}

// suit chooses what was left open for a queue that takes transfers of most bytes in one
// piece.
func (o *Options) suit(most, sector int) {
	if o.Buffer == 0 {
		o.Buffer = max(min(DefaultBuffer, most)/max(sector, 4096), 1) * max(sector, 4096)
	}
	if o.InFlight == 0 {
		o.InFlight = min(max(queueBytes/max(o.Buffer, 1), 4), 32)
	}
}
