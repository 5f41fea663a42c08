package disk_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"lethe/image/disk"
	"lethe/image/fat"
)

func write(t *testing.T) string {
	t.Helper()
	files, err := disk.SignedBoot("set timeout=5\n")
	if err != nil {
		t.Fatal(err)
	}
	files = append(files, fat.File{Path: disk.KernelPath, Data: bytes.Repeat([]byte("kernel"), 1<<20)},
		fat.File{Path: disk.InitrdPath, Data: bytes.Repeat([]byte("initrd"), 3<<20)})
	name := filepath.Join(t.TempDir(), "usb.img")
	if err := disk.Write(t.Context(), name, disk.Image{Boot: files, ID: [16]byte{1, 2, 3, 4, 5},
		Papers: []fat.File{{Path: "README.TXT", Data: []byte("read me\r\n")}}}); err != nil {
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

// sfdisk(8), fsck.fat(8) and mtools must find what was written.
func TestWrite(t *testing.T) {
	name := write(t)
	table := run(t, "sfdisk", "-d", name)
	for _, want := range []string{"label-id: 0x04030201", "start=        2048", "type=c", "type=ef, bootable"} {
		if !strings.Contains(table, want) {
			t.Errorf("no %q in\n%s", want, table)
		}
	}
	if got := disk.Signature([16]byte{1, 2, 3, 4}); got != "04030201" {
		t.Errorf("Signature = %s", got)
	}
	const mib = 1 << 20
	papers, esp := name+"@@1M", name+"@@"+"37M"
	if got := run(t, "mtype", "-i", papers, "::README.TXT"); got != "read me\r\n" {
		t.Errorf("papers: %q", got)
	}
	if got := run(t, "mtype", "-i", esp, "::boot/grub/grub.cfg"); got != "set timeout=5\n" {
		t.Errorf("grub.cfg: %q", got)
	}
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for n, part := range [][]byte{b[mib : 37*mib], b[37*mib:]} {
		one := filepath.Join(t.TempDir(), "part")
		if err := os.WriteFile(one, part, 0o600); err != nil {
			t.Fatal(err)
		}
		if out := run(t, "fsck.fat", "-n", "-v", one); !strings.Contains(out, "32 bits per FAT entry") && n == 1 {
			t.Logf("partition %d: %s", n+1, out)
		}
	}
	if other, err := os.ReadFile(write(t)); err != nil || !bytes.Equal(other, b) {
		t.Errorf("a second image differs: %v", err)
	}
}

func TestWriteRefuses(t *testing.T) {
	name := filepath.Join(t.TempDir(), "usb.img")
	bad := disk.Image{Papers: []fat.File{{Path: "../x"}}}
	if err := disk.Write(t.Context(), name, bad); err == nil {
		t.Error("a file outside was written")
	}
	if _, err := os.Stat(name); err == nil {
		t.Error("half an image is left")
	}
	if err := os.WriteFile(name, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := disk.Write(t.Context(), name, disk.Image{}); err == nil {
		t.Error("an existing file was replaced")
	}
}
