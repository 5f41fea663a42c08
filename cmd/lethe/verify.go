package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"lethe/certs/bundle"
	"lethe/certs/bundle/durable"
	"lethe/certs/check"
	"lethe/certs/issue"
	"lethe/certs/pdf"
	"lethe/certs/record"
	"lethe/certs/sign"
	"lethe/cmd/internal/cli"
	"lethe/cmd/internal/job"
	"lethe/cmd/internal/tui"
	"lethe/inventory"
	"lethe/wipe"
	"lethe/wipe/verify/sample"
)

// verifyArgs are the flags of lethe verify.
type verifyArgs struct {
	trust, key, cert, papers string
	check                    string
	labels                   record.Labels
	patience                 time.Duration
	errors                   wipe.ErrorBudget
	pins                     claims
}

func verifyCommand() cli.Command {
	return cli.Command{
		Name: "verify", Short: "look again whether a drive still holds what its certificate says",
		Help: `lethe verify CERTIFICATE.pdf DEVICE reads a drive that Lethe has erased and compares it
with what the certificate says it holds: the stream under the key that was revealed in
it, part by part where the erase was resumed, or a fixed byte. It opens the drive for
reading only, and the process that reads its contents can neither write to it nor command it.

  lethe verify LTH-20261124-....pdf /dev/sdb --trust root.pem --key agent-key.pem --cert agent.pem
  lethe verify LTH-20261124-....pdf /dev/sdb --verify sampled --trust root.pem --key ... --cert ...

The certificate must be authentic: its signature, its order and its verdict are
checked first. The drive must be the certificate's by identity, size and sector, and
free: a mounted or otherwise held one is refused, for a mount changes what is read.

--verify sampled compares a tenth of the drive at places drawn by a new seed, --verify 25%
more; the paper says how many places, and what that shows. full, every byte, is the
default, and what is done with a drive too small for a sample.

The outcome is a signed paper of its own, a second look, whatever was found: a drive
that differs gets one that says so, byte range by byte range. lethe-check takes both:

  lethe-check --trust root.pem CERTIFICATE.pdf LOOK-....pdf

A second look raises no method and makes no certificate of a notice. It is made by the
family of tools that erased the drive; NIST SP 800-88r1 §4.7 would have another person
verify with another tool, and lethe verify prints the commands (openssl, cmp) for that.`,
		Flags: func(fs *flag.FlagSet) cli.Run {
			a := &verifyArgs{check: record.CheckFull}
			fs.StringVar(&a.trust, "trust", "", "root certificate `file` that the certificate's signer must lead to")
			fs.StringVar(&a.key, "key", "", "`file` of the key that signs the second look (lethe key init)")
			fs.StringVar(&a.cert, "cert", "", "its certificate `file`")
			fs.StringVar(&a.papers, "papers", ".", "`folder` for the paper")
			fs.Func("verify", "`how` much is compared: full (the default), sampled (a tenth at drawn places), or a percentage such as 25%", func(s string) (err error) {
				a.check, err = checkWord(s)
				return err
			})
			fs.DurationVar(&a.patience, "patience", wipe.DefaultPatience.GiveUp, "how `long` the drive may give no sign of life before it is given up")
			fs.Int64Var(&a.errors.Sectors, "max-errors", wipe.DefaultErrorBudget.Sectors, "how `many` sectors may fail before the rest of the drive is left")
			fs.DurationVar(&a.errors.Time, "error-time", wipe.DefaultErrorBudget.Time, "how `long` errors may take before the rest of the drive is left")
			fs.StringVar(&a.labels.Operator.Name, "operator", "", "`name` of the person who looks")
			fs.StringVar(&a.labels.Site, "site", "", "`place` where that is done")
			return a.run
		},
	}
}

func (a *verifyArgs) run(ctx context.Context, env cli.Env, args []string) (err error) {
	switch {
	case len(args) != 2:
		return cli.Usagef("say: lethe verify CERTIFICATE.pdf DEVICE --trust root.pem --key KEY --cert CERT")
	case a.trust == "" || a.key == "" || a.cert == "":
		return cli.Usagef("verify needs --trust to know whose certificate it is, and --key and --cert to sign what it finds")
	case a.patience < time.Second || a.errors.Sectors < 1 || a.errors.Time < time.Second:
		return cli.Usagef("--patience and --error-time need a second at least, --max-errors at least 1")
	}
	of, err := a.certificate(args[0])
	if err != nil {
		return err
	}
	signer, err := readSigner(a.key, a.cert)
	if err != nil {
		return keyError(err)
	}
	defer func() { err = errors.Join(err, a.pins.Close()) }()
	d, err := a.find(ctx, args[1], of)
	if err != nil {
		return err
	}
	clock := job.StartClock(job.SystemClock{})
	if clock.Wall().Before(of.Issued.Time) {
		return cli.Refusedf("the certificate was issued %s by its clock, which is later than this machine's: set the clock; nothing was read", of.Issued)
	}
	if st, err := os.Stat(a.papers); err != nil || !st.IsDir() {
		return cli.Refusedf("the folder %s for the paper is not there: name one by --papers; nothing was read", a.papers)
	}
	if err := makeRoom(a.papers, 1); err != nil {
		return err
	}
	held, err := claim(ctx, []inventory.Device{d})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, held.Close()) }()
	return a.look(ctx, env, d, of, clock, signer)
}

