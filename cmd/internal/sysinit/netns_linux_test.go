package sysinit

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/insomniacslk/dhcp/dhcpv4/server4"
	"github.com/insomniacslk/dhcp/dhcpv6"
	"github.com/insomniacslk/dhcp/dhcpv6/server6"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"lethe/image/site"
)

// inNetwork runs the test again in a process with a network of its own, where it
// may change interfaces, and reports whether this is that process.
func inNetwork(t *testing.T) bool {
	t.Helper()
	const mark = "SYSINIT_TEST_NETWORK"
	if os.Getenv(mark) == t.Name() {
		return true
	}
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v", "-test.timeout=60s")
	cmd.Env = append(os.Environ(), mark+"="+t.Name())
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	return false
}

// peer is the far end of a cable: eth0 is ours, the other end is in a network of
// its own, as a switch and its servers are.
type peer struct{ do chan func() }

// cable makes both ends; ours is down.
func cable(t *testing.T) peer {
	t.Helper()
	must(t, netlink.LinkAdd(&netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: "eth0"}, PeerName: "far"}))
	p := peer{make(chan func())}
	ns := make(chan int)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with its network
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			panic(err)
		}
		fd, err := unix.Open("/proc/thread-self/ns/net", unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err != nil {
			panic(err)
		}
		ns <- fd
		for f := range p.do {
			f()
		}
	}()
	far, err := netlink.LinkByName("far")
	must(t, err)
	must(t, netlink.LinkSetNsFd(far, <-ns))
	return p
}

// in runs f in the far network.
func (p peer) in(f func()) {
	done := make(chan struct{})
	p.do <- func() { defer close(done); f() }
	<-done
}

