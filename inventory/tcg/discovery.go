package tcg

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
)

// Feature codes of level 0 discovery that Lethe decides on (Core 3.3.6, SSCs).
const (
	FeatureTPer        = 0x0001
	FeatureLocking     = 0x0002
	FeatureEnterprise  = 0x0100
	FeatureOpal1       = 0x0200
	FeatureOpal2       = 0x0203
	FeatureOpalite     = 0x0301
	FeaturePyrite1     = 0x0302
	FeaturePyrite2     = 0x0303
	FeatureRuby        = 0x0304
	FeatureBlockSID    = 0x0402
	FeatureDataRemoval = 0x0404
)

// subsets are the security subsystem classes, best known first.
var subsets = []struct {
	code uint16
	name string
}{
	{FeatureOpal2, "Opal 2"}, {FeatureOpal1, "Opal 1"}, {FeatureRuby, "Ruby"}, {FeatureEnterprise, "Enterprise"},
	{FeaturePyrite2, "Pyrite 2"}, {FeaturePyrite1, "Pyrite 1"}, {FeatureOpalite, "Opalite"},
}

// Locking is the locking feature descriptor, byte 4.
type Locking byte

// Supported reports a locking SP.
func (l Locking) Supported() bool { return l&1 != 0 }

// Enabled reports that the locking SP was activated: somebody owns it.
func (l Locking) Enabled() bool { return l>>1&1 != 0 }

// Locked reports a range that takes no reads or writes.
func (l Locking) Locked() bool { return l>>2&1 != 0 }

// Encrypts reports that what is on the media is encrypted.
func (l Locking) Encrypts() bool { return l>>3&1 != 0 }

// Shadowed reports that the shadow MBR is shown in place of the data.
func (l Locking) Shadowed() bool { return l>>4&1 != 0 && l>>5&1 == 0 }

// Discovery is what a drive says in level 0 discovery. Features are the bytes after
// each descriptor's header.
type Discovery struct {
	Features map[uint16][]byte
	Class    string // of the security subsystem, "" when none is known
	ComID    uint16 // base communication channel of that class
}

// Has reports a feature.
func (d Discovery) Has(code uint16) bool { return d.Features[code] != nil }

// Locking is the state of the locking feature, 0 without one.
func (d Discovery) Locking() Locking { return Locking(first(d.Features[FeatureLocking])) }

// SIDBlocked reports that the firmware of the machine blocked the owner's authority
// until the next power cycle (Block SID Authentication, bit 1).
func (d Discovery) SIDBlocked() bool { return first(d.Features[FeatureBlockSID])>>1&1 != 0 }

// Enterprise reports the class whose methods have parameters with names.
func (d Discovery) Enterprise() bool { return d.Class == "Enterprise" }

func first(b []byte) byte {
	if len(b) == 0 {
		return 0
	}
	return b[0]
}

// ErrNoDiscovery says that the drive sent no level 0 discovery.
var ErrNoDiscovery = errors.New("no level 0 discovery")

// discoveryHeader is the size of its header; descriptors follow.
const discoveryHeader = 48

// ParseDiscovery decodes level 0 discovery.
func ParseDiscovery(b []byte) (Discovery, error) {
	if len(b) < discoveryHeader {
		return Discovery{}, fmt.Errorf("decode discovery: %d bytes", len(b))
	}
	// The length does not count itself.
	n := uint64(binary.BigEndian.Uint32(b)) + 4
	if n == 4 {
		return Discovery{}, ErrNoDiscovery
	}
	if n < discoveryHeader || n > uint64(len(b)) {
		return Discovery{}, fmt.Errorf("decode discovery: says %d bytes, got %d", n, len(b))
	}
	d := Discovery{Features: map[uint16][]byte{}}
	for rest := b[discoveryHeader:n]; len(rest) >= 4; {
		size := 4 + int(rest[3])
		if size > len(rest) {
			return d, fmt.Errorf("decode discovery: feature %04Xh runs past the end", binary.BigEndian.Uint16(rest))
		}
		d.Features[binary.BigEndian.Uint16(rest)] = append([]byte{}, rest[4:size]...)
		rest = rest[size:]
	}
	for _, s := range subsets {
		if f := d.Features[s.code]; len(f) >= 2 {
			d.Class, d.ComID = s.name, binary.BigEndian.Uint16(f)
			break
		}
	}
	return d, nil
}

// Discover reads level 0 discovery: protocol 01h, channel 0001h.
func Discover(ctx context.Context, conn Conn) (Discovery, error) {
	b := make([]byte, 4*block)
	if err := conn.Receive(ctx, 1, 1, b); err != nil {
		return Discovery{}, fmt.Errorf("level 0 discovery: %w", err)
	}
	return ParseDiscovery(b)
}
