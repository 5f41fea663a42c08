package fat_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"lethe/image/fat"
)

func format(t *testing.T, o fat.Options, files ...fat.File) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "fat.img")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Truncate(o.Sectors * fat.SectorSize); err != nil {
		t.Fatal(err)
	}
	if err := fat.Format(f, o, files...); err != nil {
		t.Fatal(err)
	}
	return name
}

func sample() []fat.File {
	files := []fat.File{
		{Path: "EFI/BOOT/BOOTX64.EFI", Data: bytes.Repeat([]byte("shim"), 9000)},
		{Path: "boot/grub/grub.cfg", Data: []byte("set timeout=5\n")},
		{Path: "boot/initrd.img", Data: bytes.Repeat([]byte{1, 2, 3}, 70001)},
		{Path: "LETHE/marker.dsse.json", Data: []byte("{}")}, {Path: "empty", Data: nil},
		{Path: "a rather long name, with blanks and more than twenty-six letters.text", Data: []byte("long")},
		{Path: "Größe.txt", Data: []byte("umlaut")},
	}
	for i := range 120 {
		files = append(files, fat.File{Path: fmt.Sprintf("many/file number %d.dat", i), Data: []byte{byte(i)}})
	}
	return files
}

var kinds = map[string]fat.Options{
	"FAT16":          {Label: "LETHE-EFI", Serial: 0x12345678, Sectors: 16384},
	"FAT16 big":      {Label: "LETHE-EFI", Serial: 0x12345678, Sectors: 262144, Cluster: 8, Hidden: 2048},
	"FAT32":          {Label: "LETHE", Serial: 0x9abcdef0, Sectors: 131072, Hidden: 4096},
	"FAT32 clusters": {Label: "LETHE", Serial: 0x9abcdef0, Sectors: 1 << 20, Cluster: 8},
}

// fsck finds no fault, and mtools reads every file back.
func TestFormat(t *testing.T) {
	for kind, o := range kinds {
		name := format(t, o, sample()...)
		if out, err := exec.Command("fsck.fat", "-n", "-v", name).CombinedOutput(); err != nil {
			t.Errorf("%s: fsck.fat: %v\n%s", kind, err, out)
		} else if !strings.Contains(string(out), kind[3:5]+" bits") && !strings.Contains(string(out), "FAT"+kind[3:5]) {
			t.Logf("%s: %s", kind, out)
		}
		all := filepath.Join(t.TempDir(), "all")
		if err := os.Mkdir(all, 0o700); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command("mcopy", "-s", "-n", "-i", name, "::*", all)
		cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: mcopy: %v\n%s", kind, err, out)
		}
		for _, f := range sample() {
			if b, err := os.ReadFile(filepath.Join(all, f.Path)); err != nil || !bytes.Equal(b, f.Data) {
				t.Errorf("%s: %s: %v, %d bytes", kind, f.Path, err, len(b))
			}
		}
		out, err := exec.Command("minfo", "-i", name, "::").CombinedOutput()
		if err != nil || !strings.Contains(strings.ToUpper(string(out)), fmt.Sprintf("SERIAL NUMBER: %08X", o.Serial)) {
			t.Errorf("%s: minfo: %v\n%s", kind, err, out)
		}
	}
}

// What others write into it must be in order, too.
func TestWritten(t *testing.T) {
	name := format(t, kinds["FAT32"], sample()...)
	big := filepath.Join(t.TempDir(), "x.pdf")
	if err := os.WriteFile(big, make([]byte, 5_000_000), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"mmd", "-i", name, "::LETHE/papers"}, {"mcopy", "-i", name, big, "::LETHE/papers/x.pdf"},
		{"mdel", "-i", name, "::boot/initrd.img"}, {"fsck.fat", "-n", name},
	} {
		if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
	}
}

func TestSameBytes(t *testing.T) {
	files := sample()
	a, err := os.ReadFile(format(t, kinds["FAT16"], files...))
	if err != nil {
		t.Fatal(err)
	}
	for i := range len(files) / 2 {
		files[i], files[len(files)-1-i] = files[len(files)-1-i], files[i]
	}
	b, err := os.ReadFile(format(t, kinds["FAT16"], files...))
	if err != nil || !bytes.Equal(a, b) {
		t.Errorf("another order of files, other bytes: %v", err)
	}
}

type nowhere struct{}

func (nowhere) WriteAt(b []byte, _ int64) (int, error) { return len(b), nil }

func TestRefuses(t *testing.T) {
	ok := kinds["FAT16"]
	small, label := ok, ok
	small.Sectors, label.Label = 1000, "lethe"
	for name, err := range map[string]error{
		"too small":     fat.Format(nowhere{}, small),
		"does not fit":  fat.Format(nowhere{}, ok, fat.File{Path: "x", Data: make([]byte, 9<<20)}),
		"label":         fat.Format(nowhere{}, label),
		"parent":        fat.Format(nowhere{}, ok, fat.File{Path: "../x"}),
		"twice":         fat.Format(nowhere{}, ok, fat.File{Path: "x"}, fat.File{Path: "X"}),
		"file, folder":  fat.Format(nowhere{}, ok, fat.File{Path: "x"}, fat.File{Path: "x/y"}),
		"bad character": fat.Format(nowhere{}, ok, fat.File{Path: "a:b"}),
	} {
		if err == nil {
			t.Errorf("%s: written", name)
		}
	}
	if err := fat.Format(nowhere{}, small); !errors.Is(err, fat.ErrSize) {
		t.Error(err)
	}
}
