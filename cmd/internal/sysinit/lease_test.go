package sysinit

import (
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/insomniacslk/dhcp/dhcpv4"
)

func ack(t *testing.T, mods ...dhcpv4.Modifier) *dhcpv4.DHCPv4 {
	t.Helper()
	m, err := dhcpv4.New(append([]dhcpv4.Modifier{dhcpv4.WithMessageType(dhcpv4.MessageTypeAck),
		dhcpv4.WithYourIP(net.IPv4(10, 0, 2, 15))}, mods...)...)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestLeaseFrom(t *testing.T) {
	m := ack(t, dhcpv4.WithNetmask(net.CIDRMask(24, 32)), dhcpv4.WithRouter(net.IPv4(10, 0, 2, 2)),
		dhcpv4.WithDNS(net.IPv4(10, 0, 2, 3)), dhcpv4.WithLeaseTime(600),
		dhcpv4.WithOption(dhcpv4.OptNTPServers(net.IPv4(10, 0, 2, 4), net.IPv4zero)),
		dhcpv4.WithOption(dhcpv4.OptDomainName("dc.example")))
	got, err := leaseFrom("eth0", m)
	if err != nil {
		t.Fatal(err)
	}
	a := netip.MustParseAddr
	want := Lease{NIC: "eth0", Address: netip.MustParsePrefix("10.0.2.15/24"), Router: a("10.0.2.2"),
		DNS: []netip.Addr{a("10.0.2.3")}, NTP: []netip.Addr{a("10.0.2.4")}, Domain: "dc.example",
		Time: 10 * time.Minute}
	opts := cmp.Options{cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{})}
	if diff := cmp.Diff(want, got, opts); diff != "" {
		t.Errorf("lease (-want +got):\n%s", diff)
	}
	def := []Route{{To: netip.MustParsePrefix("0.0.0.0/0"), Via: a("10.0.2.2")}}
	if diff := cmp.Diff(def, got.routes(), opts); diff != "" {
		t.Errorf("routes (-want +got):\n%s", diff)
	}
}

// RFC 3442: a client that gets classless routes ignores the router option.
func TestClasslessRoutes(t *testing.T) {
	m := ack(t, dhcpv4.WithNetmask(net.CIDRMask(24, 32)), dhcpv4.WithRouter(net.IPv4(10, 0, 2, 2)),
		dhcpv4.WithOption(dhcpv4.OptClasslessStaticRoute(&dhcpv4.Route{
			Dest:   &net.IPNet{IP: net.IPv4(192, 168, 0, 0), Mask: net.CIDRMask(16, 32)},
			Router: net.IPv4(10, 0, 2, 9)})))
	l, err := leaseFrom("eth0", m)
	if err != nil {
		t.Fatal(err)
	}
	if r := l.routes(); len(r) != 1 || r[0].To.String() != "192.168.0.0/16" || r[0].Via.String() != "10.0.2.9" {
		t.Errorf("routes = %v", r)
	}
}

func TestLeaseRefuses(t *testing.T) {
	for name, m := range map[string]*dhcpv4.DHCPv4{
		"no address":   ack(t, dhcpv4.WithYourIP(net.IPv4zero)),
		"multicast":    ack(t, dhcpv4.WithYourIP(net.IPv4(224, 0, 0, 1))),
		"broken mask":  ack(t, dhcpv4.WithNetmask(net.IPMask{255, 0, 255, 0})),
		"mask of zero": ack(t, dhcpv4.WithNetmask(net.IPMask{0, 0, 0, 0})),
	} {
		if l, err := leaseFrom("eth0", m); err == nil {
			t.Errorf("%s: accepted %v", name, l)
		}
	}
}

// A domain name with a newline would write a line of its own into resolv.conf.
func TestResolvConf(t *testing.T) {
	m := ack(t, dhcpv4.WithNetmask(net.CIDRMask(24, 32)),
		dhcpv4.WithOption(dhcpv4.OptDomainName("x\nnameserver 6.6.6.6")),
		dhcpv4.WithDNS(net.IPv4(1, 0, 0, 1), net.IPv4(1, 0, 0, 2), net.IPv4(1, 0, 0, 3), net.IPv4(1, 0, 0, 4)))
	l, err := leaseFrom("eth0", m)
	if err != nil {
		t.Fatal(err)
	}
	want := "nameserver 1.0.0.1\nnameserver 1.0.0.2\nnameserver 1.0.0.3\n"
	if diff := cmp.Diff(want, resolvConf(nil, []Lease{l})); diff != "" {
		t.Errorf("resolv.conf (-want +got):\n%s", diff)
	}
}

func FuzzLease(f *testing.F) {
	m, _ := dhcpv4.New(dhcpv4.WithYourIP(net.IPv4(10, 0, 0, 1)), dhcpv4.WithNetmask(net.CIDRMask(8, 32)))
	f.Add(m.ToBytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := dhcpv4.FromBytes(b)
		if err != nil {
			return
		}
		l, err := leaseFrom("eth0", m)
		if err != nil {
			return
		}
		if !l.Address.IsValid() {
			t.Fatal("accepted without an address")
		}
		for _, r := range l.routes() {
			ipNet(r.To.Masked())
		}
		for line := range strings.Lines(resolvConf(nil, []Lease{l})) {
			if f := strings.Fields(line); len(f) != 2 {
				t.Fatalf("resolv.conf line %q", line)
			}
		}
	})
}
