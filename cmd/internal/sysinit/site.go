package sysinit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
)

// SitePath is where the site file lies; it comes with the image or with an
// overlay archive.
const SitePath = "/etc/lethe/site.json"

// SiteVersion is the only version of the site file that there is.
const SiteVersion = 1

// Site is what a site tells its machines. All paths are absolute and inside the
// image.
type Site struct {
	Version int `json:"version"`

	Depot   string   `json:"depot,omitempty"`   // https URL
	DepotCA string   `json:"depotCA,omitempty"` // PEM file of its CA; none: Trust
	Order   string   `json:"order,omitempty"`   // path or https URL of the signed order
	Trust   []string `json:"trust,omitempty"`   // PEM files: who may sign orders, and receipts
	Key     string   `json:"key,omitempty"`     // PEM file: the leaf key that signs certificates
	Chain   string   `json:"chain,omitempty"`   // PEM file: leaf first, without the root

	// Stick names the delivery stick: a USB or removable drive that takes papers
	// and intents, if it bears a marker signed for this very serial number. It
	// may bring the order where neither Order nor the command line says where.
	Stick *Stick `json:"stick,omitempty"`

	NTP       []string `json:"ntp,omitempty"`       // host[:port]
	StepClock bool     `json:"stepClock,omitempty"` // set the clock to a server's time

	PowerOff AtEnd  `json:"powerOff,omitempty"`
	Hostname string `json:"hostname,omitempty"`
	// Permit lists the words of the command line that count. Absent: all; an
	// empty list: none.
	Permit []string `json:"permit,omitzero"`
}

// Stick is how a site names its delivery stick.
type Stick struct {
	Serial string `json:"serial"` // as lethe list shows it
}

// ParseSite reads a site file. Unknown fields, a second value and a missing or
// foreign version are errors: a misspelt field must not be lost in silence.
func ParseSite(b []byte) (Site, error) {
	var s Site
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&s); err != nil {
		return Site{}, fmt.Errorf("parse site file: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return Site{}, errors.New("parse site file: more than one value")
	}
	if err := s.validate(); err != nil {
		return Site{}, fmt.Errorf("parse site file: %w", err)
	}
	return s, nil
}

func (s Site) validate() error {
	if s.Version != SiteVersion {
		return fmt.Errorf("version is %d, want %d", s.Version, SiteVersion)
	}
	if s.Depot != "" {
		if err := checkHTTPS(s.Depot); err != nil {
			return fmt.Errorf("depot: %w", err)
		}
	}
	if s.Order != "" {
		if err := checkSource(s.Order); err != nil {
			return fmt.Errorf("order: %w", err)
		}
	}
	for _, p := range append([]string{s.DepotCA, s.Key, s.Chain}, s.Trust...) {
		if p != "" && (!path.IsAbs(p) || path.Clean(p) != p) {
			return fmt.Errorf("%q is not an absolute path", p)
		}
	}
	if s.Stick != nil && (s.Stick.Serial == "" || strings.TrimSpace(s.Stick.Serial) != s.Stick.Serial) {
		return fmt.Errorf("stick: serial %q", s.Stick.Serial)
	}
	for _, h := range s.NTP {
		if err := checkHost(h); err != nil {
			return fmt.Errorf("ntp: %w", err)
		}
	}
	switch s.PowerOff {
	case AtEndUnset, AtEndDone, AtEndNever:
		return nil
	}
	return fmt.Errorf("powerOff %q is neither done nor never", s.PowerOff)
}

// loadSite returns the zero Site where there is no file.
func loadSite() (Site, error) {
	b, err := os.ReadFile(SitePath)
	if errors.Is(err, fs.ErrNotExist) {
		return Site{Version: SiteVersion}, nil
	}
	if err != nil {
		return Site{}, fmt.Errorf("read site file: %w", err)
	}
	return ParseSite(b)
}
