package main

import (
	"context"
	"encoding/base64"
	"errors"
	"flag"
	"fmt"

	"lethe/certs/record"
	"lethe/cmd/internal/cli"
	"lethe/inventory"
	"lethe/inventory/devio"
	"lethe/inventory/sysfs"
	"lethe/wipe"
	"lethe/wipe/confine"
)

func lookerCommand() cli.Command {
	return cli.Command{
		Name: "looker", Short: "hold and read one drive for lethe verify (not for people)", Hidden: true,
		Help: "lethe verify starts it and speaks to it over its standard input and output.",
		Flags: func(*flag.FlagSet) cli.Run {
			return func(ctx context.Context, env cli.Env, args []string) error {
				if err := confine.NoCore(); err != nil {
					return err
				}
				slim()
				return wipe.ServeLook(ctx, env.Stdin, env.Stdout, openToRead)
			}
		},
	}
}

// openToRead claims the drive of a second look on a descriptor that cannot write, and
// looks for holds again now that nothing can take it any more. The process that only
// identifies the drive is confined at once; the one that reads it when it has.
func openToRead(ctx context.Context, s wipe.LookSpec) (wipe.Reader, error) {
	h, _, err := inventory.OpenReading(ctx, inventory.Device{Device: s.Look.Device, NodePath: s.Node})
	if err != nil {
		return nil, err
	}
	if s.After {
		needs := confine.Commands
		if t := h.Block().Transport; t == sysfs.File || t == sysfs.Loop {
			needs = confine.File
		}
		if _, err := confine.Enter(needs, devio.Requests()); err != nil {
			return nil, errors.Join(fmt.Errorf("confine reader: %w", err), h.Close())
		}
	}
	return reading{h}, nil
}

// reading is a drive as a second look sees it.
type reading struct{ *devio.Reading }

// State asks the drive who it is. OpenReading claims it exclusively and past the
// cache, or fails.
func (r reading) State(ctx context.Context) (record.Opened, error) {
	id, err := r.Identify(ctx)
	if err != nil {
		return record.Opened{}, err
	}
	o := record.Opened{Exclusive: true, Direct: true, Identity: id.Identity,
		Size: record.Size(id.Size), LogicalSector: int64(id.LogicalSector)}
	for _, e := range id.Evidence {
		o.Evidence = append(o.Evidence, record.Exchange{Name: e.Name, Request: e.Request,
			Response: base64.StdEncoding.EncodeToString(e.Response), Status: e.Status})
	}
	return o, nil
}

// Confine leaves the process its open drive, for reading.
func (r reading) Confine() (string, error) {
	s, err := confine.Enter(confine.Reading, nil)
	return s.String() + "; opened for reading only", err
}
