package iso_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"lethe/image/disk"
	"lethe/image/iso"
)

func write(t *testing.T) string {
	t.Helper()
	efi, err := disk.SignedBoot("set timeout=5\n")
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "lethe.iso")
	err = iso.Write(t.Context(), name, iso.Image{Kernel: bytes.Repeat([]byte("kernel"), 70001), Initrd: bytes.Repeat([]byte("initrd"), 90001),
		Config: "set timeout=5\n", EFI: efi, ID: [16]byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}})
	if err != nil {
		t.Fatal(err)
	}
	return name
}

func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	return string(out)
}

// Firmware of every kind must find its way in: xorriso reports both El Torito
// images and both partitions, and the files come back.
func TestWrite(t *testing.T) {
	name := write(t)
	report := run(t, "xorriso", "-indev", name, "-report_el_torito", "plain", "-report_system_area", "plain")
	for _, want := range []string{"BIOS", "UEFI", "El Torito img path", "grub2-mbr", "MBR partition", "0xef", "Volume id    : 'LETHE'"} {
		if !strings.Contains(report, want) {
			t.Errorf("no %q in\n%s", want, report)
		}
	}
	if table := run(t, "sfdisk", "-d", name); !strings.Contains(table, "label-id: 0x04030201") {
		t.Errorf("no disk signature in\n%s", table)
	}
	out := filepath.Join(t.TempDir(), "k")
	run(t, "xorriso", "-osirrox", "on", "-indev", name, "-extract", "/boot/vmlinuz", out)
	if b, err := os.ReadFile(out); err != nil || !bytes.Equal(b, bytes.Repeat([]byte("kernel"), 70001)) {
		t.Errorf("the kernel on it: %d bytes, %v", len(b), err)
	}
}

func TestSameBytes(t *testing.T) {
	a, err := os.ReadFile(write(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("TZ", "Asia/Tokyo")
	t.Setenv("LC_ALL", "C")
	b, err := os.ReadFile(write(t))
	if err != nil || !bytes.Equal(a, b) {
		t.Errorf("a second image differs: %v", err)
	}
}
