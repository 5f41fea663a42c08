package site

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"filippo.io/age"
)

// Validate checks everything that can be checked without the files.
func (s Site) Validate() error {
	if s.Version != Version {
		return fmt.Errorf("version is %d, want %d", s.Version, Version)
	}
	for _, c := range []struct {
		field string
		err   error
	}{
		{"depot", optional(s.Depot, CheckHTTPS)},
		{"order", optional(s.Order, CheckSource)},
		{"proxy", optional(s.Proxy, checkProxy)},
		{"paths", s.checkPaths()},
		{"stick", s.Stick.check()},
		{"tftp", s.TFTP.check()},
		{"consoles", each(s.Consoles, checkConsole)},
		{"network", s.Network.check()},
		{"ntp", each(s.NTP, CheckHost)},
		{"syslog", s.Syslog.check()},
		{"policy", s.Policy.check()},
		{"powerOff", s.PowerOff.check()},
		{"hostname", optional(s.Hostname, checkHostname)},
		{"permit", each(s.Permit, checkWord)},
	} {
		if c.err != nil {
			return fmt.Errorf("%s: %w", c.field, c.err)
		}
	}
	return nil
}

func optional(s string, check func(string) error) error {
	if s == "" {
		return nil
	}
	return check(s)
}

func each(ss []string, check func(string) error) error {
	for _, s := range ss {
		if err := check(s); err != nil {
			return err
		}
	}
	return nil
}

func (s Site) checkPaths() error {
	all := append([]string{s.DepotCA, s.Key, s.Chain, s.Keymap}, s.Trust...)
	if s.Syslog != nil {
		all = append(all, s.Syslog.CA)
	}
	for _, p := range all {
		if p != "" && (!path.IsAbs(p) || path.Clean(p) != p) {
			return fmt.Errorf("%q is not an absolute path", p)
		}
	}
	return nil
}

func (s *Stick) check() error {
	if s != nil && (s.Serial == "" || strings.TrimSpace(s.Serial) != s.Serial) {
		return fmt.Errorf("serial %q", s.Serial)
	}
	return nil
}

func (t *TFTP) check() error {
	if t == nil {
		return nil
	}
	if len(t.Recipients) == 0 {
		return errors.New("no recipients: a copy is never sent unencrypted")
	}
	for _, r := range t.Recipients {
		if _, err := age.ParseRecipients(strings.NewReader(r)); err != nil || strings.ContainsAny(r, "\n\r#") {
			return fmt.Errorf("recipient %q is not an age public key", r)
		}
	}
	return CheckHost(t.Server)
}

var console = regexp.MustCompile(`^(tty[0-9]*|ttyS[0-9]+|ttyAMA[0-9]+|ttyUSB[0-9]+|hvc[0-9]+)(,[0-9]+([neo]([5-8]r?)?)?)?$`)

func checkConsole(s string) error {
	if !console.MatchString(s) {
		return fmt.Errorf("%q is no console like tty0 or ttyS0,115200n8", s)
	}
	return nil
}

var nicName = regexp.MustCompile(`^[a-zA-Z0-9_.-]{1,15}$`)

func (n Network) check() error {
	if _, err := net.ParseMAC(n.NIC); n.NIC != "" && err != nil && !nicName.MatchString(n.NIC) {
		return fmt.Errorf("nic %q is neither a MAC address nor a name", n.NIC)
	}
	if n.VLAN < 0 || n.VLAN > 4094 {
		return fmt.Errorf("vlan %d, want 1 to 4094", n.VLAN)
	}
	for _, a := range n.Address {
		if bad(a.Addr()) || a.Bits() < 1 {
			return fmt.Errorf("address %s, want one like 192.0.2.10/24", a)
		}
	}
	for _, a := range append(slices.Clone(n.Gateway), n.DNS...) {
		if bad(a) {
			return fmt.Errorf("%s is no host's address", a)
		}
	}
	if !n.Static() && len(n.Gateway) > 0 {
		return errors.New("a gateway without an address: DHCP brings its own")
	}
	return nil
}