func (p peer) up(t *testing.T, addrs ...string) {
	p.in(func() {
		link, err := netlink.LinkByName("far")
		must(t, err)
		for _, a := range addrs {
			x, err := netlink.ParseAddr(a)
			must(t, err)
			x.Flags = unix.IFA_F_NODAD
			must(t, netlink.AddrAdd(link, x))
		}
		must(t, netlink.LinkSetUp(link))
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// told collects events.
type told struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (e *told) say(ev Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	fmt.Fprintf(&e.b, "%T %s\n", ev, ev)
}

func (e *told) String() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.b.String()
}

// testNet is a Net that works eth0 only.
func testNet(t *testing.T, s site.Site) (*Net, *told) {
	e := &told{}
	n := newNet(s, Cmdline{}, e.say)
	n.resolv = filepath.Join(t.TempDir(), "resolv.conf")
	if !n.take("eth0") || n.take("eth0") {
		t.Fatal("take")
	}
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	go n.serve(ctx, "eth0")
	return n, e
}

func await(t *testing.T, e *told, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("no %s; told:\n%s", what, e)
}

// dhcpServer gives 192.0.2.10 once allowed; it counts what it was asked.
func dhcpServer(t *testing.T, p peer, allowed func() bool) {
	var s *server4.Server
	p.in(func() {
		var err error
		s, err = server4.NewServer("far", nil, func(c net.PacketConn, from net.Addr, m *dhcpv4.DHCPv4) {
			if !allowed() {
				return
			}
			kind := dhcpv4.MessageTypeOffer
			if m.MessageType() == dhcpv4.MessageTypeRequest {
				kind = dhcpv4.MessageTypeAck
			}
			r, err := dhcpv4.NewReplyFromRequest(m, dhcpv4.WithMessageType(kind), dhcpv4.WithYourIP(net.IPv4(192, 0, 2, 10)),
				dhcpv4.WithNetmask(net.CIDRMask(24, 32)), dhcpv4.WithRouter(net.IPv4(192, 0, 2, 1)), dhcpv4.WithLeaseTime(3600),
				dhcpv4.WithServerIP(net.IPv4(192, 0, 2, 1)), dhcpv4.WithDNS(net.IPv4(192, 0, 2, 53)),
				dhcpv4.WithOption(dhcpv4.OptServerIdentifier(net.IPv4(192, 0, 2, 1))),
				dhcpv4.WithOption(dhcpv4.OptNTPServers(net.IPv4(192, 0, 2, 1))))
			if err == nil {
				_, _ = c.WriteTo(r.ToBytes(), &net.UDPAddr{IP: net.IPv4bcast, Port: dhcpv4.ClientPort})
			}
		})
		must(t, err)
	})
	go s.Serve()
	t.Cleanup(func() { s.Close() })
}

// A machine that starts without a cable, and whose DHCP server is late, has its
// address in the end; nothing gives up.
//
// mutant: network.go: for wait := retryFirst; ctx.Err() == nil; wait = min(2*wait, retryMost) { => for wait := retryFirst; told == ""; wait = min(2*wait, retryMost) {
func TestDHCPComesLate(t *testing.T) {
	if !inNetwork(t) {
		return
	}
	p := cable(t)
	var mu sync.Mutex
	on := false
	dhcpServerUp := func() bool { mu.Lock(); defer mu.Unlock(); return on }
	n, e := testNet(t, site.Site{Network: site.Network{DNS: []netip.Addr{netip.MustParseAddr("203.0.113.1")}}})
	await(t, e, "word of the cable", func() bool { return strings.Contains(e.String(), "no cable") })
	if why := n.whys(); len(why) != 1 || why[0] != "eth0: no cable" {
		t.Errorf("why = %v", why)
	}
	p.up(t, "192.0.2.1/24")
	dhcpServer(t, p, dhcpServerUp)
	time.Sleep(3 * time.Second)
	mu.Lock()
	on = true
	mu.Unlock()
	await(t, e, "lease", func() bool { return n.Now().Up() })
	l := n.Now().Leases[0]
	if l.Address.String() != "192.0.2.10/24" || l.Router.String() != "192.0.2.1" || len(l.NTP) != 1 {
		t.Errorf("lease %+v", l)
	}
	b, _ := os.ReadFile(n.resolv)
	if string(b) != "nameserver 203.0.113.1\nnameserver 192.0.2.53\n" {
		t.Errorf("resolv.conf %q: the site's server comes first", b)
	}
	c, err := net.DialTimeout("udp4", "192.0.2.1:9", time.Second)
	must(t, err)
	if a := c.LocalAddr().String(); !strings.HasPrefix(a, "192.0.2.10:") {
		t.Errorf("from %s", a)
	}
	if strings.Count(e.String(), "no cable") != 1 {
		t.Errorf("told more than once:\n%s", e)
	}
}

// reach tries a TCP connection to the far end, which listens.
func reach(t *testing.T, p peer, addr string) {
	t.Helper()
	var l net.Listener
	p.in(func() {
		var err error
		l, err = net.Listen("tcp", addr)
		must(t, err)
	})
	defer l.Close()
	c, err := net.DialTimeout("tcp", addr, 5*time.Second)
	if err != nil {
		t.Error(err)
		return
	}
	c.Close()
}

func TestStaticAddress(t *testing.T) {
	if !inNetwork(t) {
		return
	}
	p := cable(t)
	p.up(t, "192.0.2.1/24", "198.51.100.1/32", "2001:db8::1/64")
	n, e := testNet(t, site.Site{Network: site.Network{
		Address: []netip.Prefix{netip.MustParsePrefix("192.0.2.10/24"), netip.MustParsePrefix("2001:db8::10/64")},
		Gateway: []netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1")}}})
	await(t, e, "address", func() bool { return len(n.Now().Leases) == 2 })
	reach(t, p, "198.51.100.1:4000") // by way of the gateway
	reach(t, p, "[2001:db8::1]:4000")
	if strings.Contains(e.String(), "dhcp") {
		t.Errorf("DHCP was asked:\n%s", e)
	}
}

// Tagged frames go out, and untagged ones do not reach the far side's tagged network.
func TestVLAN(t *testing.T) {
	if !inNetwork(t) {
		return
	}
	p := cable(t)
	p.up(t)
	tagged := false
	p.in(func() {
		_, err := addVLAN("far", 42)
		tagged = err == nil
		if err != nil {
			t.Logf("far side: %v", err)
			return
		}
		link, err := netlink.LinkByName("far.42")
		must(t, err)
		a, _ := netlink.ParseAddr("192.0.2.1/24")
		must(t, netlink.AddrAdd(link, a))
	})
	n, e := testNet(t, site.Site{Network: site.Network{VLAN: 42, Address: []netip.Prefix{netip.MustParsePrefix("192.0.2.10/24")}}})
	if !tagged { // a kernel without 802.1Q: the trouble must be told
		await(t, e, "word", func() bool { return strings.Contains(e.String(), "vlan 42") })
		return
	}
	await(t, e, "address", func() bool { return n.Now().Up() })
	if nic := n.Now().Leases[0].NIC; nic != "eth0.42" {
		t.Errorf("address is on %s", nic)
	}
	reach(t, p, "192.0.2.1:4000")
}

// advertise sends router advertisements (RFC 4861) for 2001:db8:1::/64.
func advertise(t *testing.T, p peer) {
	var c *net.IPConn
	p.in(func() {
		link, err := netlink.LinkByName("far")
		must(t, err)
		a, err := netlink.ParseAddr("fe80::1/64")
		must(t, err)
		a.Flags = unix.IFA_F_NODAD
		must(t, netlink.AddrAdd(link, a))
		c, err = net.ListenIP("ip6:ipv6-icmp", &net.IPAddr{IP: net.ParseIP("fe80::1"), Zone: "far"})
		must(t, err)
		raw, err := c.SyscallConn()
		must(t, err)
		must(t, raw.Control(func(fd uintptr) {
			must(t, unix.SetsockoptInt(int(fd), unix.IPPROTO_IPV6, unix.IPV6_MULTICAST_HOPS, 255))
		}))
	})
	prefix := netip.MustParseAddr("2001:db8:1::").As16()
	// lifetime 1800 s; prefix information: /64, on link, autonomous, 3600 s
	ra := append([]byte{134, 0, 0, 0, 64, 0, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0, 3, 4, 64, 0xc0, 0, 0, 14, 16, 0, 0, 14, 16, 0, 0, 0, 0}, prefix[:]...)
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	go func() {
		defer c.Close()
		for ctx.Err() == nil {
			_, _ = c.WriteTo(ra, &net.IPAddr{IP: net.ParseIP("ff02::1"), Zone: "far"})
			time.Sleep(200 * time.Millisecond)
		}
	}()
}

func dhcp6Server(t *testing.T, p peer, address bool) {
	var s *server6.Server
	duid := &dhcpv6.DUIDLL{HWType: 1, LinkLayerAddr: net.HardwareAddr{2, 0, 0, 0, 0, 1}}
	p.in(func() {
		var err error
		s, err = server6.NewServer("far", nil, func(c net.PacketConn, from net.Addr, d dhcpv6.DHCPv6) {
			m := d.(*dhcpv6.Message)
			mods := []dhcpv6.Modifier{dhcpv6.WithServerID(duid), dhcpv6.WithDNS(net.ParseIP("2001:db8:1::53"))}
			if ia := m.Options.OneIANA(); ia != nil && address {
				give := &dhcpv6.OptIANA{IaId: ia.IaId}
				give.Options.Add(&dhcpv6.OptIAAddress{IPv6Addr: net.ParseIP("2001:db8:1::10"), PreferredLifetime: time.Hour, ValidLifetime: time.Hour})
				mods = append(mods, dhcpv6.WithOption(give))
			}
			var r *dhcpv6.Message
			var err error
			switch {
			case m.MessageType == dhcpv6.MessageTypeSolicit && address:
				r, err = dhcpv6.NewAdvertiseFromSolicit(m, mods...)
			case m.MessageType == dhcpv6.MessageTypeSolicit:
				return
			default:
				r, err = dhcpv6.NewReplyFromMessage(m, mods...)
			}
			if err == nil {
				_, _ = c.WriteTo(r.ToBytes(), from)
			}
		})
		must(t, err)
	})
	go s.Serve()
	t.Cleanup(func() { s.Close() })
}

// Without any IPv4: an address of the kernel's making and a name server of the
// DHCPv6 server's; then an address of the server.
func TestIPv6(t *testing.T) {
	if !inNetwork(t) {
		return
	}
	p := cable(t)
	p.up(t, "2001:db8:1::1/64")
	advertise(t, p)
	dhcp6Server(t, p, false)
	n, e := testNet(t, site.Site{})
	await(t, e, "announced address", func() bool { return n.Now().Up() })
	l := n.Now().Leases[0]
	if !netip.MustParsePrefix("2001:db8:1::/64").Contains(l.Address.Addr()) || len(l.DNS) != 1 {
		t.Errorf("lease %+v", l)
	}
	reach(t, p, "[2001:db8:1::1]:4000")
}

func TestDHCPv6(t *testing.T) {
	if !inNetwork(t) {
		return
	}
	p := cable(t)
	p.up(t, "2001:db8:1::1/64")
	advertise(t, p)
	dhcp6Server(t, p, true)
	n, e := testNet(t, site.Site{})
	await(t, e, "address", func() bool { return n.Now().Up() })
	if l := n.Now().Leases[0]; l.Address.String() != "2001:db8:1::10/128" {
		t.Errorf("lease %+v", l)
	}
	link, err := netlink.LinkByName("eth0")
	must(t, err)
	as, err := netlink.AddrList(link, netlink.FAMILY_V6)
	must(t, err)
	if !slices.ContainsFunc(as, func(a netlink.Addr) bool { return a.IP.String() == "2001:db8:1::10" }) {
		t.Errorf("addresses %v", as)
	}
}

// A switch that says who it is, over a real socket.
func TestLLDPNeighbour(t *testing.T) {
	if !inNetwork(t) {
		return
	}
	p := cable(t)
	p.up(t)
	frame := append([]byte{0x01, 0x80, 0xc2, 0, 0, 0x0e, 2, 0, 0, 0, 0, 1, 0x88, 0xcc,
		2, 7, 4, 0, 0x1b, 0x21, 1, 2, 3, 4, 6, 5}, "Gi1/7"...)
	frame = append(frame, 6, 2, 0, 120, 10, 4)
	frame = append(append(frame, "tor7"...), 0, 0)
	var fd int
	var index int
	p.in(func() {
		var err error
		fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
		must(t, err)
		i, err := net.InterfaceByName("far")
		must(t, err)
		index = i.Index
	})
	n, e := testNet(t, site.Site{})
	await(t, e, "neighbour", func() bool {
		_ = unix.Sendto(fd, frame, 0, &unix.SockaddrLinklayer{Ifindex: index, Halen: 6})
		return len(n.Neighbours()) > 0
	})
	if s := n.Neighbours()[0].String(); s != "eth0 to tor7 (00:1b:21:01:02:03), port Gi1/7" {
		t.Errorf("neighbour %s", s)
	}
}