// certificate opens the paper and returns what it says of its drive.
func (a *verifyArgs) certificate(file string) (none record.Certified, err error) {
	roots, err := readRoots(a.trust)
	if err != nil {
		return none, err
	}
	f, err := os.Open(file)
	if err != nil {
		return none, cli.Usagef("certificate %s: %v", file, unwrapPath(err))
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, bundle.MaxPDF+1))
	if err != nil {
		return none, cli.Usagef("certificate %s: %v", file, unwrapPath(err))
	}
	if len(b) > bundle.MaxPDF {
		return none, cli.Refusedf("%s is larger than a paper of Lethe's may be: nothing was read", file)
	}
	r := check.Check(b, check.Options{Roots: roots})
	switch {
	case r.Look != nil:
		return none, cli.Refusedf("%s is a second look: name the certificate it belongs to, %s; nothing was read", file, r.Look.Of.Record)
	case !r.OK():
		return none, cli.Refusedf("%s: %s; nothing was read", file, r.Sentence())
	case r.Record == nil:
		return none, cli.Refusedf("%s is a %s: name the certificate of one drive; nothing was read", file, r.Kind)
	}
	of, err := record.LookedAt(*r.Record, r.Digest)
	switch {
	case errors.Is(err, record.ErrNotErased):
		return none, cli.Refusedf("%s is a %s (%s): there is nothing certified to find again; nothing was read", file, r.Kind, r.Verdict.State)
	case errors.Is(err, record.ErrNoStream):
		return none, cli.Refusedf("%s: %v; nothing was read", file, err)
	}
	return of, err
}

// find is the drive at a path, if it is the certificate's and free.
func (a *verifyArgs) find(ctx context.Context, path string, of record.Certified) (none inventory.Device, err error) {
	ds, err := inventory.Discover(ctx, inventory.WithLoop(true))
	if len(ds) == 0 && err != nil {
		return none, err
	}
	d, err := at(ctx, path, ds, &a.pins)
	if err != nil {
		return none, err
	}
	switch {
	case d.Size != of.Size && d.Identity.Serial == of.Identity.Serial && d.Identity.Serial != "":
		return none, cli.Refusedf("%s has %d bytes, the certificate's drive %d: something hides part of it or shows more; nothing was read", path, d.Size, of.Size)
	case !d.Identity.Same(of.Identity):
		return none, cli.Refusedf("%s is another drive: it is %s, the certificate's is %s; nothing was read", path, full(d.Identity), full(of.Identity))
	case d.Size != of.Size || d.LogicalSector != of.LogicalSector:
		return none, cli.Refusedf("%s has %d bytes in sectors of %d, the certificate's drive %d in sectors of %d; nothing was read",
			path, d.Size, d.LogicalSector, of.Size, of.LogicalSector)
	}
	if err := d.Readable(); err != nil {
		return none, cli.Refusedf("%v; nothing was read", err)
	}
	return d, nil
}

// full names a drive with all that tells it from another.
func full(i record.Identity) string {
	s := i.String()
	for _, more := range []string{i.WWN, i.EUI64, i.NGUID} {
		if more != "" {
			s += " " + more
		}
	}
	if i.Backing != "" && !strings.Contains(s, i.Backing) {
		s += " " + i.Backing
	}
	return s
}

