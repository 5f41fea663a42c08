package nvme

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

// TestCaptured decodes what a controller really sent.
func TestCaptured(t *testing.T) {
	c, err := ParseController(captured(t, "qemu-controller.hex", 4096))
	if err != nil {
		t.Fatal(err)
	}
	if c.VID != 0x1b36 || c.Serial != "NVME-SER-6" || c.Model != "QEMU NVMe Ctrl" || c.Firmware != "7.2.22" ||
		c.OACS != 0x10a || c.Sanicap != 0 || c.FNA != 0 || c.NN != 256 || c.ONCS != 0x15d ||
		c.SubNQN != "nqn.2019-08.org.qemu:spike-subs0" {
		t.Errorf("controller %+v", c)
	}
	n, err := ParseNamespace(captured(t, "qemu-namespace.hex", 4096))
	if err != nil {
		t.Fatal(err)
	}
	if size, err := n.Size(); size != 64<<20 || err != nil || n.LogicalSize != 4096 || n.LBAF != 4 || !n.Shared || n.NGUID != "" {
		t.Errorf("namespace %+v of %d bytes, %v", n, size, err)
	}
}
