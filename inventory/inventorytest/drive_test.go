package inventorytest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"lethe/certs/record"
)

var ctx = context.Background()

func filled(n int, c byte) []byte {
	b := Buffer(n)
	copy(b, bytes.Repeat([]byte{c}, n))
	return b
}

func TestDriveIsADrive(t *testing.T) {
	d := NewDrive(Config{Size: 8192, Sector: 4096, Fill: 0xee})
	p := Buffer(8192)
	if n, err := d.ReadAt(p, 4096); n != 4096 || !errors.Is(err, io.EOF) {
		t.Errorf("ReadAt past the end = %d, %v; want 4096, EOF", n, err)
	}
	if n, err := d.WriteAt(p, 4096); n != 4096 || !errors.Is(err, unix.ENOSPC) {
		t.Errorf("WriteAt past the end = %d, %v; want 4096, ENOSPC", n, err)
	}
	if _, err := d.WriteAt(p[:512], 0); !errors.Is(err, unix.EINVAL) {
		t.Errorf("WriteAt of 512 bytes: %v; want EINVAL", err)
	}
	if _, err := d.ReadAt(p[:4096], 512); !errors.Is(err, unix.EINVAL) {
		t.Errorf("ReadAt at 512: %v; want EINVAL", err)
	}
	id, err := d.Identify(ctx)
	if err != nil || id.Size != 8192 || !id.Identity.Known() {
		t.Errorf("Identify = %+v, %v", id, err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := d.ReadAt(p[:4096], 0); !errors.Is(err, os.ErrClosed) {
		t.Errorf("ReadAt after Close: %v", err)
	}
	if s := d.Stats(); s.Identifies != 1 || s.Closes != 1 {
		t.Errorf("Stats = %+v", s)
	}
}

func TestDriveFaults(t *testing.T) {
	d := NewDrive(Config{Size: 8192, Faults: Faults{
		WriteError: []Range{{1500, 1501}}, ReadError: []Range{{4100, 4101}}, Drop: []Range{{5000, 5010}},
	}})
	if n, err := d.WriteAt(filled(8192, 1), 0); n != 1024 || !errors.Is(err, unix.EIO) {
		t.Errorf("WriteAt over a bad sector = %d, %v; want 1024, EIO", n, err)
	}
	p := Buffer(4096)
	if n, err := d.ReadAt(p, 1024); n != 3072 || !errors.Is(err, unix.EIO) {
		t.Errorf("ReadAt over a bad sector = %d, %v; want 3072, EIO", n, err)
	}
	if _, err := d.WriteAt(filled(2048, 2), 4096); err != nil {
		t.Fatal(err)
	}
	c := d.Contents()
	if c[4999] != 2 || c[5000] != 0 || c[5009] != 0 || c[5010] != 2 {
		t.Errorf("dropped range reads % x", c[4999:5011])
	}
}

func TestDriveVanishes(t *testing.T) {
	d := NewDrive(Config{Size: 8192, Faults: Faults{VanishAfter: 1024}})
	if _, err := d.WriteAt(filled(1024, 1), 0); err != nil {
		t.Fatal(err)
	}
	_, e1 := d.WriteAt(filled(512, 1), 1024)
	_, e2 := d.Identify(ctx)
	if e3 := d.Flush(ctx); !errors.Is(e1, unix.ENODEV) || !errors.Is(e2, unix.ENODEV) || !errors.Is(e3, unix.ENODEV) {
		t.Errorf("after the end: %v, %v, %v; want ENODEV", e1, e2, e3)
	}
}

func TestDriveFlush(t *testing.T) {
	for _, lies := range []bool{false, true} {
		d := NewDrive(Config{Size: 512, Faults: Faults{FlushLies: lies}})
		if _, err := d.WriteAt(filled(512, 9), 0); err != nil {
			t.Fatal(err)
		}
		if err := d.Flush(ctx); err != nil {
			t.Fatal(err)
		}
		d.PowerCut()
		if kept := d.Contents()[0] == 9; kept == lies {
			t.Errorf("lies %v: kept %v", lies, kept)
		}
	}
}

func TestDriveChangesIdentity(t *testing.T) {
	other := record.Identity{Serial: "OTHER"}
	d := NewDrive(Config{Size: 512, Faults: Faults{NewIdentity: &other, NewIdentityAfter: 1}})
	a, _ := d.Identify(ctx)
	b, _ := d.Identify(ctx)
	if a.Identity == other || b.Identity != other {
		t.Errorf("identities %v, %v; want the second to be another", a.Identity, b.Identity)
	}
}

func TestDriveHangs(t *testing.T) {
	d := NewDrive(Config{Size: 8192, Faults: Faults{HangAt: 4096}})
	done := make(chan error, 1)
	go func() { _, err := d.WriteAt(filled(8192, 1), 0); done <- err }()
	select {
	case err := <-done:
		t.Fatalf("WriteAt came back: %v", err)
	case <-time.After(20 * time.Millisecond):
	}
	if _, err := d.ReadAt(Buffer(512), 0); err != nil {
		t.Errorf("a read while a write hangs: %v", err)
	}
	d.Release()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
