package sysinit

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
)

// Lease is what one DHCP server gave to one interface.
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
	if l.Router.IsValid() {
		return []Route{{To: netip.PrefixFrom(netip.IPv4Unspecified(), 0), Via: l.Router}}
	}
	return nil
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

// resolvConf is the resolver's file (resolv.conf(5)) for all leases.
func resolvConf(leases []Lease) string {
	var b strings.Builder
	for _, l := range leases {
		if l.Domain != "" {
			fmt.Fprintf(&b, "search %s\n", l.Domain)
			break
		}
	}
	n := 0
	for _, l := range leases {
		for _, d := range l.DNS {
			if n++; n <= 3 { // resolvers read three
				fmt.Fprintf(&b, "nameserver %s\n", d)
			}
		}
	}
	return b.String()
}
