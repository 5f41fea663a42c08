package demo_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lethe/cmd/internal/demo"
	"lethe/image/boottest"
)

// artefactFolder has a file for each name that lethe-image writes.
func artefactFolder(t *testing.T) string {
	dir := t.TempDir()
	for _, name := range []string{"vmlinuz", "initrd.img", "lethe.efi", "lethe.iso", "lethe-usb.img"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestStartFrom(t *testing.T) {
	dir, work := artefactFolder(t), t.TempDir()
	media := map[string]string{}
	for _, a := range demo.Artefacts() {
		for _, f := range []boottest.Firmware{boottest.BIOS, boottest.UEFI} {
			c, err := demo.StartFrom(a, f, dir, work)
			if err != nil {
				t.Fatalf("%s: %v", a, err)
			}
			c.Boot.Path = strings.NewReplacer(dir, "DIR", work, "WORK").Replace(c.Boot.Path)
			media[strings.TrimSuffix(a+" "+string(f), " ")] = strings.TrimSpace(strings.Join([]string{string(c.Boot.From), c.Boot.Path, c.Boot.File}, " "))
		}
	}
	want := map[string]string{
		"kernel": "", "kernel uefi": "",
		"uki": "disk WORK/uki.img", "uki uefi": "disk WORK/uki.img",
		"iso": "stick WORK/lethe.iso", "iso uefi": "stick WORK/lethe.iso",
		"cd": "cd DIR/lethe.iso", "cd uefi": "cd DIR/lethe.iso",
		"usb": "stick WORK/lethe-usb.img", "usb uefi": "stick WORK/lethe-usb.img",
		"pxe": "pxe DIR/pxe pxelinux.0", "pxe uefi": "pxe DIR/pxe shimx64.efi",
		"ipxe": "ipxe DIR/pxe menu.ipxe", "ipxe uefi": "ipxe DIR/pxe menu.ipxe",
	}
	if diff := cmp.Diff(want, media); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, err := demo.StartFrom("tape", boottest.BIOS, dir, work); !errors.Is(err, demo.ErrArtefact) {
		t.Errorf("tape: %v, want ErrArtefact", err)
	}
}

func TestTrialDrives(t *testing.T) {
	dir := t.TempDir()
	var paths []string
	for _, n := range []string{"a disk.img", "b.img", "c.img"} {
		p := filepath.Join(dir, n)
		if err := os.WriteFile(p, make([]byte, 512), 0o600); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, p)
	}
	got, err := demo.TrialDrives(paths, []string{"nvme", "usb"})
	want := []boottest.Drive{{Bus: boottest.NVMe, Path: paths[0], Serial: "A-DISK-0"},
		{Bus: boottest.USB, Path: paths[1], Serial: "B-1"}, {Bus: boottest.USB, Path: paths[2], Serial: "C-2"}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if _, err := demo.TrialDrives(paths, []string{"floppy"}); err == nil {
		t.Error("took a bus that is not there")
	}
}

// Trying out must never reach a disk of the host.
//
// mutant: start.go: if err := boottest.CheckDisk(p); err != nil { => if err := error(nil); err != nil {
func TestTrialDrivesRefuseTheHosts(t *testing.T) {
	if _, err := demo.TrialDrives([]string{"/dev/null"}, nil); !errors.Is(err, boottest.ErrRealDisk) {
		t.Errorf("%v, want ErrRealDisk", err)
	}
}
