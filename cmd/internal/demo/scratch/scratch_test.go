package scratch_test

import (
	"os"
	"testing"

	"lethe/cmd/internal/demo/scratch"
)

// An untouched drive must be found untouched, or the whole proof is worth nothing.
func TestCompareTellsUntouched(t *testing.T) {
	for _, fs := range []string{"ext4", "vfat"} {
		d, err := scratch.Make(t.Context(), t.TempDir(), scratch.Spec{Name: "t" + fs, Size: 48 << 20, FS: fs})
		if err != nil {
			t.Fatal(err)
		}
		r, err := d.Compare()
		if err != nil || r.Gone() || r.Same != r.Sectors || r.Sectors != 48<<20/512 {
			t.Errorf("%s untouched: %v, %v; want all sectors the same", fs, r, err)
		}
		overwrite(t, d, 0, d.Size)
		if r, err = d.Compare(); err != nil || !r.Gone() {
			t.Errorf("%s overwritten: %v, %v; want gone", fs, r, err)
		}
	}
}

func TestCompareFindsOneSector(t *testing.T) {
	d, err := scratch.Make(t.Context(), t.TempDir(), scratch.Spec{Name: "one", Size: 32 << 20, FS: "ext4"})
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(d.Path)
	if err != nil {
		t.Fatal(err)
	}
	noise := make([]byte, 512) // mkfs zeroes the end; the middle is data
	if _, err := f.ReadAt(noise, d.Size/2); err != nil {
		t.Fatal(err)
	}
	f.Close()
	overwrite(t, d, 0, d.Size-512)
	if r, err := d.Compare(); err != nil || r.Gone() || r.Same != 1 {
		t.Errorf("last sector kept: %v, %v; want 1 the same", r, err)
	}
	overwrite(t, d, d.Size-512, d.Size)
	if err := writeAt(d.Path, noise, 4096); err != nil {
		t.Fatal(err)
	}
	if r, err := d.Compare(); err != nil || r.Gone() || r.Moved != 1 {
		t.Errorf("a sector moved: %v, %v; want 1 moved", r, err)
	}
	if err := os.Truncate(d.Path, d.Size-512); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Compare(); err == nil {
		t.Error("a shorter drive was compared without an error")
	}
}

func overwrite(t *testing.T, d *scratch.Drive, from, to int64) {
	t.Helper()
	p := make([]byte, to-from)
	for i := range p {
		p[i] = 0xA5
	}
	if err := writeAt(d.Path, p, from); err != nil {
		t.Fatal(err)
	}
}

func writeAt(path string, p []byte, off int64) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.WriteAt(p, off)
	return err
}
