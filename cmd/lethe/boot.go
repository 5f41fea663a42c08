package main

import (
	"context"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"strings"

	"github.com/sirupsen/logrus"

	"lethe/certs/deliver"
	"lethe/certs/order"
	"lethe/certs/record"
	"lethe/cmd/internal/cli"
	"lethe/cmd/internal/efi"
	"lethe/cmd/internal/job"
	"lethe/cmd/internal/replay"
	"lethe/cmd/internal/sysinit"
	"lethe/image/site"
	"lethe/inventory"
	"lethe/wipe"
)

// bootPapers is where papers wait in the booted machine: in RAM, until delivered.
const bootPapers = sysinit.PapersDir

func bootCommand() cli.Command {
	return cli.Command{
		Name: "boot", Short: "the agent: what the boot image starts by itself", Hidden: true,
		Help: `lethe boot runs inside the Lethe image only. It loads drivers, brings up the
network, lists the drives, and, under a valid order, erases them and delivers the
papers. Without an order it only lists.`,
		Flags: func(*flag.FlagSet) cli.Run {
			return func(ctx context.Context, env cli.Env, args []string) error {
				b := newBoot(ctx, env)
				err := b.run(ctx, len(args) > 0 && args[0] == sysinit.Rescue)
				if err != nil && b.screens != nil { // the first console gets it as any command's
					b.screens.Others(fmt.Appendf(nil, "%s: %v\n", env.Name, err))
				}
				return err
			}
		},
	}
}

// boot is the agent's life from power-on to power-off.
type boot struct {
	env   cli.Env
	log   *logrus.Logger
	state sysinit.State
	// screens are all consoles; nil where there is one only.
	screens *sysinit.Screens
	depot   *deliver.HTTPS // nil where none is configured
	stick   *stick         // nil where none is configured, or a depot makes do without
	time    *job.RunClock  // nil until network and clock are judged
	adviser adviser
}

// run works, or after a crash only delivers.
func (b *boot) run(ctx context.Context, rescue bool) error {
	var err error
	b.state, err = sysinit.Run(ctx, func(e sysinit.Event) { b.log.Info(e.String()) })
	if errors.Is(err, sysinit.ErrNotImage) {
		return cli.Refusedf("boot runs in the Lethe image only; on a host say lethe erase")
	}
	if err != nil {
		return fmt.Errorf("start machine: %w", err)
	}
	if rescue {
		return b.rescue(ctx)
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
		if err := b.ready(ctx); err != nil {
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
	if err := b.ready(ctx); err != nil {
		return err
	}
	mi, err := b.mission(ctx, m, ds, path)
	var all *carriedOut
	if errors.As(err, &all) {
		b.log.Info(all.Error())
		return b.deliverLeft(ctx)
	}
	if err != nil {
		return err
	}
	printPlan(b.env, mi.plan, mi.policy, mi.plan.Refused())
	if err := b.acknowledge(ctx, mi); err != nil {
		return err
	}
	mi.journal = journalDir(bootPapers)
	if mi.spool, err = papersIn(bootPapers); err != nil {
		return err
	}
	defer mi.spool.Close()
	if err := b.goesOn(mi); err != nil {
		return err
	}
	// The barrier: nothing is written to a drive while the kernel still takes modules.
	if err := b.state.Hotplug.CloseModules(); err != nil {
		return cli.Refusedf("the kernel still takes modules: %v; nothing was touched", err)
	}
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
	roots, err := rootsOf(b.state.Site.Trust)
	if err != nil {
		return nil, fmt.Errorf("trust roots of the site file: %w", err)
	}
	return roots, nil
}

// mission reads order, roots and key, and plans.
func (b *boot) mission(ctx context.Context, m record.Machine, ds []inventory.Device, path string) (*mission, error) {
	st := b.state.Site
	roots, err := b.roots()
	if err != nil {
		return nil, err
	}
	raw, err := b.fetchOrder(ctx, path, roots)
	if err != nil {
		return nil, err
	}
	envelope := trimEnvelope(raw)
	now := b.now()
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
	policy = raise(policy, st.Policy)
	signer, err := readSigner(st.Key, st.Chain)
	if err != nil {
		return nil, fmt.Errorf("key that signs the papers: %w", err)
	}
	if err := b.connect(roots); err != nil {
		return nil, err
	}
	begun, err := b.restore(ctx, m, ds, signer, roots)
	if err != nil {
		return nil, err
	}
	// What an earlier start left on the stick, or this one in memory, should the agent
	// have been started again.
	_, unfinished, err := recoverBut(b.env, bootPapers, signer, roots, true)
	if err != nil {
		return nil, err
	}
	for i, u := range unfinished {
		if by := begun[u.Task().ID]; by != "" {
			unfinished[i].Detail += "; " + by
		}
	}
	done, err := b.earlier(ctx, o, ref, roots)
	if err != nil {
		return nil, err
	}
	printDone(b.env, o.ID, done)
	if replay.Whole(o, m, done) {
		return nil, &carriedOut{o, done}
	}
	plan, err := wipe.NewPlan(wipe.Request{Candidates: candidates(ds, grant), Policy: policy, Grant: grant, Boot: bootID(), Now: now, Done: done, Unfinished: unfinished})
	if err != nil {
		return nil, err
	}
	tool, err := b.tool()
	if err != nil {
		return nil, err
	}
	return &mission{env: b.env, plan: plan, policy: policy, order: envelope, signer: signer, unfinished: unfinished, again: againInBoot,
		labels: o.Labels, machine: m, tool: tool, clock: b.clock, time: b.time, neighbours: b.neighbours,
		onScreen: b.log.SetOutput}, nil
}

// tool is this program and the image it came in.
func (b *boot) tool() (record.Tool, error) {
	tool, err := hostTool()
	if err != nil {
		return record.Tool{}, err
	}
	tool.Image = strings.TrimSpace(b.state.Image.Name+" "+b.state.Image.Version+" "+b.state.Image.Profile) +
		"; " + efi.Word(efi.Dir)
	tool.ImageDigest = b.state.Image.Digest
	return tool, nil
}

// raise makes the order's policy that of the site where the site asks more.
func raise(p wipe.Policy, st site.Policy) wipe.Policy {
	if least := record.Method(st.Least); least.Rank() > p.Least.Rank() {
		p.Least = least
	}
	if p.Pattern == "" {
		p.Pattern = st.Pattern
	}
	if st.Verify != "" {
		p.Verify = st.Verify
	}
	if st.PerAdapter > 0 {
		p.PerAdapter = int64(st.PerAdapter)
	}
	return p
}

func (b *boot) clock() record.Clock {
	c := b.state.Net.Clock()
	return record.Clock{Source: c.Source, Quality: c.Quality, OffsetNanos: c.Offset.Nanoseconds(),
		Stratum: int64(c.Stratum), DistanceNanos: c.Distance.Nanoseconds(),
		Servers: int64(c.Answered), Agreed: int64(c.Agreed)}
}

// maxNeighbours bounds what a record says of switches; few servers have more cables.
const maxNeighbours = 16

// neighbours are the switches heard of by now.
func (b *boot) neighbours() []record.Neighbour {
	var out []record.Neighbour
	for _, n := range b.state.Net.Neighbours() {
		if len(out) < maxNeighbours {
			out = append(out, record.Neighbour{NIC: n.NIC, Chassis: n.Chassis, Port: n.Port, System: n.System})
		}
	}
	return out
}
