package main

import (
	"context"
	"crypto/x509"
	"errors"
	"os"
	"slices"

	"lethe/certs/deliver"
	"lethe/certs/record"
	"lethe/cmd/internal/cli"
	"lethe/cmd/internal/replay"
	"lethe/wipe"
)

// earlier looks where papers go for what this very order has led to before: in memory,
// should the agent have been started again, on the stick, and in the depot. A depot
// that is away is waited for, as it is for its word on the intent. One that gives no
// list is gone without: to erase once more is no harm.
func (b *boot) earlier(ctx context.Context, o record.Order, ref record.OrderRef, roots *x509.CertPool) (done []wipe.Done, err error) {
	done = replay.Folder(bootPapers, ref, roots)
	if b.stick != nil {
		b.stick.papers(func(dir string) { done = replay.Add(done, replay.Folder(dir, ref, roots)...) })
	}
	if b.depot == nil {
		return done, nil
	}
	papers, err := b.depot.Papers(ctx, func(l deliver.Listed) bool {
		return l.Kind == record.KindCertificate && slices.ContainsFunc(o.Drives, func(t record.DriveTarget) bool { return t.Serial == l.Serial })
	})
	var no *deliver.RefusedError
	switch {
	case errors.As(err, &no):
		b.log.Warnf("depot: what was done under this order cannot be looked up: %v", err)
	case err != nil:
		return nil, cli.Refusedf("what was done under this order cannot be looked up: %v; nothing was touched", err)
	}
	for _, p := range papers {
		if d, ok := replay.Paper(p.PDF, ref, roots); ok {
			done = replay.Add(done, d)
		}
	}
	return done, nil
}

// deliverLeft delivers what an agent that was started again finds in memory.
func (b *boot) deliverLeft(ctx context.Context) error {
	if _, err := os.Stat(bootPapers); err != nil {
		return nil
	}
	s, err := papersIn(bootPapers)
	if err != nil {
		return err
	}
	defer s.Close()
	made := make(chan struct{})
	close(made)
	if err := b.deliverAll(ctx, s, made); err != nil {
		return cli.Undeliveredf("%v; the machine stays on", err)
	}
	return nil
}
