package main

import (
	"context"
	"encoding/base64"
	"errors"
	"flag"
	"fmt"
	"runtime"
	"runtime/debug"
	"time"

	"lethe/certs/record"
	"lethe/cmd/internal/cli"
	"lethe/cmd/internal/sysinit"
	"lethe/inventory"
	"lethe/inventory/devio"
	"lethe/inventory/sysfs"
	"lethe/wipe"
	"lethe/wipe/confine"
	"lethe/wipe/erase"
)

func workerCommand() cli.Command {
	return cli.Command{
		Name: "worker", Short: "hold and erase one drive for the supervisor (not for people)", Hidden: true,
		Help: "The supervisor starts one worker a drive and speaks to it over its standard input and output.",
		Flags: func(*flag.FlagSet) cli.Run {
			return func(ctx context.Context, env cli.Env, args []string) error {
				if err := confine.NoCore(); err != nil {
					return err
				}
				slim()
				return wipe.ServeWorker(ctx, env.Stdin, env.Stdout, openDrive)
			}
		},
	}
}

// slim makes this process small: there is one a drive. A pass makes 100 KB of garbage
// a GiB, so that collecting it early costs nothing, and what the start of the program
// left behind goes back.
func slim() {
	runtime.GOMAXPROCS(max(min(runtime.GOMAXPROCS(0), wipe.WorkerProcs), 2))
	debug.SetGCPercent(25)
	debug.FreeOSMemory()
}

// lateClaim is how long a task that goes on waits for the claim of the worker before it.
const lateClaim = time.Minute

// openDrive claims the drive of a task, looks for holds again now that nothing
// can take it any more, and compares its identity with the plan.
func openDrive(ctx context.Context, s wipe.Spec) (wipe.Drive, error) {
	h, _, err := inventory.Open(ctx, inventory.Device{Device: s.Task.Device, NodePath: s.Node})
	// What a worker that died had under way keeps its claim until the drive has answered.
	for end := time.Now().Add(lateClaim); s.Resume != nil && errors.Is(err, devio.ErrBusy) && ctx.Err() == nil && time.Now().Before(end); {
		time.Sleep(100 * time.Millisecond)
		h, _, err = inventory.Open(ctx, inventory.Device{Device: s.Task.Device, NodePath: s.Node})
	}
	if err != nil {
		return nil, err
	}
	// In the image the drive is ours alone, and what goes wrong is ours to try again.
	if sysinit.InImage() {
		h.LimitRetries()
	}
	held, err := confined(h)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("confine worker: %w", err), h.Close())
	}
	return drive{h, held}, nil
}

// confined locks this process in with its drive, now that it is claimed and is the
// planned one: from here on it opens no other.
func confined(h *devio.Handle) (confine.State, error) {
	needs := confine.Commands
	switch h.Block().Transport {
	case sysfs.File:
		needs = confine.File
	case sysfs.Loop:
		needs = confine.Block
	case sysfs.NVMe:
		_, _ = h.NVMe() // its controller is opened now or never; who needs it hears why
	}
	return confine.Enter(needs, devio.Requests())
}

// drive is an exclusive handle as the worker sees it.
type drive struct {
	*devio.Handle
	held confine.State
}

// Heat asks the drive how hot it is.
func (d drive) Heat(ctx context.Context) (wipe.Heat, error) {
	h, err := d.Handle.Heat(ctx)
	return wipe.Heat{Now: int64(h.Now), Limit: int64(h.Limit), Resume: int64(h.Resume), Source: h.Source}, err
}

// Eraser is who carries out one of the drive's own commands.
func (d drive) Eraser(act record.Act) (wipe.Eraser, error) {
	c := erase.Drive{SCSI: d.SCSI(), ATA: d.ATA()}
	if d.Block().Transport == sysfs.NVMe {
		conn, err := d.NVMe()
		if err != nil {
			return nil, err
		}
		id, err := d.Identify(context.Background())
		if err != nil {
			return nil, err
		}
		c.NVMe, c.NSID = conn, uint32(id.Identity.NSID)
	}
	return erase.For(act, c)
}

// State asks the drive who it is, on this very handle. Open claims the drive
// exclusively and past the cache, or fails: a handle that is open is both.
func (d drive) State(ctx context.Context) (record.Opened, error) {
	id, err := d.Identify(ctx)
	if err != nil {
		return record.Opened{}, err
	}
	o := record.Opened{Exclusive: true, Direct: true, Identity: id.Identity,
		Size: record.Size(id.Size), LogicalSector: int64(id.LogicalSector)}
	evidence := id.Evidence
	if e, ok := d.Retries(); ok {
		evidence = append(evidence, e)
	}
	if begin := d.Lanes(); len(begin) > 0 {
		evidence = append(evidence, devio.Evidence{Name: "independent access ranges", Status: "ok",
			Response: fmt.Appendf(nil, "more than one actuator: parts of the drive begin at bytes 0 and %d, all written and read back at once", begin)})
	}
	evidence = append(evidence, devio.Evidence{Name: "worker's confinement", Response: []byte(d.held.String()), Status: "ok"})
	for _, e := range evidence {
		o.Evidence = append(o.Evidence, record.Exchange{Name: e.Name, Request: e.Request,
			Response: base64.StdEncoding.EncodeToString(e.Response), Status: e.Status})
	}
	return o, nil
}
