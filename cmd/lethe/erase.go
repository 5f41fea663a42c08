package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"lethe/certs/order"
	"lethe/certs/record"
	"lethe/cmd/internal/cli"
	"lethe/inventory"
	"lethe/wipe"
	"lethe/wipe/profile"
)

// grantArgs are the flags that say what may be erased and how.
type grantArgs struct {
	devices, confirm list
	order, trust     string
	least, profile   string
	pattern          string
	labels           record.Labels
}

func (a *grantArgs) flags(fs *flag.FlagSet) {
	fs.Var(&a.devices, "device", "`path` of a drive; repeat per drive")
	fs.Var(&a.confirm, "confirm", "its `serial` number, typed by a person; repeat per drive, in the same order")
	fs.StringVar(&a.order, "order", "", "signed order `file` instead of --device and --confirm")
	fs.StringVar(&a.trust, "trust", "", "root certificate `file` that the order's approver must lead to")
	fs.StringVar(&a.least, "least", string(record.MethodClear), "least `method` that will do: Clear or Purge")
	fs.StringVar(&a.profile, "profile", profile.Default, "`profile`: "+strings.Join(profile.IDs(), ", "))
	fs.StringVar(&a.pattern, "pattern", "", "overwrite `pattern`: aes-128-ctr (default) or zero")
	fs.StringVar(&a.labels.Operator.Name, "operator", "", "`name` of the person who performs the erase")
	fs.StringVar(&a.labels.Contract, "contract", "", "contract `number`")
	fs.StringVar(&a.labels.Customer, "customer", "", "customer's `name`")
	fs.StringVar(&a.labels.AssetTag, "asset-tag", "", "asset `tag`")
}

type list []string

func (l *list) String() string { return strings.Join(*l, ",") }

// Set appends one value.
func (l *list) Set(s string) error {
	if s == "" {
		return errors.New("empty")
	}
	*l = append(*l, s)
	return nil
}

// permit turns the flags into a grant and a policy. envelope is the order's file.
func (a *grantArgs) permit(m record.Machine, ds []inventory.Device) (g wipe.Grant, p wipe.Policy, envelope []byte, err error) {
	switch {
	case a.order != "" && len(a.devices)+len(a.confirm) > 0:
		return g, p, nil, cli.Usagef("give either --order or --device and --confirm")
	case a.order != "":
		return a.permitOrder(m)
	case len(a.devices) == 0:
		return g, p, nil, cli.Usagef("say which drive: --device PATH --confirm SERIAL, or --order FILE --trust root.pem")
	case len(a.devices) != len(a.confirm):
		return g, p, nil, cli.Usagef("%d times --device, %d times --confirm: type one serial number for each drive", len(a.devices), len(a.confirm))
	}
	for i, path := range a.devices {
		d, err := at(path, ds)
		if err != nil {
			return g, p, nil, err
		}
		if n := d.Identity.Name(); n != a.confirm[i] {
			return g, p, nil, cli.Refusedf("%s is %q, not %q: nothing was touched", path, n, a.confirm[i])
		}
	}
	prof, err := profile.ByID(a.profile)
	if err != nil {
		return g, p, nil, cli.Usagef("%v", err)
	}
	return wipe.GrantConfirmed(a.confirm...), wipe.Policy{Least: record.Method(a.least), Pattern: a.pattern, Profile: prof}, nil, nil
}

func (a *grantArgs) permitOrder(m record.Machine) (g wipe.Grant, p wipe.Policy, envelope []byte, err error) {
	if a.trust == "" {
		return g, p, nil, cli.Usagef("--order needs --trust root.pem")
	}
	roots, err := readRoots(a.trust)
	if err != nil {
		return g, p, nil, err
	}
	b, err := os.ReadFile(a.order)
	if err != nil {
		return g, p, nil, cli.Usagef("read order %s: %v", a.order, unwrapPath(err))
	}
	envelope = trimEnvelope(b)
	now := time.Now()
	o, ref, err := order.Open(envelope, roots, now)
	if err != nil {
		return g, p, nil, cli.Refusedf("order %s: %v", a.order, err)
	}
	if g, err = wipe.GrantOf(o, ref, m, now); err != nil {
		return g, p, nil, cli.Refusedf("order %s: %v", a.order, err)
	}
	if p, err = wipe.PolicyOf(o); err != nil {
		return g, p, nil, cli.Refusedf("%v", err)
	}
	a.labels = o.Labels
	return g, p, envelope, nil
}

// at finds the drive a path leads to. Links are followed, partitions are not drives.
func at(path string, ds []inventory.Device) (inventory.Device, error) {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return inventory.Device{}, cli.Refusedf("%s: %v", path, unwrapPath(err))
	}
	st, err := os.Stat(real)
	if err != nil {
		return inventory.Device{}, cli.Refusedf("%s: %v", path, unwrapPath(err))
	}
	if st.Mode()&os.ModeDevice == 0 || st.Mode()&os.ModeCharDevice != 0 {
		return inventory.Device{}, cli.Refusedf("%s is not a block device (attach an image file with losetup)", path)
	}
	for _, d := range ds {
		if d.NodePath == real {
			return d, nil
		}
	}
	return inventory.Device{}, cli.Refusedf("%s is not a whole drive that Lethe knows (lethe list shows them)", path)
}

