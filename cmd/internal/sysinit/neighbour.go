package sysinit

import (
	"context"
	"maps"
	"slices"

	"lethe/cmd/internal/sysinit/lldp"
)

// Neighbour is what the switch at the other end of an interface's cable said.
type Neighbour struct {
	NIC string
	lldp.Neighbour
}

func (n Neighbour) String() string {
	s := n.NIC + " to " + n.Chassis
	if n.System != "" {
		s = n.NIC + " to " + n.System + " (" + n.Chassis + ")"
	}
	return s + ", port " + n.Port
}

// Neighbours are those heard of so far, by interface.
func (n *Net) Neighbours() []Neighbour {
	n.mu.Lock()
	defer n.mu.Unlock()
	var out []Neighbour
	for _, nic := range slices.Sorted(maps.Keys(n.neighbours)) {
		out = append(out, n.neighbours[nic])
	}
	return out
}

// listenLLDP keeps the last word of the switch on this interface. That there is
// none, or no way to listen, is no trouble: few networks need it.
func (n *Net) listenLLDP(ctx context.Context, nic string) {
	_ = lldp.Listen(ctx, nic, func(heard lldp.Neighbour) {
		now := Neighbour{NIC: nic, Neighbour: heard}
		n.mu.Lock()
		before := n.neighbours[nic]
		n.neighbours[nic] = now
		n.mu.Unlock()
		if now != before {
			n.say(NeighbourSeen{now})
		}
	})
}
