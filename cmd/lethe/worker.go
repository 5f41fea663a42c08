package main

import (
	"context"
	"encoding/base64"
	"flag"

	"lethe/certs/record"
	"lethe/cmd/internal/cli"
	"lethe/cmd/internal/sysinit"
	"lethe/inventory"
	"lethe/inventory/devio"
	"lethe/wipe"
)

func workerCommand() cli.Command {
	return cli.Command{
		Name: "worker", Short: "hold and erase one drive for the supervisor (not for people)", Hidden: true,
		Help: "The supervisor starts one worker a drive and speaks to it over its standard input and output.",
		Flags: func(*flag.FlagSet) cli.Run {
			return func(ctx context.Context, env cli.Env, args []string) error {
				return wipe.ServeWorker(ctx, env.Stdin, env.Stdout, openDrive)
			}
		},
	}
}

// openDrive claims the drive of a task, looks for holds again now that nothing
// can take it any more, and compares its identity with the plan.
func openDrive(ctx context.Context, s wipe.Spec) (wipe.Drive, error) {
	h, _, err := inventory.Open(ctx, inventory.Device{Device: s.Task.Device, NodePath: s.Node})
	if err != nil {
		return nil, err
	}
	// In the image the drive is ours alone, and what goes wrong is ours to try again.
	if sysinit.InImage() {
		h.LimitRetries()
	}
	return drive{h}, nil
}

// drive is an exclusive handle as the worker sees it.
type drive struct{ *devio.Handle }

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
	for _, e := range evidence {
		o.Evidence = append(o.Evidence, record.Exchange{Name: e.Name, Request: e.Request,
			Response: base64.StdEncoding.EncodeToString(e.Response), Status: e.Status})
	}
	return o, nil
}
