package sysinit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"lethe/image/site"
)

// Network is what the wired interfaces have got so far.
type Network struct {
	Leases []Lease // by interface, IPv4 first
	// NICs is the number of wired interfaces, with or without a cable.
	NICs int
}

// Up tells whether at least one interface has an address.
func (n Network) Up() bool { return len(n.Leases) > 0 }

// Times of the network; none of them holds up a drive.
const (
	// round is how long the first try of all interfaces may take before work that
	// needs the network begins without.
	round = 20 * time.Second
	// grace is how long slower interfaces may still take once one has an address.
	grace = 3 * time.Second
	// noNIC is how long a driver may take to bring the first interface.
	noNIC = 5 * time.Second
	// retryFirst doubles up to retryMost between tries of one interface.
	retryFirst = 2 * time.Second
	retryMost  = 30 * time.Second
	// remind is how often the screen says that there is no network.
	remind = time.Minute
)

// Net is the machine's network. It comes up in the background, and what fails is
// tried again for as long as the machine runs: a cable may be plugged in at any
// time. Its methods are safe for concurrent use.
type Net struct {
	site   site.Network
	servs  func(Network) []string // time servers
	step   bool
	say    func(Event)
	resolv string // path of resolv.conf

	mu         sync.Mutex
	nics       map[string]*nicState
	static     string // the interface that has the static address
	clock      Clock
	neighbours map[string]Neighbour
	ready      chan struct{}
}

// nicState is one wired interface.
type nicState struct {
	leases map[family][]Lease
	tried  map[family]bool
	last   string // why it has no address, for people
}

type family int

const (
	ip4 family = 4
	ip6 family = 6
)

func newNet(st site.Site, cl Cmdline, say func(Event)) *Net {
	return &Net{site: overrideNetwork(st.Network, cl), say: say, resolv: "/etc/resolv.conf", step: st.StepClock,
		servs: func(n Network) []string { return servers(st, cl, n) },
		nics:  map[string]*nicState{}, neighbours: map[string]Neighbour{},
		clock: Clock{Source: SourceRTC, Quality: Unauthenticated}, ready: make(chan struct{})}
}

// Now is what there is now.
func (n *Net) Now() Network {
	n.mu.Lock()
	defer n.mu.Unlock()
	out := Network{NICs: len(n.nics)}
	for _, name := range slices.Sorted(maps.Keys(n.nics)) {
		out.Leases = append(out.Leases, n.nics[name].leases[ip4]...)
		out.Leases = append(out.Leases, n.nics[name].leases[ip6]...)
	}
	return out
}

// Clock is what is known now of the machine's clock.
func (n *Net) Clock() Clock {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.clock
}

// Ready waits until every interface has been tried once, or one has an address and
// the others had their grace, and the clock was judged; or until ctx ends.
func (n *Net) Ready(ctx context.Context) error {
	select {
	case <-n.ready:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// begin runs the network until ctx ends. It returns at once.
func (n *Net) begin(ctx context.Context, off bool) {
	if off {
		n.say(ClockJudged{n.clock})
		close(n.ready)
		return
	}
	go n.attend(ctx)
	go func() {
		n.firstRound(ctx)
		n.judge(ctx)
	}()
}

// attend takes up interfaces as their drivers bring them, and says now and then
// what to do while none has an address.
func (n *Net) attend(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	since, told := time.Now(), time.Now()
	for {
		for _, nic := range wired("/sys/class/net") {
			if n.take(nic) {
				go n.serve(ctx, nic)
			}
		}
		if n.Now().Up() {
			since, told = time.Now(), time.Now()
		} else if time.Since(told) >= remind {
			told = time.Now()
			n.say(NetworkAbsent{For: time.Since(since), Why: n.whys(), Static: n.site.Static()})
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// take reports whether the interface is new.
func (n *Net) take(nic string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.nics[nic] != nil || !chosen(n.site.NIC, nic) {
		return false
	}
	n.nics[nic] = &nicState{leases: map[family][]Lease{}, tried: map[family]bool{}}
	return true
}

// keep gets addresses and holds them, and begins anew where that fails, until ctx
// ends. Each trouble is told once.
func (n *Net) keep(ctx context.Context, nic string, f family, get func(context.Context) ([]Lease, error), hold func(context.Context)) {
	told, had := "", ""
	for wait := retryFirst; ctx.Err() == nil; wait = min(2*wait, retryMost) {
		ls, err := get(ctx)
		n.note(nic, f, ls, err)
		switch {
		case err == nil:
			told, wait = "", retryFirst
			if now := fmt.Sprint(ls); now != had {
				had = now
				for _, l := range ls {
					n.say(Leased{l})
				}
			}
			hold(ctx)
			continue
		case errors.Is(err, errQuiet) || ctx.Err() != nil:
		case err.Error() != told:
			told = err.Error()
			n.complain(nic, err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
}

// errQuiet is wrapped by what needs no word: a network without IPv6.
var errQuiet = errors.New("nothing to tell")

func (n *Net) complain(nic string, err error) {
	if errors.Is(err, errNoCarrier) {
		n.say(LinkDown{nic})
		return
	}
	n.say(NetworkFailed{nic, err})
}

// note keeps the outcome of a try.
func (n *Net) note(nic string, f family, ls []Lease, err error) {
	n.mu.Lock()
	s := n.nics[nic]
	s.tried[f] = true
	if err == nil {
		s.leases[f], s.last = ls, ""
	} else if f == ip4 {
		s.last = err.Error()
	}
	n.mu.Unlock()
	if err == nil {
		n.writeResolv()
	}
}

// firstRound waits as Ready says.
func (n *Net) firstRound(ctx context.Context) {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	var up time.Time
	for start := time.Now(); time.Since(start) < round; {
		now := n.Now()
		if now.Up() && up.IsZero() {
			up = time.Now()
		}
		switch all4, all6 := n.allTried(); {
		case now.Up() && (all4 || time.Since(up) >= grace):
			return
		case now.NICs > 0 && all4 && all6:
			return
		case now.NICs == 0 && time.Since(start) >= noNIC:
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (n *Net) allTried() (all4, all6 bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	all4, all6 = true, true
	for _, s := range n.nics {
		all4, all6 = all4 && s.tried[ip4], all6 && s.tried[ip6]
	}
	return all4, all6
}

// whys says for each interface why it has no address, sorted.
func (n *Net) whys() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	var out []string
	for _, name := range slices.Sorted(maps.Keys(n.nics)) {
		out = append(out, name+": "+cmp.Or(n.nics[name].last, "no answer yet"))
	}
	return out
}

// overrideNetwork lets the words of the command line, where they are permitted,
// stand in for the site's: one image then serves many machines.
func overrideNetwork(n site.Network, cl Cmdline) site.Network {
	if cl.VLAN != 0 {
		n.VLAN = cl.VLAN
	}
	if len(cl.IP.Address) > 0 {
		n.Address, n.Gateway = cl.IP.Address, cl.IP.Gateway
		if len(cl.IP.DNS) > 0 {
			n.DNS = cl.IP.DNS
		}
	}
	return n
}
