package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"slices"
	"time"

	"lethe/certs/record"
	"lethe/cmd/internal/cli"
	"lethe/cmd/internal/job"
	"lethe/inventory"
	"lethe/wipe"
)

func planCommand() cli.Command {
	return cli.Command{
		Name: "plan", Short: "show what an erase would do, and touch nothing",
		Help: `lethe plan takes what lethe erase takes and says, drive by drive, which technique
would be used, what it earns, and why others are not; and which drives would not
be touched, with every reason. It writes to nothing. Exit status 0 means that every
drive asked for would be erased.`,
		Flags: func(fs *flag.FlagSet) cli.Run {
			a := &grantArgs{}
			a.flags(fs)
			return func(ctx context.Context, env cli.Env, args []string) (err error) {
				if len(args) > 0 {
					return cli.Usagef("plan takes no arguments, got %q", args[0])
				}
				defer func() { err = errors.Join(err, a.pins.Close()) }()
				m, _, err := a.plan(ctx, env)
				if err != nil {
					return err
				}
				printPlan(env, m.plan, m.policy, m.plan.Refused())
				return wouldRefuse(m.plan)
			}
		},
	}
}

// wouldRefuse is the exit of lethe plan: a drive that was asked for and would not be
// touched is a refusal, whatever would become of the others.
func wouldRefuse(p *wipe.Plan) error {
	b, miss := p.Blocked(), p.Missing()
	switch {
	case len(p.Tasks()) == 0:
		return cli.Refusedf("no drive would be erased: %s", untouched(b, miss))
	case len(b)+len(miss) > 0:
		return cli.Refusedf("%d of %d drives would not be touched: %s", len(b)+len(miss), p.Wanted(), untouched(b, miss))
	}
	return nil
}

// thisMachine tells who this computer is: orders bind to it. A test puts another
// in its place, since not every machine that runs tests says who it is.
var thisMachine = func() record.Machine { return inventory.ReadMachine() }

// plan discovers and plans. It also returns the drives the grant names.
func (a *grantArgs) plan(ctx context.Context, env cli.Env) (*mission, []inventory.Device, error) {
	m := thisMachine()
	ds, err := inventory.Discover(ctx, inventory.WithLoop(true))
	if len(ds) == 0 { // else each drive says for itself what is wrong with it
		warn(env, err)
	}
	clock := job.StartClock(job.SystemClock{})
	g, pol, envelope, err := a.permit(ctx, m, ds, clock.Wall())
	if err != nil {
		return nil, nil, err
	}
	ds = append(ds, a.files...)
	plan, err := wipe.NewPlan(wipe.Request{Candidates: candidates(ds, g), Policy: pol, Grant: g,
		Boot: bootID(), Now: clock.Wall(), Done: a.done, Unfinished: a.unfinished})
	if err != nil {
		return nil, nil, cli.Usagef("%v", err)
	}
	named := slices.DeleteFunc(ds, func(d inventory.Device) bool { return g.Permits(d.Identity) != nil })
	return &mission{env: env, plan: plan, policy: pol, order: envelope, labels: a.labels, machine: m, time: clock, unfinished: a.unfinished}, named, nil
}

// eraseArgs are the flags of lethe erase.
type eraseArgs struct {
	grantArgs
	key, cert, papers string
	wait              time.Duration
	json              bool
	noResume          bool
}

func eraseCommand() cli.Command {
	return cli.Command{
		Name: "erase", Short: "erase drives of this machine and leave signed certificates",
		Help: `lethe erase erases the named drives, all at once, each by the strongest technique it
has (lethe list --capabilities): by its own command, with known bytes written before it
and looked for after it, or by overwriting every addressable byte, flushing and reading
everything back. It leaves one signed PDF per drive and a summary in --papers: a
certificate where the asked method was reached, else a notice. lethe plan says
beforehand which technique that will be; --technique overwrite asks for another.

  lethe erase --device /dev/loop9 --confirm SERIAL --key agent-key.pem --cert agent.pem
  lethe erase --order order.dsse.json --trust root.pem --key agent-key.pem --cert agent.pem

A cryptographic erase destroys keys, not data. Alone it counts only with a person's word
(--crypto-by) that the drive has always encrypted (--crypto-always-on yes) and that no
key is kept elsewhere (--crypto-escrow no); the certificate says whose word.

--verify sampled reads back a tenth of each drive at places drawn by chance, which is
what NIST SP 800-88r1 §4.7 calls representative sampling, and the certificate says
so: which part was compared, and what that shows. --verify 25% reads more. Only a
profile that allows it takes less than every byte (--profile nist-800-88r1-sampled);
a drive too small for a sample is read back whole.

The serial number is what lethe list shows. A link such as /dev/disk/by-id/...
is followed; a partition is refused. lethe doctor says beforehand what prevents a
good erase. Ctrl-C stops in order: what was begun gets a notice that says how far
it came. One drive alone is aborted by the key a on a terminal, or by lethe abort from
anywhere; the others go on.

A mounted or otherwise held drive is refused. No flag lifts that.

A drive that answers nothing holds up no other. It is named after two minutes, so
that somebody can look at its cable; after --patience (30m, when the kernel's own
retries are through) it is given up with a notice, even if its worker is stuck in
the kernel. A drive that fails sector by sector does answer, however slowly: after
--max-errors sectors (1000) or --error-time of failing (2h) in a pass, or in its
read-back, the rest is left, and the notice says what failed and what was not reached.

All drives are erased at once. Those behind one host adapter or USB controller that is
slower than all of them share it in equal parts; --per-adapter 4 begins the fifth when
one of the four has ended, or gives no sign of life.

An erase that a kill, a crash or a loss of power has cut short goes on when it is
asked for again just so, with the same --papers and key: from the last byte that was
flushed and read back, under a new key. In the end every byte is read back as ever, each
part with its own key. --no-resume begins anew.

--json prints one object at the end, whatever happened; plan and progress then go
to standard error.`,
		Flags: func(fs *flag.FlagSet) cli.Run {
			a := &eraseArgs{}
			a.flags(fs)
			fs.StringVar(&a.key, "key", "", "`file` of the key that signs the papers (lethe key init)")
			fs.StringVar(&a.cert, "cert", "", "its certificate `file`")
			fs.StringVar(&a.papers, "papers", "papers", "`folder` for the papers")
			fs.DurationVar(&a.wait, "countdown", 5*time.Second, "how `long` to wait, with Ctrl-C at hand, before the first write")
			fs.BoolVar(&a.noResume, "no-resume", false, "begin anew what was cut short, instead of going on")
			fs.BoolVar(&a.json, "json", false, "the outcome as one JSON object on standard output")
			return a.run
		},
	}
}