func bad(a netip.Addr) bool {
	return !a.IsValid() || a.IsUnspecified() || a.IsMulticast() || a.Is4In6() || a.Zone() != ""
}

// Ports of syslog: RFC 5426, RFC 6587 (as registered with IANA), RFC 5425.
var syslogPort = map[string]string{"udp": "514", "tcp": "601", "tls": "6514"}

func (s *Syslog) check() error {
	if s == nil {
		return nil
	}
	_, _, err := s.Address()
	if scheme, _, _ := strings.Cut(s.Server, ":"); err == nil && s.CA != "" && scheme != "tls" {
		return errors.New("a CA, but the server is not tls://")
	}
	return err
}

// Address splits Server into its scheme (udp, tcp or tls) and host:port.
func (s *Syslog) Address() (scheme, address string, err error) {
	u, err := url.Parse(s.Server)
	if err != nil || syslogPort[u.Scheme] == "" || u.Hostname() == "" || u.User != nil || u.Path != "" || u.RawQuery != "" || u.Fragment != "" {
		return "", "", fmt.Errorf("server %q, want udp://, tcp:// or tls:// and host[:port]", s.Server)
	}
	port := u.Port()
	if port == "" {
		port = syslogPort[u.Scheme]
	}
	return u.Scheme, net.JoinHostPort(u.Hostname(), port), nil
}

func (p Policy) check() error {
	if p.Least != "" && p.Least != "Clear" && p.Least != "Purge" {
		return fmt.Errorf("least %q, want Clear or Purge", p.Least)
	}
	if p.Pattern != "" && p.Pattern != "stream" && p.Pattern != "zero" {
		return fmt.Errorf("pattern %q, want stream or zero", p.Pattern)
	}
	if p.PerAdapter < 0 {
		return fmt.Errorf("perAdapter %d, want 0 for no limit or more", p.PerAdapter)
	}
	if p.Verify != "" && p.Verify != "full" {
		return fmt.Errorf("verify %q, want full", p.Verify)
	}
	return nil
}

func (a AtEnd) check() error {
	switch a {
	case AtEndUnset, AtEndDone, AtEndNever:
		return nil
	}
	return fmt.Errorf("%q is neither done nor never", string(a))
}

func checkProxy(s string) error {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "http" || u.Hostname() == "" || u.Port() == "" ||
		strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return fmt.Errorf("%q, want http://host:port", s)
	}
	return nil
}

// hostname as of RFC 1123, one label or several.
var hostname = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$`)

func checkHostname(s string) error {
	if len(s) > 64 || !hostname.MatchString(s) {
		return fmt.Errorf("%q is not a host name", s)
	}
	return nil
}

func checkWord(s string) error {
	if !slices.Contains(Words(), s) {
		return fmt.Errorf("%q is none of %s", s, strings.Join(Words(), ", "))
	}
	return nil
}

// CheckHTTPS is nil for an https URL without user and password.
func CheckHTTPS(s string) error {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil {
		return fmt.Errorf("%q is not an https URL", s)
	}
	return nil
}

// CheckSource is nil for an https URL and for an absolute path.
func CheckSource(s string) error {
	if strings.HasPrefix(s, "/") {
		return nil
	}
	return CheckHTTPS(s)
}

// CheckHost is nil for host[:port]; a bare IPv6 address needs no brackets.
func CheckHost(s string) error {
	host := s
	if h, port, err := net.SplitHostPort(s); err == nil {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return fmt.Errorf("%q: port %q", s, port)
		}
		host = h
	}
	if a, err := netip.ParseAddr(host); err == nil {
		if bad(a) {
			return fmt.Errorf("%q is no host's address", s)
		}
		return nil
	}
	if len(host) > 253 || !hostname.MatchString(host) {
		return fmt.Errorf("%q is not a host name", s)
	}
	return nil
}
