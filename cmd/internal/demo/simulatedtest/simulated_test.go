//go:build long

package simulatedtest

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"lethe/image"
	"lethe/image/boottest"
	"lethe/inventory/inventorytest/shelf"
	"lethe/inventory/inventorytest/simata"
	"lethe/inventory/inventorytest/simscsi"
	"lethe/inventory/inventorytest/tcmu"
)

// TestMain finds the folders from the repository's root, as the commands do.
func TestMain(m *testing.M) {
	if err := os.Chdir("../../../.."); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// oldBlock is what every block of a simulated drive holds at first.
var oldBlock = bytes.Repeat([]byte("OLD DATA"), 512/8)

// simulated builds the boot image with simdrives in lethe's place.
func simulated(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	bin := filepath.Join(dir, "simdrives")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-buildvcs=false", "-o", bin, "./inventory/inventorytest/simdrives")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build simdrives: %v\n%s", err, out)
	}
	p, err := image.ProfileByName("vm")
	if err != nil {
		t.Fatal(err)
	}
	p.Modules = slices.Concat(p.Modules, tcmu.Modules())
	_, err = image.Build(t.Context(), image.Options{Profile: p, Lethe: bin, Version: "test", Lock: "image/kernel/kernel.lock",
		URoot: "image/uroot", Cache: "out/cache", Out: dir})
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// stock makes a shelf of drives full of old data.
func stock(t *testing.T, drives []shelf.Drive) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "shelf.img")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Truncate(shelf.Size(drives)); err != nil {
		t.Fatal(err)
	}
	if err := shelf.Make(f, drives); err != nil {
		t.Fatal(err)
	}
	s, err := shelf.Open(f)
	if err != nil {
		t.Fatal(err)
	}
	for i, d := range drives {
		if _, err := s.Medium(i).WriteAt(bytes.Repeat(oldBlock, int(d.Size()/512)), 0); err != nil {
			t.Fatal(err)
		}
	}
	return name
}

// old counts the blocks of a shelf's drive that hold their old data.
func old(t *testing.T, name string, i int) (n int) {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	s, err := shelf.Open(readOnly{f})
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, s.Drives[i].Size())
	if _, err := s.Medium(i).ReadAt(b, 0); err != nil {
		t.Fatal(err)
	}
	for ; len(b) > 0; b = b[512:] {
		if bytes.Equal(b[:512], oldBlock) {
			n++
		}
	}
	return n
}

// readOnly is a shelf that is only looked at.
type readOnly struct{ *os.File }

func (readOnly) WriteAt([]byte, int64) (int, error) { return 0, os.ErrPermission }

// TestSimulatedDrives: a simulated SATA and a simulated SAS drive are disks of a booted
// machine, whose kernel carries our commands to them. The SATA drive is erased by
// SECURITY ERASE UNIT; the plug is pulled while the SAS drive sanitizes, and the next
// machine finds it where it was and follows it to its end.
func TestSimulatedDrives(t *testing.T) {
	const media = 16 << 20
	drives := []shelf.Drive{
		{Name: "sas", NAA: 0x5000c500b0000001, SCSI: &simscsi.Config{Vendor: "ACME", Product: "SIMULATED SAS", Revision: "0001",
			Serial: "SIM-SAS-1", NAA: 0x5000c500aaaa0001, Port: 0x5000c500aaaa0002, Target: 0x5000c500aaaa0003, Media: media,
			BlockLength: 512, Spare: 4, Rotation: 1, Block: true, Crypto: true, Format: true, Takes: 40 * time.Second}},
		{Name: "sata", NAA: 0x5000c500b0000002, ATA: &simata.Config{Model: "SIMULATED SATA", Serial: "SIM-SATA-1", Firmware: "0001",
			WWN: 0x5000c500aaaa0004, Sectors: media / 512, Spare: 4, Rotation: 1, Block: true, Security: true, Enhanced: true,
			EraseTime: 2 * time.Second}},
	}
	img, name := simulated(t), stock(t, drives)
	start := func(word string) (*boottest.VM, context.Context) {
		t.Helper()
		ctx, cancel := context.WithCancelCause(t.Context())
		t.Cleanup(func() { cancel(nil) })
		vm, err := boottest.Start(ctx, boottest.Config{Kernel: filepath.Join(img, image.KernelFile), Initrd: filepath.Join(img, image.InitrdFile),
			Append: "simdrives_do=" + word, Drives: []boottest.Drive{{Bus: boottest.Virtio, Path: name, Serial: shelf.Serial}}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(vm.Close)
		late := time.AfterFunc(3*time.Minute, func() { cancel(context.DeadlineExceeded) })
		t.Cleanup(func() { late.Stop() })
		return vm, ctx
	}
	expect := func(vm *boottest.VM, ctx context.Context, patterns ...string) {
		t.Helper()
		for _, p := range patterns {
			if _, err := vm.Expect(ctx, p); err != nil {
				t.Fatal(err)
			}
		}
	}
	vm, ctx := start("begin")
	expect(vm, ctx, `BENCH sata, before: its first block holds old data`,
		`BENCH sata, before: security enabled false`, `with a password: security enabled true`,
		`erased: security enabled false, locked false`, `BENCH sata, erased: its first block holds zeros`,
		`BENCH sas, before: REPORT SUPPORTED OPERATION CODES 48h/02h: ok`,
		`BENCH sas, before: its first block holds old data`, `BENCH sas, start: SANITIZE, BLOCK ERASE: ok`,
		`BENCH sas is at (2[0-9]|[3-6][0-9]) of 100`)
	vm.Close() // SIGKILL
	t.Log(vm.Output())
	if n := old(t, name, 0); n == 0 || n == media/512 {
		t.Errorf("with the plug pulled %d of %d blocks of the SAS drive hold old data, want some", n, media/512)
	}
	vm, ctx = start("go-on")
	expect(vm, ctx, `after the plug was pulled: security enabled false, locked false`,
		`BENCH sas is at ([2-9][0-9]) of 100`, `BENCH sas was running; <nil>`, `BENCH sas, erased: its first block holds zeros`, `BENCH done`)
	err := vm.Wait(ctx)
	t.Log(vm.Output())
	if err != nil {
		t.Error(err)
	}
	// An erase in normal mode leaves what no host can address.
	for i, want := range []int{0, int(drives[1].ATA.Spare)} {
		if n := old(t, name, i); n != want {
			t.Errorf("%s: %d blocks hold old data, want %d", drives[i].Name, n, want)
		}
	}
}
