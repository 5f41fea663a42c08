package scsi

import (
	"encoding/hex"
	"fmt"

	"lethe/inventory/internal/ascii"
)

// Designator types of SPC-5 table 606.
const (
	DesignatorT10  = 1
	DesignatorEUI  = 2
	DesignatorNAA  = 3
	DesignatorName = 8
)

// Designator is one identifier of the device identification page.
type Designator struct {
	CodeSet     byte // 1 binary, 2 ASCII, 3 UTF-8
	Association byte // 0 logical unit, 1 target port, 2 target device
	Type        byte
	Value       []byte
}

// ParseDesignators decodes the body of page 83h. A descriptor that runs past the
// page ends the list with an error; what came before it is returned.
func ParseDesignators(b []byte) ([]Designator, error) {
	var out []Designator
	for len(b) > 0 {
		if len(b) < 4 || 4+int(b[3]) > len(b) {
			return out, fmt.Errorf("decode VPD 83h: designator %d runs past the page", len(out))
		}
		n := 4 + int(b[3])
		out = append(out, Designator{
			CodeSet:     b[0] & 0xf,
			Association: b[1] >> 4 & 3,
			Type:        b[1] & 0xf,
			Value:       b[4:n],
		})
		b = b[n:]
	}
	return out, nil
}

// Names are the world-wide names of the logical unit among ds: NAA, else "",
// and EUI-64, else "", both in lower-case hex. Of several NAA names the longest
// is taken (format 6 tells logical units apart where format 5 may not).
func Names(ds []Designator) (naa, eui string) {
	for _, d := range ds {
		if d.Association != 0 || !ascii.NonZero(d.Value) {
			continue
		}
		switch v := hex.EncodeToString(d.Value); {
		case d.Type == DesignatorNAA && validNAA(d.Value) && len(v) > len(naa):
			naa = v
		case d.Type == DesignatorEUI && eui == "":
			eui = v
		}
	}
	return naa, eui
}

// validNAA checks the length against the format in the first four bits
// (SPC-5 §7.7.6.6): 2, 3 and 5 are 8 bytes, 6 is 16.
func validNAA(v []byte) bool {
	if len(v) == 0 {
		return false
	}
	switch v[0] >> 4 {
	case 2, 3, 5:
		return len(v) == 8
	case 6:
		return len(v) == 16
	}
	return false
}