func (a *eraseArgs) run(ctx context.Context, env cli.Env, args []string) error {
	r := &result{Papers: a.papers, Drives: []driveEnd{}, Missing: []string{}}
	if !a.json {
		return a.erase(ctx, env, args, r)
	}
	people := env
	people.Stdout, people.TTY, people.Color = env.Stderr, false, false
	return r.print(env, a.erase(ctx, people, args, r))
}

func (a *eraseArgs) erase(ctx context.Context, env cli.Env, args []string, r *result) (err error) {
	if len(args) > 0 {
		return cli.Usagef("erase takes no arguments, got %q (did you mean --device?)", args[0])
	}
	if a.key == "" || a.cert == "" {
		return cli.Usagef("erase needs --key and --cert to sign its papers; lethe key init makes them")
	}
	signer, err := readSigner(a.key, a.cert)
	if err != nil {
		return keyError(err)
	}
	// First what an earlier run in this folder has left without papers, then what it
	// has done already under this order.
	roots, err := rootsIn(a.trust)
	if err != nil {
		return err
	}
	if _, a.unfinished, err = recoverBut(env, a.papers, signer, roots, !a.noResume); err != nil {
		return err
	}
	a.earlier = a.papers
	defer func() { err = errors.Join(err, a.pins.Close()) }()
	m, named, err := a.plan(ctx, env)
	var all *carriedOut
	if errors.As(err, &all) {
		printDone(env, all.order.ID, all.done)
		r.Wanted = len(all.order.Drives)
		r.done(all.done)
		fmt.Fprintf(env.Stdout, "%s in %s\n", all, a.papers)
		return nil
	}
	if err != nil {
		return err
	}
	r.plan(m.plan)
	m.signer = signer
	return a.onHost(ctx, m, named, r)
}

// onHost shows the plan, counts down, runs it and leaves the papers in a folder.
func (a *eraseArgs) onHost(ctx context.Context, m *mission, named []inventory.Device, r *result) (err error) {
	if err := apart(a.papers, named); err != nil {
		return err
	}
	if len(m.plan.Tasks()) == 0 {
		return cli.Refusedf("nothing was touched: %s", untouched(m.plan.Blocked(), m.plan.Missing()))
	}
	if o := m.plan.Order(); o != nil {
		printDone(m.env, o.ID, m.plan.Done())
	}
	printPlan(m.env, m.plan, m.policy, m.plan.Blocked())
	if m.tool, err = hostTool(); err != nil {
		return err
	}
	m.clock = hostClock
	held, err := claim(ctx, planned(m.plan, named))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, held.Close()) }()
	if m.spool, err = folder(a.papers, len(m.plan.Tasks())); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, m.spool.Close()) }()
	m.journal, m.goesOn, m.again = journalDir(a.papers), true, againOnHost
	if err := m.concludeRest(a.papers); err != nil {
		return err
	}
	if err := countdown(ctx, m.env, a.wait); err != nil {
		return err
	}
	out, err := m.run(ctx)
	r.outcome(out)
	if err != nil {
		return signalled(ctx, cli.Undeliveredf("papers are missing: %v", err))
	}
	fmt.Fprintf(m.env.Stdout, "%s; papers in %s (summary %s)\n", sum(m.plan, out), a.papers, out.Summary.Name)
	return signalled(ctx, m.outcomeError(out))
}

// planned are the drives that the plan will erase.
func planned(p *wipe.Plan, named []inventory.Device) (out []inventory.Device) {
	for _, t := range p.Tasks() {
		for _, d := range named {
			if d.Identity.Same(t.Device.Identity) {
				out = append(out, d)
			}
		}
	}
	return out
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
