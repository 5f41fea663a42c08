package sysinit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// carrierWait is how long a link may take to come up after its interface:
// gigabit copper needs about 3 s.
const carrierWait = 6 * time.Second

func setHostname(name string) {
	if name == "" {
		name = "lethe"
	}
	_ = unix.Sethostname([]byte(name)) // a name for people; nothing depends on it
}

// wired returns the Ethernet interfaces that are hardware (or virtual hardware)
// and not wireless.
func wired(dir string) []string {
	es, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	var out []string
	for _, e := range es {
		p := filepath.Join(dir, e.Name())
		typ, err := os.ReadFile(filepath.Join(p, "type"))
		if err != nil || string(bytes.TrimSpace(typ)) != "1" { // ARPHRD_ETHER
			continue
		}
		if exists(filepath.Join(p, "device")) && !exists(filepath.Join(p, "phy80211")) {
			out = append(out, e.Name())
		}
	}
	return out
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

// chosen reports whether the site means this interface: all where it names none.
func chosen(want, nic string) bool {
	if want == "" || want == nic {
		return true
	}
	mac, err := net.ParseMAC(want)
	if err != nil {
		return false
	}
	i, err := net.InterfaceByName(nic)
	return err == nil && bytes.Equal(i.HardwareAddr, mac)
}

var errNoCarrier = errors.New("no cable")

// serve works one interface until ctx ends. Whatever can be set up before there is
// a cable is set up then.
func (n *Net) serve(ctx context.Context, nic string) {
	if err := setUp(nic); err != nil {
		n.note(nic, ip4, nil, err)
		n.note(nic, ip6, nil, err)
		n.say(NetworkFailed{nic, err})
		return
	}
	go n.listenLLDP(ctx, nic)
	on := nic
	if n.site.VLAN != 0 {
		var err error
		if on, err = addVLAN(nic, n.site.VLAN); err != nil {
			n.note(nic, ip4, nil, err)
			n.note(nic, ip6, nil, err)
			n.say(NetworkFailed{nic, err})
			return
		}
	}
	if n.site.Static() {
		n.note(nic, ip6, nil, errQuiet) // both families come in one go
		n.keep(ctx, nic, ip4, func(ctx context.Context) ([]Lease, error) { return n.setStatic(ctx, nic, on) },
			func(ctx context.Context) { <-ctx.Done() })
		return
	}
	d := &dhcp4{nic: on}
	go n.keep(ctx, nic, ip4, d.get, d.hold)
	s := &auto6{nic: on}
	n.keep(ctx, nic, ip6, s.get, s.hold)
}

func setUp(nic string) error {
	link, err := netlink.LinkByName(nic)
	if err != nil {
		return fmt.Errorf("find interface: %w", err)
	}
	if err := netlink.LinkSetUp(link); err != nil {
		return fmt.Errorf("set interface up: %w", err)
	}
	return nil
}

// addVLAN makes the tagged interface (IEEE 802.1Q) on nic and sets it up. The
// kernel asks for the module 8021q by itself.
func addVLAN(nic string, id int) (string, error) {
	parent, err := netlink.LinkByName(nic)
	if err != nil {
		return "", fmt.Errorf("vlan %d: %w", id, err)
	}
	// Names have at most 15 bytes.
	name := fmt.Sprintf("%.10s.%d", nic, id)
	v := &netlink.Vlan{LinkAttrs: netlink.LinkAttrs{Name: name, ParentIndex: parent.Attrs().Index}, VlanId: id}
	if err := netlink.LinkAdd(v); err != nil && !errors.Is(err, unix.EEXIST) {
		return "", fmt.Errorf("vlan %d: %w", id, err)
	}
	return name, setUp(name)
}

// awaitCarrier polls: few messages are lost that way, and none is waited for.
func awaitCarrier(ctx context.Context, nic string) error {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(carrierWait); time.Now().Before(end); {
		link, err := netlink.LinkByName(nic)
		if err == nil && link.Attrs().RawFlags&unix.IFF_LOWER_UP != 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return errNoCarrier
		case <-tick.C:
		}
	}
	return errNoCarrier
}

// setStatic gives the site's addresses to the interface on, if it is the one for them.
func (n *Net) setStatic(ctx context.Context, nic, on string) ([]Lease, error) {
	if err := awaitCarrier(ctx, on); err != nil {
		return nil, err
	}
	if !n.claim(nic) {
		return nil, fmt.Errorf("%w: the static address is on another interface", errQuiet)
	}
	ls := staticLeases(on, n.site)
	for _, l := range ls {
		if err := configure(l); err != nil {
			return nil, err
		}
	}
	return ls, nil
}

// claim makes nic the interface with the static address, once.
func (n *Net) claim(nic string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.static == "" {
		n.static = nic
	}
	return n.static == nic
}

// configure sets address and routes. A router outside of the subnet is reached
// on the link, as some hosters' networks want it.
func configure(l Lease) error {
	link, err := netlink.LinkByName(l.NIC)
	if err != nil {
		return fmt.Errorf("find interface: %w", err)
	}
	addr := &netlink.Addr{IPNet: ipNet(l.Address)}
	if l.Address.Addr().Is6() {
		addr.Flags = unix.IFA_F_NODAD // in use at once; the address was assigned to us
	}
	if err := netlink.AddrReplace(link, addr); err != nil {
		return fmt.Errorf("set address %s: %w", l.Address, err)
	}
	for _, r := range l.routes() {
		route := &netlink.Route{LinkIndex: link.Attrs().Index, Dst: ipNet(r.To.Masked()),
			Priority: 100 + link.Attrs().Index}
		if r.Via.IsValid() && !r.Via.IsUnspecified() {
			route.Gw = r.Via.AsSlice()
			route.Flags = int(netlink.FLAG_ONLINK)
		}
		if err := netlink.RouteReplace(route); err != nil {
			return fmt.Errorf("set route %s: %w", r.To, err)
		}
	}
	return nil
}

// dropAddress takes an address away that the server gave to somebody else.
func dropAddress(l Lease) {
	if link, err := netlink.LinkByName(l.NIC); err == nil {
		_ = netlink.AddrDel(link, &netlink.Addr{IPNet: ipNet(l.Address)}) // gone already is as good
	}
}

func ipNet(p netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}
}

func (n *Net) writeResolv() {
	conf := resolvConf(n.site.DNS, n.Now().Leases)
	if conf == "" {
		return
	}
	if old, err := os.ReadFile(n.resolv); err == nil && strings.EqualFold(string(old), conf) {
		return
	}
	if err := os.WriteFile(n.resolv, []byte(conf), 0o644); err != nil {
		n.say(NetworkFailed{"resolv.conf", err})
	}
}
