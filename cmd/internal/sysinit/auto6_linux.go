package sysinit

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv6"
	"github.com/insomniacslk/dhcp/dhcpv6/nclient6"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// How long an interface may take for its link-local address (duplicate detection
// takes a second), and a router or server to answer.
const (
	linkLocalWait = 4 * time.Second
	answerWait    = 6 * time.Second
)

// auto6 is IPv6 on one interface: addresses that the kernel makes of what routers
// announce (RFC 4862), and what a DHCPv6 server gives (RFC 8415). It asks the
// server whether or not a router says that there is one.
type auto6 struct {
	nic  string
	life time.Duration
}

func (a *auto6) get(ctx context.Context) ([]Lease, error) {
	if err := awaitCarrier(ctx, a.nic); err != nil {
		return nil, fmt.Errorf("%w: %w", errQuiet, err) // IPv4 tells it
	}
	if !a.await(ctx, linkLocalWait, unix.RT_SCOPE_LINK) {
		return nil, fmt.Errorf("%w: no link-local address", errQuiet)
	}
	asked := make(chan Lease, 1)
	go func() { asked <- a.ask(ctx) }()
	auto := a.await(ctx, answerWait, unix.RT_SCOPE_UNIVERSE)
	l := <-asked
	if l.Address.IsValid() {
		if err := configure(l); err != nil {
			return nil, err
		}
	} else if auto {
		l.Address = a.address(unix.RT_SCOPE_UNIVERSE)
	}
	if !l.Address.IsValid() {
		return nil, fmt.Errorf("%w: neither router nor DHCPv6 server", errQuiet)
	}
	a.life = l.Time
	return []Lease{l}, nil
}

// hold lets half the time pass; then everything is asked anew. The kernel keeps
// announced addresses by itself.
func (a *auto6) hold(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-time.After(max(a.life/2, 10*time.Minute)):
	}
}

func (a *auto6) await(ctx context.Context, limit time.Duration, scope int) bool {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(limit); time.Now().Before(end); {
		if a.address(scope).IsValid() {
			return true
		}
		select {
		case <-ctx.Done():
			return false
		case <-tick.C:
		}
	}
	return false
}

// address is the first usable one of a scope.
func (a *auto6) address(scope int) netip.Prefix {
	link, err := netlink.LinkByName(a.nic)
	if err != nil {
		return netip.Prefix{}
	}
	as, err := netlink.AddrList(link, netlink.FAMILY_V6)
	if err != nil {
		return netip.Prefix{}
	}
	for _, x := range as {
		if x.Scope != scope || x.Flags&(unix.IFA_F_TENTATIVE|unix.IFA_F_DADFAILED) != 0 {
			continue
		}
		if ip, ok := netip.AddrFromSlice(x.IP); ok {
			bits, _ := x.Mask.Size()
			return netip.PrefixFrom(ip, bits)
		}
	}
	return netip.Prefix{}
}

// ask asks a DHCPv6 server for an address, and where it gives none, for the rest
// (RFC 8415, 18.2.6). The zero Lease but for NIC means that nobody answered.
func (a *auto6) ask(ctx context.Context) Lease {
	ctx, cancel := context.WithTimeout(ctx, answerWait)
	defer cancel()
	none := Lease{NIC: a.nic}
	c, err := nclient6.New(a.nic, nclient6.WithTimeout(time.Second), nclient6.WithRetry(2))
	if err != nil {
		return none
	}
	defer c.Close()
	want := dhcpv6.WithRequestedOptions(dhcpv6.OptionDNSRecursiveNameServer, dhcpv6.OptionNTPServer)
	if adv, err := c.Solicit(ctx, want); err == nil {
		if m, err := c.Request(ctx, adv, want); err == nil {
			if l := lease6From(a.nic, m); l.Address.IsValid() {
				return l
			}
		}
	}
	m, err := dhcpv6.NewMessage(want)
	if err != nil {
		return none
	}
	m.MessageType = dhcpv6.MessageTypeInformationRequest
	if i, err := net.InterfaceByName(a.nic); err == nil {
		m.AddOption(dhcpv6.OptClientID(&dhcpv6.DUIDLL{HWType: 1, LinkLayerAddr: i.HardwareAddr}))
	}
	r, err := c.SendAndRead(ctx, c.RemoteAddr(), m, nclient6.IsMessageType(dhcpv6.MessageTypeReply))
	if err != nil {
		return none
	}
	return lease6From(a.nic, r)
}