func planCommand() cli.Command {
	return cli.Command{
		Name: "plan", Short: "show what an erase would do, and touch nothing",
		Help: `lethe plan takes what lethe erase takes and says, drive by drive, which technique
would be used, what it earns, and why others are not; and which drives would not
be touched, with every reason. It writes to nothing.`,
		Flags: func(fs *flag.FlagSet) cli.Run {
			a := &grantArgs{}
			a.flags(fs)
			return func(ctx context.Context, env cli.Env, args []string) error {
				if len(args) > 0 {
					return cli.Usagef("plan takes no arguments, got %q", args[0])
				}
				plan, _, _, err := a.plan(ctx, env)
				if err != nil {
					return err
				}
				printPlan(env, plan, plan.Refused())
				if len(plan.Tasks()) == 0 {
					return cli.Refusedf("no drive would be erased: %s", untouched(plan.Blocked(), plan.Missing()))
				}
				return nil
			}
		},
	}
}

// plan discovers and plans.
func (a *grantArgs) plan(ctx context.Context, env cli.Env) (*wipe.Plan, *mission, record.Machine, error) {
	m := inventory.ReadMachine()
	ds, err := inventory.Discover(ctx, inventory.WithLoop(true))
	warn(env, err)
	g, pol, envelope, err := a.permit(m, ds)
	if err != nil {
		return nil, nil, m, err
	}
	plan, err := wipe.NewPlan(wipe.Request{Candidates: candidates(ds), Policy: pol, Grant: g,
		Boot: bootID(), Now: time.Now()})
	if err != nil {
		return nil, nil, m, cli.Usagef("%v", err)
	}
	return plan, &mission{env: env, plan: plan, policy: pol, order: envelope, labels: a.labels, machine: m}, m, nil
}

func eraseCommand() cli.Command {
	return cli.Command{
		Name: "erase", Short: "erase drives of this machine and leave signed certificates",
		Help: `lethe erase overwrites every addressable byte of the named drives, all at once,
flushes, reads everything back, and leaves one signed PDF per drive and a summary
in --papers: a certificate where the asked method was reached, else a notice.

  lethe erase --device /dev/loop9 --confirm SERIAL --key agent-key.pem --cert agent.pem
  lethe erase --order order.dsse.json --trust root.pem --key agent-key.pem --cert agent.pem

The serial number is what lethe list shows. Ctrl-C stops in order: what was begun
gets a notice that says how far it came. A mounted or otherwise held drive is
refused; no flag lifts that.`,
		Flags: func(fs *flag.FlagSet) cli.Run {
			a := &grantArgs{}
			a.flags(fs)
			key := fs.String("key", "", "`file` of the key that signs the papers (lethe key init)")
			cert := fs.String("cert", "", "its certificate `file`")
			papers := fs.String("papers", "papers", "`folder` for the papers")
			wait := fs.Duration("countdown", 5*time.Second, "how `long` to wait, with Ctrl-C at hand, before the first write")
			return func(ctx context.Context, env cli.Env, args []string) error {
				if len(args) > 0 {
					return cli.Usagef("erase takes no arguments, got %q (did you mean --device?)", args[0])
				}
				if *key == "" || *cert == "" {
					return cli.Usagef("erase needs --key and --cert to sign its papers; lethe key init makes them")
				}
				signer, err := readSigner(*key, *cert)
				if err != nil {
					return cli.Usagef("%v", err)
				}
				plan, m, _, err := a.plan(ctx, env)
				if err != nil {
					return err
				}
				m.signer = signer
				return m.onHost(ctx, plan, *papers, *wait)
			}
		},
	}
}

// onHost shows the plan, counts down, runs it and leaves the papers in a folder.
func (m *mission) onHost(ctx context.Context, plan *wipe.Plan, papers string, wait time.Duration) (err error) {
	if len(plan.Tasks()) == 0 {
		return cli.Refusedf("nothing was touched: %s", untouched(plan.Blocked(), plan.Missing()))
	}
	printPlan(m.env, plan, plan.Blocked())
	if m.tool, err = hostTool(); err != nil {
		return err
	}
	m.clock = hostClock
	if m.spool, err = papersIn(papers); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, m.spool.Close()) }()
	if err := makeRoom(papers, len(plan.Tasks())); err != nil {
		return err
	}
	m.journal = journalDir(papers)
	if err := countdown(ctx, m.env, wait); err != nil {
		return err
	}
	out, err := m.run(ctx)
	if err != nil {
		return signalled(ctx, cli.Undeliveredf("papers are missing: %v", err))
	}
	fmt.Fprintf(m.env.Stdout, "%d of %d drives sanitised; papers in %s (summary %s)\n",
		out.Reached(), m.plan.Wanted(), papers, out.Summary.Name)
	return signalled(ctx, m.outcomeError(out))
}

// countdown is the last chance to think again.
func countdown(ctx context.Context, env cli.Env, wait time.Duration) error {
	for left := wait; left > 0; left -= time.Second {
		fmt.Fprintf(env.Stderr, "erasing in %s; Ctrl-C stops before anything is written\n", left.Round(time.Second))
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w before anything was written", cli.ErrSignal)
		case <-time.After(min(left, time.Second)):
		}
	}
	return nil
}
