package erasescsi

import (
	"context"
	"errors"

	"lethe/certs/record"
	"lethe/inventory/scsi"
	"lethe/wipe"
)

// mostAttention bounds the UNIT ATTENTIONs a drive may have in store.
const mostAttention = 8

// errAttention is a drive that reports one UNIT ATTENTION after the other.
var errAttention = errors.New("the drive reports one UNIT ATTENTION after the other")

// Observe asks the drive how it stands, before, directly before ("ready") and after the
// command. It draws no conclusion; an error is a drive that could not be asked. What a
// drive refuses to tell is told as a refusal.
func (e *Eraser) Observe(ctx context.Context, step string, tell wipe.Tell) error {
	v := &voice{conn: e.conn, step: step, tell: tell}
	if step == record.StepBefore {
		e.capabilities(ctx, v)
	}
	if step != record.StepReady {
		// What goes bad meanwhile is data left behind.
		_, _ = scsi.ReadHealth(ctx, v)
		_, _ = scsi.ReadMode(ctx, v)
		_, _ = scsi.ReadCapacity(ctx, v, false)
	}
	return e.stand(ctx, v)
}

// stand asks for sense data until no UNIT ATTENTION is left, and whether the drive is
// ready.
func (e *Eraser) stand(ctx context.Context, v *voice) error {
	for range mostAttention {
		if s, err := scsi.ReadSense(ctx, v); v.err == nil && err == nil && s.Key == scsi.KeyUnitAttention {
			continue
		}
		_, _ = scsi.Read(ctx, v, scsi.TestUnitReadyCommand())
		return v.err
	}
	return errAttention
}

// capabilities asks how long the command takes, and how blocks read after it.
func (e *Eraser) capabilities(ctx context.Context, v *voice) {
	op, sa := byte(0x04), -1
	if a, ok := actions[e.act]; ok {
		op, sa = 0x48, int(a)
	}
	if d, err := scsi.ReadDetail(ctx, v, op, sa); err == nil {
		e.recommended = d.Recommended
	}
	b, err := scsi.ReadPage(ctx, v, scsi.PageCharacteristics)
	if err != nil {
		return
	}
	if c, err := scsi.ParseCharacteristics(b); err == nil {
		// 1 is the only value by which reads work at once.
		e.reads = e.act == record.SCSISanitizeBlock && c.AfterBlock == 1 || e.act == record.SCSISanitizeCrypto && c.AfterCrypt == 1
	}
}
