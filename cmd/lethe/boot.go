package main

import (
	"context"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/sirupsen/logrus"

	"lethe/certs/deliver"
	"lethe/certs/order"
	"lethe/certs/record"
	"lethe/certs/sign"
	"lethe/cmd/internal/cli"
	"lethe/cmd/internal/sysinit"
	"lethe/image/site"
	"lethe/inventory"
	"lethe/wipe"
)

// bootPapers is where papers wait in the booted machine: in RAM, until delivered.
const bootPapers = "/run/lethe/papers"

func bootCommand() cli.Command {
	return cli.Command{
		Name: "boot", Short: "the agent: what the boot image starts by itself", Hidden: true,
		Help: `lethe boot runs inside the Lethe image only. It loads drivers, brings up the
network, lists the drives, and, under a valid order, erases them and delivers the
papers. Without an order it only lists.`,
		Flags: func(*flag.FlagSet) cli.Run {
			return func(ctx context.Context, env cli.Env, args []string) error {
				b := &boot{env: env, log: logrus.New()}
				if words, err := os.ReadFile("/proc/cmdline"); err == nil && sysinit.Plain(string(words)) {
					b.env.TTY, b.env.Color = false, false
				}
				b.log.SetOutput(env.Stdout)
				b.log.SetFormatter(&logrus.TextFormatter{DisableColors: !b.env.Color, FullTimestamp: true})
				return b.run(ctx)
			}
		},
	}
}

// boot is the agent's life from power-on to power-off.
type boot struct {
	env   cli.Env
	log   *logrus.Logger
	state sysinit.State
	depot *deliver.HTTPS // nil where none is configured
	stick *stick         // nil where none is configured, or a depot makes do without
}

func (b *boot) run(ctx context.Context) error {
	var err error
	b.state, err = sysinit.Run(ctx, func(e sysinit.Event) { b.log.Info(e.String()) })
	if errors.Is(err, sysinit.ErrNotImage) {
		return cli.Refusedf("boot runs in the Lethe image only; on a host say lethe erase")
	}
	if err != nil {
		return fmt.Errorf("start machine: %w", err)
	}
	if b.state.Cmdline.Shell {
		return nil
	}
	m := inventory.ReadMachine()
	ds, err := inventory.Discover(ctx)
	if err != nil {
		b.log.Warnf("not everything could be looked at: %v", err)
	}
	if b.state.Site.Stick != nil { // its marker is held against the clock
		if err := b.state.Net.Ready(ctx); err != nil {
			return err
		}
	}
	b.takeStick(ds) // before anything is planned, and before its hold is listed
	listTable(b.env, m, ds)
	err = b.work(ctx, m, ds)
	if b.stick != nil {
		b.stick.finish()
	}
	if err != nil {
		return err
	}
	if b.powerOff() != site.AtEndDone {
		return nil
	}
	b.log.Info("all done and delivered: powering off")
	return sysinit.PowerOff()
}

// powerOff is the command line's word, else the site's.
func (b *boot) powerOff() site.AtEnd {
	if w := b.state.Cmdline.PowerOff; w != site.AtEndUnset {
		return w
	}
	return b.state.Site.PowerOff
}

// work erases under an order. nil means that everything there was to do is done
// and delivered, so that the machine may go off.
func (b *boot) work(ctx context.Context, m record.Machine, ds []inventory.Device) error {
	path := b.orderPath()
	switch {
	case b.state.Cmdline.List:
		b.log.Info("list only, as the command line asks")
		return nil
	case path == "":
		b.log.Info("no order: the drives are listed, nothing is erased")
		return nil
	}
	// Orders and papers need the clock, and the depot the network; the drives were
	// listed meanwhile.
	if err := b.state.Net.Ready(ctx); err != nil {
		return err
	}
	mi, err := b.mission(m, ds, path)
	if err != nil {
		return err
	}
	printPlan(b.env, mi.plan, mi.plan.Refused())
	if err := b.acknowledge(ctx, mi); err != nil {
		return err
	}
	mi.journal = journalDir(bootPapers)
	if mi.spool, err = papersIn(bootPapers); err != nil {
		return err
	}
	defer mi.spool.Close()
	return b.eraseAndDeliver(ctx, mi)
}

// orderPath is the command line's word, else the site's, else what lies on the
// delivery stick.
func (b *boot) orderPath() string {
	switch {
	case b.state.Cmdline.Order != "":
		return b.state.Cmdline.Order
	case b.state.Site.Order != "":
		return b.state.Site.Order
	case b.stick != nil:
		return b.stick.orderPath()
	}
	return ""
}

// roots are the trust roots of the site file.
func (b *boot) roots() (*x509.CertPool, error) {
	var pem []byte
	for _, t := range b.state.Site.Trust {
		p, err := os.ReadFile(t)
		if err != nil {
			return nil, fmt.Errorf("read trust root: %w", err)
		}
		pem = append(pem, p...)
	}
	roots, err := sign.ParseRoots(pem)
	if err != nil {
		return nil, fmt.Errorf("trust roots of the site file: %w", err)
	}
	return roots, nil
}

// mission reads order, roots and key, and plans.
func (b *boot) mission(m record.Machine, ds []inventory.Device, path string) (*mission, error) {
	st := b.state.Site
	roots, err := b.roots()
	if err != nil {
		return nil, err
	}
	raw, err := b.fetchOrder(path)
	if err != nil {
		return nil, err
	}
	envelope := trimEnvelope(raw)
	now := time.Now()
	o, ref, err := order.Open(envelope, roots, now)
	if err != nil {
		return nil, cli.Refusedf("order %s: %v; nothing was touched", path, err)
	}
	grant, err := wipe.GrantOf(o, ref, m, now)
	if err != nil {
		return nil, cli.Refusedf("order %s: %v; nothing was touched", path, err)
	}
	policy, err := wipe.PolicyOf(o)
	if err != nil {
		return nil, cli.Refusedf("%v; nothing was touched", err)
	}
	signer, err := readSigner(st.Key, st.Chain)
	if err != nil {
		return nil, fmt.Errorf("key that signs the papers: %w", err)
	}
	if err := b.connect(roots); err != nil {
		return nil, err
	}
	plan, err := wipe.NewPlan(wipe.Request{Candidates: candidates(ds), Policy: policy, Grant: grant, Boot: bootID(), Now: now})
	if err != nil {
		return nil, err
	}
	tool, err := hostTool()
	if err != nil {
		return nil, err
	}
	tool.Image = strings.TrimSpace(b.state.Image.Name + " " + b.state.Image.Version + " " + b.state.Image.Profile)
	tool.ImageDigest = b.state.Image.Digest
	return &mission{env: b.env, plan: plan, policy: policy, order: envelope, signer: signer,
		labels: o.Labels, machine: m, tool: tool, clock: b.clock,
		onScreen: b.log.SetOutput}, nil
}

// maxOrder bounds an order's file in bytes.
const maxOrder = 16 << 20

// fetchOrder reads the order of the image or of the stick.
func (b *boot) fetchOrder(path string) ([]byte, error) {
	if !strings.HasPrefix(path, "/") {
		return nil, cli.Refusedf("order %s: orders over the network are not supported yet; put it into the image or on the stick", path)
	}
	raw, err := readSmall(path, maxOrder)
	if err != nil {
		return nil, cli.Refusedf("order %s: %v; nothing was touched", path, unwrapPath(err))
	}
	return raw, nil
}

func (b *boot) clock() record.Clock {
	c := b.state.Net.Clock()
	return record.Clock{Source: c.Source, Quality: c.Quality, OffsetNanos: c.Offset.Nanoseconds()}
}