// look reads the drive, judges, and leaves the paper.
func (a *verifyArgs) look(ctx context.Context, env cli.Env, d inventory.Device, of record.Certified, clock *job.RunClock, signer sign.Signer) error {
	spec := wipe.LookSpec{Node: d.NodePath, Errors: a.errors, Look: record.Looking{
		Format: record.LookingFormat, ID: strings.Replace(wipe.NewID(clock.Wall()), "LTH-", "LOOK-", 1),
		Of: of, Device: d.Device, Check: a.check, Boot: bootID()}}
	if p, _ := record.CheckShare(a.check); a.check != record.CheckFull && errors.Is(sample.Fits(int64(d.Size), d.LogicalSector, p), sample.ErrSmall) {
		spec.Look.Check = record.CheckFull
	}
	tool, err := hostTool()
	if err != nil {
		return err
	}
	exe, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find own executable: %w", err)
	}
	a.announce(env, spec.Look)

	screen := tui.New(env, []record.Task{{ID: spec.Look.ID, Device: d.Device, Check: spec.Look.Check}})
	drawing, stop := context.WithCancel(context.WithoutCancel(ctx))
	drawn := make(chan struct{})
	go func() { defer close(drawn); screen.Run(drawing) }()
	engine := &wipe.Engine{Journal: inPaper{}, Clock: clock, Observe: screen.Observe, Tell: screen.Tell}
	t := engine.Look(ctx, spec, wipe.Processes{Path: exe, Args: []string{"looker"}, Stderr: env.Stderr}, wipe.Patience{GiveUp: a.patience})
	if why := refusal(t); why != "" && ctx.Err() == nil {
		stop()
		<-drawn
		return cli.Refusedf("%s; nothing was read", why)
	}
	machineClock := hostClock()
	machineClock.SteppedNanos = clock.Stepped().Nanoseconds()
	p, err := issue.Issuer{Signer: signer}.SecondLook(t, record.Context{Issued: record.At(clock.Wall()), Labels: a.labels,
		Machine: thisMachine(), Tool: tool, Clock: machineClock})
	if err == nil {
		err = durable.Write(a.papers, p.Name, p.PDF)
	}
	if err == nil {
		screen.Finish(p.ID, sightLine(p.Look), p.Look.Finding.Sight == record.SightHolds)
	}
	stop()
	<-drawn
	if err != nil {
		return signalled(ctx, cli.Undeliveredf("the paper is missing: %v", err))
	}
	fmt.Fprintf(env.Stdout, "paper in %s: %s\n", a.papers, p.Name)
	otherwise(env, d.NodePath, of)
	if p.Look.Finding.Sight != record.SightHolds {
		return signalled(ctx, cli.Failedf("%s was not found to hold what certificate %s says: %s", d.NodePath, of.Record, strings.Join(p.Look.Finding.Reasons, "; ")))
	}
	return signalled(ctx, nil)
}

// announce says what will be done.
func (a *verifyArgs) announce(env cli.Env, l record.Looking) {
	percent, _ := record.CheckShare(l.Check)
	how := "every byte of it"
	switch {
	case l.Check != record.CheckFull:
		how = fmt.Sprintf("a sample, drawn places that make up %d %% at least and its first and last sector,", percent)
	case a.check != record.CheckFull:
		how = "every byte of it, since it is too small for a sample,"
	}
	d := l.Device
	fmt.Fprintln(env.Stdout, tui.Wrap(fmt.Sprintf("%s (%s, %s) will be READ, and nothing written: %s is compared with what certificate %s says it holds",
		d.Identity, d.Node, tui.Bytes(int64(d.Size)), how, l.Of.Record), env.Width, 2))
}

// otherwise says how to do without us.
func otherwise(env cli.Env, node string, of record.Certified) {
	cmds := pdf.Commands(of)
	s := "This is a tool of the family that erased the drive. NIST SP 800-88r1 §4.7 would have another person verify with another tool."
	if len(cmds) > 0 {
		s += " This one prints nothing where every byte is as certified:"
	}
	fmt.Fprintln(env.Stdout, tui.Wrap(s, env.Width, 0))
	for _, c := range cmds {
		fmt.Fprintf(env.Stdout, "  %s\n", strings.ReplaceAll(c, "/dev/DRIVE", node))
	}
}

// refusal is why a drive was not even opened, "" when it was.
func refusal(t *record.Transcript) string {
	for _, l := range t.Lines {
		if l.Event.Opened != nil {
			return ""
		}
	}
	if s := t.Lines[len(t.Lines)-1].Event.Stopped; s != nil && s.Reason == record.StopRefused {
		return s.Detail
	}
	return ""
}

// sightLine is a finding in one line for people.
func sightLine(l record.Look) string {
	s := strings.ToUpper(string(l.Finding.Sight))
	if l.Virtual {
		s += " (VIRTUAL)"
	}
	why := l.Finding.Reasons[0]
	if l.Finding.Sight == record.SightHolds {
		why = l.Finding.Reasons[len(l.Finding.Reasons)-1]
	}
	return fmt.Sprintf("%s: %s  %s", s, why, l.ID)
}

// inPaper keeps no journal: a second look changes nothing, and one that is cut short is
// done again.
type inPaper struct{}

// Append implements wipe.Journal.
func (inPaper) Append(context.Context, string, record.Line) error { return nil }
