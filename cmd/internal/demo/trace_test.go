package demo_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"lethe/cmd/internal/demo"
	"lethe/image/boottest"
)

// bystander is a drive of the machine that no order names, logged as the others.
func bystander(t *testing.T, id, serial, log string) []string {
	t.Helper()
	name := filepath.Join(t.TempDir(), id)
	if err := os.WriteFile(name, make([]byte, 8<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	// A partition table whose one partition claims to be an ext4 that wants its
	// journal replayed: bait for whatever mounts or repairs by itself.
	bait(t, name)
	if err := os.WriteFile(log, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(map[string]any{"driver": "raw", "file": map[string]any{"driver": "blklogwrites",
		"file": map[string]any{"driver": "file", "filename": name}, "log": map[string]any{"driver": "file", "filename": log}}})
	if err != nil {
		t.Fatal(err)
	}
	dev := "virtio-blk-pci,drive=" + id
	if serial != "" {
		dev += ",serial=" + serial
	}
	return []string{"-drive", "if=none,id=" + id + ",file=" + comma("json:"+string(b)), "-device", dev}
}

// writes are what QEMU saw written to a drive until now.
func writes(log string) ([]boottest.Write, error) {
	f, err := os.Open(log)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	all, err := boottest.ReadLog(f)
	var out []boottest.Write
	for _, w := range all {
		if w.Len > 0 {
			out = append(out, w)
		}
	}
	return out, err
}

// silent wants nothing written to any of the drives.
func silent(logs ...string) error {
	for _, l := range logs {
		ws, err := writes(l)
		if err != nil {
			return err
		}
		if len(ws) > 0 {
			return fmt.Errorf("%s: %d writes, the first one %+v", filepath.Base(l), len(ws), ws[0])
		}
	}
	return nil
}

// QEMU itself writes down what is written to the drives. Until the depot has
// acknowledged the intent there is nothing; afterwards each drive of the plan is
// written from its first byte to its last and nothing else is done to it; drives
// that the order does not name, one of them without an identity and so held, are
// never written to. Nothing is mounted, so no journal is replayed.
//
// Red with a listing that writes, inventory/devio/open_linux.go:
// t, err := open(path, unix.O_RDONLY|unix.O_NONBLOCK) =>
// if f, err := os.OpenFile(path, os.O_RDWR, 0); err == nil { f.WriteAt(make([]byte, 512), 0); f.Sync() }; t, err := open(path, unix.O_RDONLY|unix.O_NONBLOCK)
func TestNoWriteOutsideThePlan(t *testing.T) {
	traceRun(t, "bin/lethe")
}

func traceRun(t *testing.T, lethe string) {
	t.Helper()
	dir := t.TempDir()
	o := options(t, image(t, lethe), 16<<20)
	o.NoDepot = true
	var planned []string
	for _, p := range slow() {
		p.Log, p.Rate, p.Faults = filepath.Join(dir, p.Name+".log"), 0, nil
		planned = append(planned, p.Log)
		o.Drives = append(o.Drives, p)
	}
	others := []string{filepath.Join(dir, "unnamed.log"), filepath.Join(dir, "held.log")}
	o.QEMU = append(bystander(t, "unnamed", "NOT-NAMED-1", others[0]), bystander(t, "held", "", others[1])...)
	o.During = func(ctx context.Context, m *demo.Running) error {
		if _, err := m.Expect(ctx, `hardened: [^\n]*`); err != nil {
			return err
		}
		if _, err := m.Expect(ctx, `depot: list of papers: try 3: .*next try in`); err != nil {
			return err
		}
		if err := stays(ctx, m, 5*time.Second); err != nil {
			return err
		}
		if err := silent(append(planned, others...)...); err != nil {
			return fmt.Errorf("before the intent was acknowledged: %w", err)
		}
		if err := m.StartDepot(); err != nil {
			return err
		}
		if _, err := m.Expect(ctx, `intent acknowledged by the depot`); err != nil {
			return err
		}
		return m.Wait(ctx)
	}
	res := run(t, o)
	if !res.Proven {
		t.Errorf("not proven: %+v", res.Drives)
	}
	if err := silent(others...); err != nil {
		t.Error(err)
	}
	for i, log := range planned {
		ws, err := writes(log)
		if err != nil {
			t.Fatal(err)
		}
		end, size := int64(0), res.Drives[i].Size
		for _, w := range ws {
			if w.Discard || w.Off+w.Len > size {
				t.Errorf("%s: %+v is in no plan", res.Drives[i].Name, w)
			}
			end += w.Len
		}
		if end != size { // one pass, each byte once
			t.Errorf("%s: %d bytes written, the plan has %d", res.Drives[i].Name, end, size)
		}
		t.Logf("%s: %d writes, %d bytes", res.Drives[i].Name, len(ws), end)
	}
}
