// Package site is what a site tells its machines: where the depot is, whom to
// trust, how to reach the network, and which words of the kernel command line
// count. It comes with the image or an overlay, never from the command line.
//
// People write site.yaml (see example.yaml); Load turns it, at build time, into
// site.json and the files it names, which go into the image. The machine reads
// the JSON with Parse. Unknown fields are refused in both.
package site

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
)

// Path is where the site file lies in the image.
const Path = "/etc/lethe/site.json"

// Version is the only version of the site file that there is.
const Version = 1

// Site is the whole file. In the JSON all paths are absolute and inside the image;
// in the YAML they are files of the builder's machine, relative to site.yaml.
type Site struct {
	Version int `json:"version" yaml:"version"`

	Depot   string   `json:"depot,omitempty" yaml:"depot"`     // https URL
	DepotCA string   `json:"depotCA,omitempty" yaml:"depotCA"` // PEM file of its CA; none: Trust
	Proxy   string   `json:"proxy,omitempty" yaml:"proxy"`     // http://host:port, to the depot
	Order   string   `json:"order,omitempty" yaml:"order"`     // file or https URL of the signed order
	Trust   []string `json:"trust,omitempty" yaml:"trust"`     // PEM files: who may sign orders, and receipts
	Key     string   `json:"key,omitempty" yaml:"key"`         // PEM file: the leaf key that signs certificates
	Chain   string   `json:"chain,omitempty" yaml:"chain"`     // PEM file: leaf first, without the root

	// Stick names the delivery stick: a USB or removable drive that takes papers
	// and intents, if it bears a marker signed for this very serial number. It
	// may bring the order where neither Order nor the command line says where.
	Stick *Stick `json:"stick,omitempty" yaml:"stick"`
	// TFTP takes encrypted copies of papers that nothing else took. A copy counts
	// neither as delivered nor as an acknowledgement.
	TFTP *TFTP `json:"tftp,omitempty" yaml:"tftp"`

	// Consoles are those of the kernel command line that lethe-image writes; the
	// last is /dev/console. Lethe speaks on all active ones and listens to all.
	Consoles []string `json:"consoles,omitempty" yaml:"consoles"` // e.g. tty0, ttyS0,115200n8
	Keymap   string   `json:"keymap,omitempty" yaml:"keymap"`     // file made by loadkeys --bkeymap

	Network   Network  `json:"network,omitzero" yaml:"network"`
	NTP       []string `json:"ntp,omitempty" yaml:"ntp"`             // host[:port]
	StepClock bool     `json:"stepClock,omitempty" yaml:"stepClock"` // set the clock to the servers' time
	Syslog    *Syslog  `json:"syslog,omitempty" yaml:"syslog"`

	Policy   Policy `json:"policy,omitzero" yaml:"policy"`
	PowerOff AtEnd  `json:"powerOff,omitempty" yaml:"powerOff"`
	Hostname string `json:"hostname,omitempty" yaml:"hostname"`
	// Permit lists the words of the command line that count, see Words. Absent:
	// all but lethe.shell, which must be named; an empty list: none.
	Permit []string `json:"permit,omitzero" yaml:"permit"`
}

// Stick is how a site names its delivery stick.
type Stick struct {
	Serial string `json:"serial" yaml:"serial"` // as lethe list shows it
}

// TFTP is a server that takes write requests (RFC 1350).
type TFTP struct {
	Server     string   `json:"server" yaml:"server"`         // host[:port], port 69
	Recipients []string `json:"recipients" yaml:"recipients"` // age public keys: age1…
}

// Network says how to reach it. The zero value asks DHCP on all wired interfaces,
// and takes the IPv6 addresses that routers announce.
type Network struct {
	// NIC is a MAC address or a kernel name. Absent: all wired interfaces; a
	// static address goes to the first that has a cable.
	NIC     string         `json:"nic,omitempty" yaml:"nic"`
	VLAN    int            `json:"vlan,omitempty" yaml:"vlan"` // 1 to 4094, tagged
	Address []netip.Prefix `json:"address,omitempty" yaml:"address"`
	Gateway []netip.Addr   `json:"gateway,omitempty" yaml:"gateway"`
	DNS     []netip.Addr   `json:"dns,omitempty" yaml:"dns"` // before those of DHCP
}

// Static tells whether no server is asked for addresses.
func (n Network) Static() bool { return len(n.Address) > 0 }

// Syslog is where the engineers' log goes (RFC 5424), never a transcript.
type Syslog struct {
	// Server is udp://host[:514], tcp://host[:601] or tls://host[:6514].
	Server string `json:"server" yaml:"server"`
	CA     string `json:"ca,omitempty" yaml:"ca"` // PEM file, of tls: none: Trust
}

// Policy is what this site asks of every order; it raises an order's policy and
// never lowers it.
type Policy struct {
	Least   string `json:"least,omitempty" yaml:"least"`     // Clear or Purge
	Pattern string `json:"pattern,omitempty" yaml:"pattern"` // stream or zero, where the order leaves it open
	Verify  string `json:"verify,omitempty" yaml:"verify"`   // full: every byte is read back, also where the order asks for a sample
	// PerAdapter is how many drives behind one host adapter or USB controller are erased
	// at the same time; 0 is all of them.
	PerAdapter int `json:"perAdapter,omitempty" yaml:"perAdapter"`
}

// AtEnd says what to do at the end. The zero value on a command line defers to the
// site file; there it means never.
type AtEnd string

// A machine is never switched off with undelivered papers, whatever the word.
const (
	AtEndUnset AtEnd = ""
	AtEndDone  AtEnd = "done"  // power off when the work is done and delivered
	AtEndNever AtEnd = "never" // stay on
)

// Words are the words of the kernel command line that Permit may name.
func Words() []string {
	return []string{"lethe.depot", "lethe.order", "lethe.ntp", "lethe.list", "lethe.shell",
		"lethe.nonet", "lethe.plain", "lethe.poweroff", "lethe.ip", "lethe.vlan"}
}

// Parse reads a site.json. Unknown fields, a second value and a missing or foreign
// version are errors: a misspelt field must not be lost in silence.
func Parse(b []byte) (Site, error) {
	var s Site
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&s); err != nil {
		return Site{}, fmt.Errorf("parse site file: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return Site{}, errors.New("parse site file: more than one value")
	}
	if err := s.Validate(); err != nil {
		return Site{}, fmt.Errorf("parse site file: %w", err)
	}
	return s, nil
}

// JSON is the site file as the image has it.
func (s Site) JSON() ([]byte, error) {
	b, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write site file: %w", err)
	}
	return append(b, '\n'), nil
}
