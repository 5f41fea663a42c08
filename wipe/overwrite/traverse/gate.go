package traverse

import "context"

// gate lets transfers through together, or one of them alone. Narrowing goes
// alone: a failing command can take the commands beside it down (an ATA drive
// aborts its whole queue, a reset hits all that is in flight), and sectors must
// not be blamed for their neighbours.
type gate struct {
	turn  chan struct{} // one place: who may gather all slots
	slots chan struct{} // a place for each transfer in flight
}

func newGate(n int) *gate {
	return &gate{turn: make(chan struct{}, 1), slots: make(chan struct{}, n)}
}

// together waits for a place beside others; it is false when ctx ended first.
// The caller gives it back with leave(1).
func (g *gate) together(ctx context.Context) bool { return enter(ctx, g.slots) }

// alone waits until nobody else is inside; it is false when ctx ended first. The
// caller, who must hold no place, gives all of them back with depart.
func (g *gate) alone(ctx context.Context) bool {
	if !enter(ctx, g.turn) {
		return false
	}
	for n := range cap(g.slots) {
		if !enter(ctx, g.slots) {
			g.leave(n)
			<-g.turn
			return false
		}
	}
	return true
}

// depart ends alone.
func (g *gate) depart() {
	g.leave(cap(g.slots))
	<-g.turn
}

func (g *gate) leave(n int) {
	for range n {
		<-g.slots
	}
}

func enter(ctx context.Context, c chan struct{}) bool {
	if ctx.Err() != nil {
		return false
	}
	select {
	case c <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}
