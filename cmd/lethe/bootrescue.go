package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"lethe/cmd/internal/cli"
	"lethe/cmd/internal/sysinit"
	"lethe/image/site"
	"lethe/inventory"
)

// rescue follows a crash of the agent: it makes the papers of what was cut short
// and delivers all there are. It plans nothing and opens no drive but the stick.
func (b *boot) rescue(ctx context.Context) error {
	b.log.Error("the agent before this one crashed: nothing more is erased, its papers are delivered")
	if _, err := os.Stat(bootPapers); errors.Is(err, fs.ErrNotExist) {
		b.log.Info("it had begun nothing: there are no papers")
		return nil
	}
	if err := b.state.Net.Ready(ctx); err != nil {
		return err
	}
	roots, err := b.roots()
	if err != nil {
		return err
	}
	if err := b.connect(roots); err != nil {
		return err
	}
	if b.state.Site.Stick != nil {
		ds, err := inventory.Discover(ctx, inventory.WithLoop(false))
		if err != nil {
			b.log.Warnf("not everything could be looked at: %v", err)
		}
		b.takeStick(ds)
		defer b.stick.finish()
		if b.depot != nil && !b.stick.present() {
			b.stick = nil // the depot's receipt is the one that counts
		}
	}
	signer, err := readSigner(b.state.Site.Key, b.state.Site.Chain)
	if err != nil {
		return fmt.Errorf("key that signs the papers: %w", err)
	}
	papers, err := papersIn(bootPapers)
	if err != nil {
		return err
	}
	defer papers.Close()
	tool, err := b.tool()
	if err != nil {
		return err
	}
	r := &recovery{env: b.env, dir: journalDir(bootPapers), spool: papers, papers: bootPapers, signer: signer, roots: roots, tool: tool}
	made := make(chan struct{})
	missing := make(chan error, 1)
	go func() { missing <- b.makeUp(ctx, r, redeliver); close(made) }()
	err = b.deliverAll(ctx, papers, made)
	if err = errors.Join(err, <-missing); err != nil {
		return cli.Undeliveredf("%v; the machine stays on", err)
	}
	if b.powerOff() != site.AtEndDone {
		return nil
	}
	b.log.Info("all papers delivered: powering off")
	return sysinit.PowerOff()
}
