package sysinit

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/insomniacslk/dhcp/dhcpv6"

	"lethe/image/site"
)

// Lease is an address of one interface and what came with it: from a DHCP server,
// a router's announcement, or the site file.
type Lease struct {
	NIC     string
	Address netip.Prefix
	Router  netip.Addr // zero: none
	Routes  []Route    // RFC 3442; where there are some, Router does not count
	DNS     []netip.Addr
	NTP     []netip.Addr // option 42
	Domain  string
	Time    time.Duration // how long the address is ours
}

// Route is one classless static route.
type Route struct {
	To  netip.Prefix
	Via netip.Addr // zero: on the link itself
}

// leaseFrom reads a DHCPACK. Only what cannot be done without is an error.
func leaseFrom(nic string, ack *dhcpv4.DHCPv4) (Lease, error) {
	addr := addrOf(ack.YourIPAddr)
	if !addr.IsValid() || addr.IsUnspecified() || addr.IsMulticast() {
		return Lease{}, fmt.Errorf("dhcp: address %v is none", ack.YourIPAddr)
	}
	mask := ack.SubnetMask()
	if mask == nil {
		mask = ack.YourIPAddr.DefaultMask()
	}
	bits, size := mask.Size()
	if size != 32 || bits == 0 {
		return Lease{}, errors.New("dhcp: subnet mask is none")
	}
	l := Lease{
		NIC: nic, Address: netip.PrefixFrom(addr, bits), Domain: cleanDomain(ack.DomainName()),
		DNS: addrsOf(ack.DNS()), NTP: addrsOf(ack.NTPServers()),
		Time: ack.IPAddressLeaseTime(time.Hour),
	}
	if r := addrsOf(ack.Router()); len(r) > 0 {
		l.Router = r[0]
	}
	for _, r := range ack.ClasslessStaticRoute() {
		if p, ok := prefixOf(r.Dest); ok {
			l.Routes = append(l.Routes, Route{To: p, Via: addrOf(r.Router)})
		}
	}
	return l, nil
}

// routes returns all routes to set, the default route among them.
func (l Lease) routes() []Route {
	if len(l.Routes) > 0 {
		return l.Routes
	}
	if !l.Router.IsValid() {
		return nil
	}
	any := netip.IPv4Unspecified()
	if l.Router.Is6() {
		any = netip.IPv6Unspecified()
	}
	return []Route{{To: netip.PrefixFrom(any, 0), Via: l.Router}}
}

// lease6From reads a DHCPv6 reply. Without an address it still may name servers.
// Routes come from routers, not from DHCPv6.
func lease6From(nic string, m *dhcpv6.Message) Lease {
	l := Lease{NIC: nic, Time: time.Hour}
	for _, ia := range m.Options.IANA() {
		for _, a := range ia.Options.Addresses() {
			ip, ok := netip.AddrFromSlice(a.IPv6Addr)
			if ok && ip.Is6() && ip.IsGlobalUnicast() && !l.Address.IsValid() && a.ValidLifetime > 0 {
				l.Address, l.Time = netip.PrefixFrom(ip, 128), a.PreferredLifetime
			}
		}
	}
	l.DNS = addrs6Of(m.Options.DNS())
	l.NTP = addrs6Of(append(m.Options.NTPServers(), m.Options.SNTP()...))
	return l
}

func addrs6Of(ips []net.IP) []netip.Addr {
	var out []netip.Addr
	for _, ip := range ips {
		a, ok := netip.AddrFromSlice(ip)
		if ok && a.Is6() && !a.Is4In6() && !a.IsUnspecified() && !a.IsMulticast() && !a.IsLinkLocalUnicast() {
			out = append(out, a)
		}
	}
	return out
}

// staticLeases are the site's addresses, each with the first gateway of its family.
func staticLeases(nic string, n site.Network) []Lease {
	var out []Lease
	gone := map[bool]bool{}
	for _, a := range n.Address {
		l := Lease{NIC: nic, Address: a}
		for _, g := range n.Gateway {
			if is6 := g.Is6(); is6 == a.Addr().Is6() && !gone[is6] {
				l.Router, gone[is6] = g, true
			}
		}
		out = append(out, l)
	}
	return out
}

func addrOf(ip net.IP) netip.Addr {
	if ip4 := ip.To4(); ip4 != nil {
		return netip.AddrFrom4([4]byte(ip4))
	}
	return netip.Addr{}
}

func addrsOf(ips []net.IP) []netip.Addr {
	var out []netip.Addr
	for _, ip := range ips {
		if a := addrOf(ip); a.IsValid() && !a.IsUnspecified() {
			out = append(out, a)
		}
	}
	return out
}

func prefixOf(n *net.IPNet) (netip.Prefix, bool) {
	if n == nil {
		return netip.Prefix{}, false
	}
	bits, size := n.Mask.Size()
	a := addrOf(n.IP)
	return netip.PrefixFrom(a, bits), a.IsValid() && size == 32
}

// cleanDomain keeps a domain name that may be written into resolv.conf and
// drops any other: the text comes from the wire.
func cleanDomain(s string) string {
	for _, r := range s {
		ok := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '.'
		if !ok {
			return ""
		}
	}
	return s
}

// resolvConf is the resolver's file (resolv.conf(5)): the site's servers first.
func resolvConf(own []netip.Addr, leases []Lease) string {
	var b strings.Builder
	for _, l := range leases {
		if l.Domain != "" {
			fmt.Fprintf(&b, "search %s\n", l.Domain)
			break
		}
	}
	all := slices.Clone(own)
	for _, l := range leases {
		all = append(all, l.DNS...)
	}
	for i, d := range all {
		if i < 3 { // resolvers read three
			fmt.Fprintf(&b, "nameserver %s\n", d)
		}
	}
	return b.String()
}
