package eraseata

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"testing"
	"time"

	"lethe/certs/record"
	"lethe/inventory/ata"
	"lethe/inventory/inventorytest/simata"
	"lethe/wipe"
)

var acts = []record.Act{record.ATASanitizeCrypto, record.ATASanitizeBlock, record.ATASanitizeOverwrite,
	record.ATASecurityEnhanced, record.ATASecurityNormal}

// Sectors of the simulated drive: those that hosts can address, and spare ones.
const (
	media = 4000
	spare = 96
)

func config() simata.Config {
	return simata.Config{Model: "SIMULATED SSD", Serial: "SIM-ATA-1", Firmware: "1.0", Sectors: media, Spare: spare,
		Rotation: 1, Crypto: true, Block: true, Overwrite: true, Security: true, Enhanced: true, Logs: true, Smart: true,
		SanitizeTime: 2 * time.Hour, EraseTime: 10 * time.Hour, EnhancedTime: 10 * time.Hour, EraseWord: 0x8000 | 300, EnhancedWord: 0x8000 | 300}
}

// clock is the drive's own: what an eraser waits, the drive has.
type clock struct{ *simata.Manual }

func (c clock) Sleep(ctx context.Context, d time.Duration) error {
	c.Manual.Sleep(d)
	return ctx.Err()
}

type line struct {
	step string
	x    record.Exchange
}

// rig is a drive full of old data, an eraser at it, and what it told.
type rig struct {
	*Eraser
	t     *testing.T
	drive *simata.Drive
	store simata.Memory
	clock clock
	lines []line
	veto  func(l line) error
	worst time.Duration // Allow that was told
}

func newRig(t *testing.T, act record.Act, c simata.Config, f simata.Faults, o Options) *rig {
	t.Helper()
	r := &rig{t: t, store: simata.NewMemory(c), clock: clock{&simata.Manual{}}}
	for i := range r.store {
		r.store[i] = 0xa5
	}
	r.drive = simata.New(c, f, r.store, r.clock.Manual)
	r.attach(act, o)
	return r
}

// attach makes a fresh eraser, as a fresh process would.
func (r *rig) attach(act record.Act, o Options) {
	r.t.Helper()
	o.Clock = r.clock
	var err error
	if r.Eraser, err = New(ata.Over(r.drive.Conn()), act, o); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) tell(step string, x record.Exchange) error {
	l := line{step, x}
	r.lines = append(r.lines, l)
	if r.veto != nil {
		return r.veto(l)
	}
	return nil
}

func (r *rig) how(c wipe.Course) { r.worst = max(r.worst, c.Allow) }

// run is what a worker does with an act, but for the canaries.
func (r *rig) run() error {
	ctx := context.Background()
	for _, step := range []string{record.StepBefore, record.StepReady} {
		if err := r.Observe(ctx, step, r.tell); err != nil {
			return err
		}
	}
	if err := r.Erase(ctx, r.tell, r.how); err != nil {
		return err
	}
	return r.Observe(ctx, record.StepAfter, r.tell)
}

// left is how many sectors, spare ones included, still hold old data.
func (r *rig) left() (n int) {
	old := bytes.Repeat([]byte{0xa5}, 512)
	for i := 0; i < len(r.store); i += 512 {
		if bytes.Equal(r.store[i:i+512], old) {
			n++
		}
	}
	return n
}

// told is the raw answers to an ATA command, by opcode and feature, in a step; "" is any.
func (r *rig) told(step string, opcode, feature byte) (out [][]byte) {
	for _, l := range r.lines {
		cdb, err := hex.DecodeString(l.x.Request)
		if err != nil || len(cdb) != 16 {
			r.t.Fatalf("%s: request %q", l.x.Name, l.x.Request)
		}
		if cdb[14] == opcode && cdb[4] == feature && (step == "" || step == l.step) {
			raw, err := base64.StdEncoding.DecodeString(l.x.Response)
			if err != nil {
				r.t.Fatal(err)
			}
			out = append(out, raw)
		}
	}
	return out
}

// atWork reports whether a status that says "in progress" was told as a poll.
func (r *rig) atWork() bool {
	for _, s := range r.told(record.StepPoll, 0xb4, 0) {
		if len(s) == 22 && s[21] == 0x50 && s[12]&0x40 != 0 {
			return true
		}
	}
	return false
}

// starts counts the irreversible command, as it reached the drive.
func (r *rig) starts() (n int) {
	for _, s := range r.drive.Sent() {
		if s.Opcode == 0xf4 || s.Opcode == 0xb4 && s.Feature >= 0x11 && s.Feature <= 0x14 {
			n++
		}
	}
	return n
}
