package scsi

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

// TestCaptured decodes what drives really sent.
func TestCaptured(t *testing.T) {
	b, err := PageData(PageIdentification, captured(t, "qemu-ata-83.hex", 252))
	if err != nil {
		t.Fatal(err)
	}
	ds, err := ParseDesignators(b)
	if naa, eui := Names(ds); err != nil || len(ds) != 3 || naa != "5000c50012345678" || eui != "" {
		t.Errorf("%d designators, NAA %q, EUI %q, %v", len(ds), naa, eui, err)
	}
	b, err = PageData(PageCharacteristics, captured(t, "qemu-scsi-b1.hex", 252))
	if err != nil {
		t.Fatal(err)
	}
	if c, err := ParseCharacteristics(b); err != nil || c.Rotation != 10000 {
		t.Errorf("characteristics %+v, %v", c, err)
	}
	b, err = PageData(PageProvisioning, captured(t, "qemu-scsi-b2.hex", 252))
	if err != nil {
		t.Fatal(err)
	}
	if p, err := ParseProvisioning(b); err != nil || p.Type != ProvisionedThin || !p.Unmap {
		t.Errorf("provisioning %+v, %v", p, err)
	}
}
