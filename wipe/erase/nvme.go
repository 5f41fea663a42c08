package erase

import (
	"context"
	"fmt"
	"time"

	"lethe/certs/record"
	"lethe/inventory/nvme"
	"lethe/wipe"
	"lethe/wipe/erasenvme"
)

var nvmeKinds = map[record.Act]erasenvme.Kind{
	record.NVMeSanitizeCrypto: erasenvme.SanitizeCrypto, record.NVMeSanitizeBlock: erasenvme.SanitizeBlock,
	record.NVMeSanitizeOverwrite: erasenvme.SanitizeOverwrite,
	record.NVMeFormatCrypto:      erasenvme.FormatCrypto, record.NVMeFormatUser: erasenvme.FormatUser,
}

// nvmeSilence is how long a Format NVM may keep the drive silent.
const nvmeSilence = 6 * time.Hour

// pollEvery is how often an NVMe drive is asked how far it is.
const pollEvery = time.Second

// nvmeEraser is an erasenvme.Eraser that tells in steps.
type nvmeEraser struct {
	*erasenvme.Eraser
	kind erasenvme.Kind
	conn nvme.Conn
	nsid uint32
	step string
	tell wipe.Tell
}

func newNVMe(act record.Act, d Drive) (wipe.Eraser, error) {
	k, ok := nvmeKinds[act]
	if !ok || d.NVMe == nil {
		return nil, fmt.Errorf("the drive takes no NVMe commands")
	}
	e := &nvmeEraser{kind: k, conn: d.NVMe, nsid: d.NSID}
	e.Eraser = erasenvme.New(k, d.NVMe, e.take)
	if d.Clock != nil {
		e.Now, e.Sleep = d.Clock.Now, d.Clock.Sleep
	}
	return e, nil
}

func (e *nvmeEraser) take(x record.Exchange) error { return e.tell(e.step, x) }

// alone needs the namespace to be the only one that the act can reach, now: others may
// have come since the drive was found (law 7). It returns what the controller says.
func (e *nvmeEraser) alone(ctx context.Context) (erasenvme.Facts, error) {
	f, err := erasenvme.Read(ctx, e.conn, e.take)
	if err != nil {
		return f, err
	}
	if err := e.kind.Supports(f); err != nil {
		return f, err
	}
	for _, id := range append(f.Reaches(), f.Active...) {
		if id != e.nsid {
			return f, fmt.Errorf("namespace %d would be erased too: the command was not given", id)
		}
	}
	return f, nil
}

// Observe implements wipe.Eraser.
func (e *nvmeEraser) Observe(ctx context.Context, step string, tell wipe.Tell) error {
	e.step, e.tell = step, tell
	_, err := e.Before(ctx)
	return err
}

// Erase implements wipe.Eraser. Blocks are asked to stay allocated where the drive does
// not forbid it: what is read afterwards then comes from the medium.
func (e *nvmeEraser) Erase(ctx context.Context, tell wipe.Tell, how func(wipe.Course)) error {
	e.step, e.tell = record.StepReady, tell
	facts, err := e.alone(ctx)
	if err != nil {
		return err
	}
	e.step = record.StepStart
	o := erasenvme.Options{NoDeallocate: !facts.Controller.Sanicap.Inhibited()}
	how(wipe.Course{Done: -1, Allow: nvmeSilence})
	if err := e.Start(ctx, o); err != nil {
		return err
	}
	e.step = record.StepPoll
	return e.Wait(ctx, pollEvery, func(p erasenvme.Progress) {
		how(wipe.Course{Done: int64(p.Share), Allow: p.Allow})
	})
}
