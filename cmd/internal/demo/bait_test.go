package demo_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// bait makes an ext4 in a file whose journal wants to be replayed: its super block
// says so (incompat feature "recover", bit 2 of the word at byte 96).
func bait(t *testing.T, name string) {
	t.Helper()
	if out, err := exec.Command("mkfs.ext4", "-q", "-F", "-L", "LETHE", name).CombinedOutput(); err != nil {
		t.Fatalf("mkfs.ext4: %v\n%s", err, out)
	}
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b := make([]byte, 1)
	const incompat = 1024 + 96
	if _, err := f.ReadAt(b, incompat); err != nil {
		t.Fatal(err)
	}
	b[0] |= 4
	if _, err := f.WriteAt(b, incompat); err != nil {
		t.Fatal(err)
	}
}

// comma doubles commas, as QEMU's options want it.
func comma(s string) string { return strings.ReplaceAll(s, ",", ",,") }
