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
	"slices"
	"sync"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/insomniacslk/dhcp/dhcpv4/nclient4"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"lethe/image/site"
)

// carrierWait is how long a link may take to come up after its interface:
// gigabit copper needs about 3 s.
const carrierWait = 6 * time.Second

// grace is how long slower interfaces may still take once one has an address.
const grace = 3 * time.Second

// network asks for an address on all wired interfaces at once.
func network(ctx context.Context, st site.Site, cl Cmdline, say func(Event)) Network {
	setHostname(st.Hostname)
	nics := wired("/sys/class/net")
	n := Network{NICs: len(nics)}
	if cl.NoNet || len(nics) == 0 {
		return n
	}
	try, cancel := context.WithTimeout(ctx, dhcpLimit)
	defer cancel()
	var mu sync.Mutex
	var wg sync.WaitGroup
	for _, nic := range nics {
		wg.Go(func() {
			l, err := bringUp(try, ctx, nic)
			switch {
			case errors.Is(err, errNoCarrier):
				say(LinkDown{nic})
			case err != nil:
				say(NetworkFailed{nic, err})
			default:
				say(Leased{l})
				mu.Lock()
				n.Leases = append(n.Leases, l)
				mu.Unlock()
				time.AfterFunc(grace, cancel)
			}
		})
	}
	wg.Wait()
	slices.SortFunc(n.Leases, func(a, b Lease) int { return bytes.Compare([]byte(a.NIC), []byte(b.NIC)) })
	if conf := resolvConf(n.Leases); conf != "" {
		if err := os.WriteFile("/etc/resolv.conf", []byte(conf), 0o644); err != nil {
			say(NetworkFailed{"resolv.conf", err})
		}
	}
	return n
}

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

var errNoCarrier = errors.New("no carrier")

// bringUp gets and sets an address within try; the lease is then renewed until
// life ends.
func bringUp(try, life context.Context, nic string) (Lease, error) {
	link, err := netlink.LinkByName(nic)
	if err != nil {
		return Lease{}, fmt.Errorf("find interface: %w", err)
	}
	if err := netlink.LinkSetUp(link); err != nil {
		return Lease{}, fmt.Errorf("set interface up: %w", err)
	}
	if err := awaitCarrier(try, nic); err != nil {
		return Lease{}, err
	}
	raw, err := request(try, nic)
	if err != nil {
		return Lease{}, err
	}
	l, err := leaseFrom(nic, raw.ACK)
	if err != nil {
		return Lease{}, err
	}
	if err := configure(link, l); err != nil {
		return Lease{}, err
	}
	go renew(life, nic, raw)
	return l, nil
}

func awaitCarrier(ctx context.Context, nic string) error {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(carrierWait); time.Now().Before(end); {
		b, err := os.ReadFile(filepath.Join("/sys/class/net", nic, "carrier"))
		if err == nil && string(bytes.TrimSpace(b)) == "1" {
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

func request(ctx context.Context, nic string) (*nclient4.Lease, error) {
	c, err := nclient4.New(nic, nclient4.WithTimeout(2*time.Second), nclient4.WithRetry(10))
	if err != nil {
		return nil, fmt.Errorf("dhcp: %w", err)
	}
	defer c.Close()
	l, err := c.Request(ctx, dhcpv4.WithRequestedOptions(dhcpv4.OptionSubnetMask,
		dhcpv4.OptionRouter, dhcpv4.OptionDomainNameServer, dhcpv4.OptionDomainName,
		dhcpv4.OptionNTPServers, dhcpv4.OptionClasslessStaticRoute))
	if err != nil {
		return nil, fmt.Errorf("dhcp: %w", err)
	}
	return l, nil
}

// configure sets address and routes. A router outside of the subnet is reached
// on the link, as some hosters' networks want it.
func configure(link netlink.Link, l Lease) error {
	addr := &netlink.Addr{IPNet: ipNet(l.Address)}
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

func ipNet(p netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), 32)}
}

// renew keeps the lease for as long as a drive may take to be overwritten. A
// server that does not answer is asked again; the address stays in use, since
// giving it up would only lose the papers.
func renew(ctx context.Context, nic string, l *nclient4.Lease) {
	for {
		wait := max(l.ACK.IPAddressLeaseTime(time.Hour)/2, time.Minute)
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
		if c, err := nclient4.New(nic); err == nil {
			if next, err := c.Renew(ctx, l); err == nil {
				l = next
			}
			c.Close()
		}
	}
}
