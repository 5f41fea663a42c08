package erase_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"lethe/certs/record"
	"lethe/inventory/scsi"
	"lethe/wipe"
	"lethe/wipe/erase"
	"lethe/wipe/wipetest"
)

// sectors of the simulated drives: more than there are canaries.
const sectors = 20000

// victim is a simulated drive full of old data.
type victim struct {
	device record.Device
	drive  wipe.Drive
	medium func() []byte // what its blocks hold now, whatever a read may say
	old    []byte
	limit  time.Duration // then a person stops it
}

// oldData is what a drive holds before: no two sectors alike.
func oldData(n int) []byte {
	b := make([]byte, n)
	r := rand.New(rand.NewPCG(7, 7))
	for i := 0; i+8 <= n; i += 8 {
		binary.LittleEndian.PutUint64(b[i:], r.Uint64())
	}
	return b
}

// left is how many sectors of it are as they were.
func (v victim) left() (n int) {
	m := v.medium()
	for i := 0; i+512 <= len(v.old) && i+512 <= len(m); i += 512 {
		if string(m[i:i+512]) == string(v.old[i:i+512]) {
			n++
		}
	}
	return n
}

// overSCSI is a drive whose blocks are read and written by SCSI commands, as the
// kernel's disk driver does.
type overSCSI struct {
	conn  scsi.Conn
	clock erase.Clock
	size  int64
}

func (d *overSCSI) Size() int64        { return d.size }
func (d *overSCSI) LogicalSector() int { return 512 }
func (d *overSCSI) Close() error       { return nil }

func (d *overSCSI) move(op byte, dir scsi.Direction, p []byte, off int64) (int, error) {
	cdb := make([]byte, 16)
	cdb[0] = op
	binary.BigEndian.PutUint64(cdb[2:], uint64(off/512))
	binary.BigEndian.PutUint32(cdb[10:], uint32(len(p)/512))
	c := &scsi.Command{Name: "transfer", CDB: cdb, Dir: dir, Data: p}
	for try := 0; ; try++ { // the kernel's driver has retries
		r, err := d.conn.Do(context.Background(), c)
		if err == nil {
			err = r.Err(c)
		}
		if err == nil || try == 3 {
			if err != nil {
				return 0, err
			}
			return len(p), nil
		}
	}
}

func (d *overSCSI) ReadAt(p []byte, off int64) (int, error) {
	return d.move(0x88, scsi.FromDevice, p, off)
}

func (d *overSCSI) WriteAt(p []byte, off int64) (int, error) {
	return d.move(0x8a, scsi.ToDevice, p, off)
}

func (d *overSCSI) Flush(ctx context.Context) error {
	c := &scsi.Command{Name: "SYNCHRONIZE CACHE", CDB: make([]byte, 10)}
	c.CDB[0] = 0x35
	r, err := d.conn.Do(ctx, c)
	if err != nil {
		return err
	}
	return r.Err(c)
}

func (d *overSCSI) State(ctx context.Context) (record.Opened, error) {
	q, err := scsi.ReadInquiry(ctx, d.conn)
	if err != nil {
		return record.Opened{}, err
	}
	sn, err := scsi.ReadSerial(ctx, d.conn)
	if err != nil {
		return record.Opened{}, err
	}
	return record.Opened{Exclusive: true, Direct: true, Size: record.Size(d.size), LogicalSector: 512,
		Identity: record.Identity{Vendor: q.Vendor, Model: q.Product, Serial: sn}}, nil
}

// commanded gives a drive commands of its own.
type commanded struct {
	wipe.Drive
	conns erase.Drive
}

func (d commanded) Eraser(act record.Act) (wipe.Eraser, error) { return erase.For(act, d.conns) }

// run erases a victim by one technique, as the product does, in this process.
func (v victim) run(t testing.TB, profile string, can []record.Capability, technique record.Technique) (f wipetest.Finished, refused string) {
	t.Helper()
	p := wipetest.Clear(t)
	p.Profile, p.Technique = wipetest.Profile(t, profile), technique
	p.Crypto = &record.CryptoDeclaration{By: "A. Person", AlwaysOn: "yes", Escrow: "no"}
	v.device.Capabilities = can
	c := wipe.Candidate{Device: v.device, Node: "/dev/sim"}
	plan, err := wipe.NewPlan(wipe.Request{Candidates: []wipe.Candidate{c}, Policy: p,
		Grant: wipe.GrantConfirmed(v.device.Identity.Name()), Boot: "b", Now: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	if r := plan.Refused(); len(r) > 0 {
		return f, fmt.Sprint(r[0].Reasons)
	}
	e := &wipe.Engine{Journal: &wipetest.Journal{}, Clock: wipetest.NewClock(),
		Spawn: wipetest.InProcess{Open: func(context.Context, wipe.Spec) (wipe.Drive, error) { return v.drive, nil }}}
	ctx, cancel := context.WithTimeout(context.Background(), v.limit)
	defer cancel()
	fs := wipetest.Erase(t, ctx, e, plan)
	if len(fs) != 1 {
		t.Fatalf("%d tasks ended, want 1", len(fs))
	}
	return fs[0], ""
}
