package ata

import (
	"encoding/hex"
	"os"
	"strings"
	"testing"
)

// captured reads a recorded answer and pads it with the zeros left out.
func captured(t *testing.T, name string, n int) []byte {
	t.Helper()
	raw, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	_, body, _ := strings.Cut(string(raw), "\n")
	b, err := hex.DecodeString(strings.Join(strings.Fields(body), ""))
	if err != nil {
		t.Fatal(err)
	}
	return append(b, make([]byte, n-len(b))...)
}

// TestCaptured decodes what a drive really sent. The drive was started with
// these strings on its command line.
func TestCaptured(t *testing.T) {
	id, err := ParseIdentify(captured(t, "qemu-ide-hd.hex", 512))
	if err != nil {
		t.Fatal(err)
	}
	if id.Serial() != "SATA-SER-0001" || id.Model() != "SPIKE-SATA-HDD" || id.Firmware() != "F1.2" ||
		id.WWN() != "5000c50012345678" || id.Sectors() != 131072 || id.LogicalSector() != 512 || id.Rotation() != 7200 {
		t.Errorf("%q %q %q %q %d %d %d", id.Serial(), id.Model(), id.Firmware(), id.WWN(), id.Sectors(), id.LogicalSector(), id.Rotation())
	}
	if id.Sanitize() != (Sanitize{}) || id.Security().Supported || id.HPA() || id.DCO() || id.AMAX() || id.TrustedComputing() || !id.Trim() {
		t.Errorf("features %+v %+v", id.Sanitize(), id.Security())
	}
}
