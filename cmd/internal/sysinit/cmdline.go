package sysinit

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"

	"lethe/image/site"
)

// Cmdline is the lethe.* words of the kernel command line. Trust roots are not
// among them: those come with the image.
type Cmdline struct {
	Depot    string       // lethe.depot=URL, https only
	Order    string       // lethe.order=PATH or https URL
	NTP      string       // lethe.ntp=HOST[:PORT]
	List     bool         // lethe.list: list the drives, erase nothing
	Shell    bool         // lethe.shell: no work, a shell at once
	NoNet    bool         // lethe.nonet: leave the network alone
	Plain    bool         // lethe.plain: no colours and no redrawn bars, for a console that is logged
	IP       site.Network // lethe.ip=ADDRESS/BITS[,GATEWAY[,DNS]]: its addresses only
	VLAN     int          // lethe.vlan=1..4094
	PowerOff site.AtEnd   // lethe.poweroff[=done|never]
	// Unknown are lethe.* words that nobody knows, as written.
	Unknown []string
}

// ErrWord is wrapped by all errors of ParseCmdline.
var ErrWord = errors.New("kernel command line")

// ParseCmdline reads the text of /proc/cmdline. Words of others are ignored, and
// a word given twice is an error: it would be unclear which one counts.
func ParseCmdline(s string) (Cmdline, error) {
	var c Cmdline
	seen := map[string]bool{}
	for _, w := range splitCmdline(s) {
		key, val, hasVal := strings.Cut(w, "=")
		if key == "--" {
			break // the rest is for init
		}
		if !strings.HasPrefix(key, "lethe.") {
			continue
		}
		if seen[key] {
			return Cmdline{}, fmt.Errorf("%w: %s is given twice", ErrWord, key)
		}
		seen[key] = true
		if err := c.set(key, val, hasVal); err != nil {
			return Cmdline{}, err
		}
	}
	return c, nil
}

func (c *Cmdline) set(key, val string, hasVal bool) error {
	switch key {
	case "lethe.depot":
		c.Depot = val
		return wordErr(key, site.CheckHTTPS(val))
	case "lethe.order":
		c.Order = val
		return wordErr(key, site.CheckSource(val))
	case "lethe.ntp":
		c.NTP = val
		return wordErr(key, site.CheckHost(val))
	case "lethe.list":
		return flag(&c.List, key, hasVal)
	case "lethe.shell":
		return flag(&c.Shell, key, hasVal)
	case "lethe.nonet":
		return flag(&c.NoNet, key, hasVal)
	case "lethe.plain":
		return flag(&c.Plain, key, hasVal)
	case "lethe.ip":
		var err error
		c.IP, err = parseIP(val)
		return wordErr(key, err)
	case "lethe.vlan":
		v, err := strconv.ParseUint(val, 10, 12)
		if err != nil || v == 0 || v > 4094 {
			return fmt.Errorf("%w: %s=%q, want 1 to 4094", ErrWord, key, val)
		}
		c.VLAN = int(v)
		return nil
	case "lethe.poweroff":
		c.PowerOff = site.AtEnd(val)
		if !hasVal {
			c.PowerOff = site.AtEndDone
		}
		if c.PowerOff != site.AtEndDone && c.PowerOff != site.AtEndNever {
			return fmt.Errorf("%w: %s=%q is neither done nor never", ErrWord, key, val)
		}
		return nil
	case "lethe.medium":
		return nil // our own media say which they are; inventory holds that one back
	}
	c.Unknown = append(c.Unknown, key)
	return nil
}

// parseIP reads ADDRESS/BITS[,GATEWAY[,DNS]].
func parseIP(s string) (site.Network, error) {
	var n site.Network
	parts := strings.Split(s, ",")
	if len(parts) > 3 {
		return n, fmt.Errorf("%q has more than address, gateway and DNS", s)
	}
	a, err := netip.ParsePrefix(parts[0])
	if err != nil {
		return n, fmt.Errorf("%q, want ADDRESS/BITS[,GATEWAY[,DNS]]", s)
	}
	n.Address = []netip.Prefix{a}
	for i, p := range parts[1:] {
		x, err := netip.ParseAddr(p)
		switch {
		case err != nil:
			return site.Network{}, fmt.Errorf("%q is not an address", p)
		case i == 0:
			n.Gateway = []netip.Addr{x}
		default:
			n.DNS = []netip.Addr{x}
		}
	}
	return n, site.Site{Version: site.Version, Network: n}.Validate()
}

func flag(b *bool, key string, hasVal bool) error {
	if hasVal {
		return fmt.Errorf("%w: %s takes no value", ErrWord, key)
	}
	*b = true
	return nil
}

func wordErr(key string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: %s: %w", ErrWord, key, err)
}

// Plain reports whether a kernel command line asks for a console without colours
// and redrawing. It only changes how things look, so that no site file is asked.
func Plain(words string) bool {
	c, err := ParseCmdline(words)
	return err == nil && c.Plain
}

// Restrict drops the words that are not in permit, a list like "lethe.list"; a nil
// list permits all but lethe.shell, since a shell is a login. lethe.list always
// counts: a site that forgot it must not have what somebody chose as "list only"
// erase. It returns the dropped and the unknown ones.
func (c *Cmdline) Restrict(permit []string) []string {
	refused := slices.Clone(c.Unknown)
	drop := func(key string, given bool, clear func()) {
		if given && (permit != nil || key == "lethe.shell") && !slices.Contains(permit, key) {
			clear()
			refused = append(refused, key)
		}
	}
	drop("lethe.depot", c.Depot != "", func() { c.Depot = "" })
	drop("lethe.order", c.Order != "", func() { c.Order = "" })
	drop("lethe.ntp", c.NTP != "", func() { c.NTP = "" })
	drop("lethe.shell", c.Shell, func() { c.Shell = false })
	drop("lethe.nonet", c.NoNet, func() { c.NoNet = false })
	drop("lethe.plain", c.Plain, func() { c.Plain = false })
	drop("lethe.ip", len(c.IP.Address) > 0, func() { c.IP = site.Network{} })
	drop("lethe.vlan", c.VLAN != 0, func() { c.VLAN = 0 })
	drop("lethe.poweroff", c.PowerOff != "", func() { c.PowerOff = "" })
	return refused
}

// splitCmdline splits at blanks outside of double quotes and takes the quotes
// away, as the kernel's next_arg does.
func splitCmdline(s string) []string {
	var out []string
	var w strings.Builder
	in, quoted := false, false
	flush := func() {
		if in {
			out = append(out, w.String())
			w.Reset()
			in = false
		}
	}
	for _, r := range s {
		switch {
		case r == '"':
			quoted, in = !quoted, true
		case (r == ' ' || r == '\t' || r == '\n') && !quoted:
			flush()
		default:
			w.WriteRune(r)
			in = true
		}
	}
	flush()
	return out
}

func loadCmdline() (Cmdline, error) {
	b, err := os.ReadFile("/proc/cmdline")
	if err != nil {
		return Cmdline{}, fmt.Errorf("read command line: %w", err)
	}
	return ParseCmdline(string(b))
}
