package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"lethe/certs/bundle"
	"lethe/certs/bundle/durable"
	"lethe/certs/issue"
	"lethe/certs/record"
	"lethe/certs/sign"
	"lethe/certs/spool"
	"lethe/cmd/internal/cli"
	"lethe/cmd/internal/job"
	"lethe/cmd/internal/tui"
	"lethe/inventory"
	"lethe/inventory/sysfs"
	"lethe/wipe"
	"lethe/wipe/profile"
)

// mission is one run from drives to papers, on a host or in the image.
type mission struct {
	env     cli.Env
	plan    *wipe.Plan
	policy  wipe.Policy
	order   []byte // the order's envelope, nil under a person's confirmation
	signer  sign.Signer
	labels  record.Labels
	machine record.Machine
	tool    record.Tool
	clock   func() record.Clock // how far it can be trusted
	time    *job.RunClock
	// neighbours are the switches the machine hangs on; nil where nobody listens.
	neighbours func() []record.Neighbour
	spool      *spool.Spool
	journal    string // folder of the transcripts as they grow
	goesOn     bool   // what is cut short there can be resumed
	unfinished []wipe.Unfinished
	// carry takes what a task can go on with out of the machine; nil where the journals
	// outlive it, or nothing does.
	carry *carrier
	again string // what to do for a task to go on
	// onScreen is given the screen while bars are drawn, and nil afterwards, so
	// that a log does not write over them. May be nil.
	onScreen func(io.Writer)
}

// candidates turns what was discovered into what may be planned. The one hold that a
// grant can lift is that of a remote drive, where a signed order names where it is.
func candidates(ds []inventory.Device, g wipe.Grant) (out []wipe.Candidate) {
	for _, d := range ds {
		if g.PermitsRemote(d.Device) {
			d.Holds = slices.DeleteFunc(slices.Clone(d.Holds), func(h inventory.Hold) bool { return h.Kind == inventory.HoldRemote })
		}
		c := wipe.Candidate{Device: d.Device, Node: d.NodePath}
		h := holds(d)
		if len(h) > 0 {
			c.Holds = errors.New(strings.Join(h, "\n"))
		}
		out = append(out, c)
	}
	return out
}

// run carries out the plan and returns its outcome. Every paper is in the spool
// before the next word about its drive is printed.
func (m *mission) run(ctx context.Context) (job.Outcome, error) {
	exe, err := os.Executable()
	if err != nil {
		return job.Outcome{}, fmt.Errorf("find own executable: %w", err)
	}
	j, err := openJournal(m.journal, m.signer)
	if err != nil {
		return job.Outcome{}, err
	}
	defer j.Close()
	j.carry = m.carry
	if err := m.note(); err != nil {
		return job.Outcome{}, fmt.Errorf("%w; nothing was touched", err)
	}
	for _, u := range m.unfinished {
		if m.plan.Resumed(u.Task().ID) == nil {
			continue
		}
		if err := j.goOn(u); err != nil {
			return job.Outcome{}, fmt.Errorf("%w; nothing was touched", err)
		}
	}
	screen := tui.New(m.env, m.plan.Tasks())
	if m.onScreen != nil {
		m.onScreen(screen)
		defer m.onScreen(m.env.Stdout)
	}
	drawing, stop := context.WithCancel(context.WithoutCancel(ctx))
	drawn := make(chan struct{})
	go func() { defer close(drawn); screen.Run(drawing) }()
	engine := &wipe.Engine{
		Spawn:   wipe.Processes{Path: exe, Args: []string{"worker"}, Stderr: m.env.Stderr, CPUs: beside},
		Journal: j, Clock: m.time, Observe: screen.Observe, Tell: screen.Tell,
	}
	aborts := m.hearAborts(drawing, screen, engine)
	work := job.Job{
		Engine:  engine,
		Issuer:  issue.Issuer{Signer: m.signer},
		Profile: m.policy.Profile,
		Order:   m.order,
		Context: m.context,
		Keep: func(_ context.Context, p issue.Paper) error {
			return m.keep(p)
		},
		Done: func(p issue.Paper) {
			screen.Finish(p.ID, verdictLine(p.Record), p.Record.Kind == record.KindCertificate)
		},
		Lost: func(p issue.Paper, err error) {
			screen.Finish(p.ID, fmt.Sprintf("ITS PAPER COULD NOT BE KEPT: %v  %s", err, p.ID), false)
		},
	}
	if m.goesOn {
		work.Engine.Keys, work.Engine.Restarts = j, restarts
	}
	out, err := work.Run(ctx, m.plan)
	stop()
	<-drawn
	aborts.Wait()
	if err == nil { // every paper is kept: nobody will need the note
		err = errors.Join(dropRun(m.journal, m.plan.Digest()), m.dropOldRuns())
	}
	return out, err
}

// restarts is how often a task gets a new worker when its own has died.
const restarts = 3

// keep puts a paper into the spool, and then its journal out of the way: a paper
// that is taken elsewhere must not be issued a second time.
func (m *mission) keep(p issue.Paper) error {
	if err := m.spool.Put(bundle.Bundle{Name: p.Name, PDF: p.PDF}); err != nil {
		return err
	}
	// If this fails the paper lies beside its journal, and the next run sees that.
	_ = markIssued(m.journal, p.ID)
	return nil
}

// note keeps what the papers of this run need besides their transcripts, for a
// successor that has to issue them.
func (m *mission) note() error {
	c := m.context()
	return writeRun(m.journal, runNote{Format: runFormat, Plan: m.plan.Digest(), Labels: c.Labels,
		Machine: c.Machine, Tool: c.Tool, Clock: c.Clock, Order: m.order}, m.signer)
}

func (m *mission) context() record.Context {
	machine := m.machine
	if m.neighbours != nil {
		machine.Neighbours = m.neighbours()
	}
	clock := m.clock()
	clock.SteppedNanos = m.time.Stepped().Nanoseconds()
	return record.Context{
		Issued: record.At(m.time.Wall()), Labels: m.labels, Machine: machine,
		Tool: m.tool, Clock: clock,
	}
}

// verdictLine is a verdict in one line for people.
func verdictLine(r record.Record) string {
	s := strings.ToUpper(string(r.Verdict.State))
	if r.Virtual {
		s += " (VIRTUAL)"
	}
	if r.Kind == record.KindCertificate {
		return fmt.Sprintf("%s by %s in %s  %s", s, r.Verdict.Technique, tui.Clock(time.Duration(r.Nanos)), r.ID)
	}
	return fmt.Sprintf("%s, NOT SANITISED: %s  %s", s, first(r.Verdict.Reasons), r.ID)
}

func first(s []string) string {
	if len(s) == 0 {
		return "no reason given"
	}
	return s[0]
}

// outcomeError is the exit of a finished run: a drive that did not reach what
// was asked, one that was wanted and refused, or one that is missing.
func (m *mission) outcomeError(o job.Outcome) error {
	if n := len(o.Papers) - o.Reached(); n > 0 {
		return cli.Failedf("%d of %d drives were not sanitised; their notices say why", n, m.plan.Wanted())
	}
	if b, miss := m.plan.Blocked(), m.plan.Missing(); len(b)+len(miss) > 0 {
		return cli.Refusedf("%d of %d drives were not touched: %s", len(b)+len(miss), m.plan.Wanted(), untouched(b, miss))
	}
	return nil
}

func untouched(blocked []record.Refusal, missing []string) string {
	var s []string
	for _, b := range blocked {
		s = append(s, fmt.Sprintf("%s (%s): %s", b.Identity.Name(), b.Node, strings.Join(b.Reasons, ", ")))
	}
	for _, w := range missing {
		s = append(s, w+": not found in this machine")
	}
	return strings.Join(s, "; ")
}

// printPlan says in sentences what will be done, verified as asked, and of which
// drives not.
func printPlan(env cli.Env, p *wipe.Plan, pol wipe.Policy, not []record.Refusal) {
	say := func(indent int, f string, a ...any) {
		fmt.Fprintln(env.Stdout, tui.Wrap(fmt.Sprintf(f, a...), env.Width, indent))
	}
	if o := pol.Profile; o.ID != profile.Default {
		say(2, "profile %s, %s: %s", o.ID, o.Title, o.Note)
	}
	for _, t := range p.Tasks() {
		d := t.Device
		say(2, "%s (%s, %s, %s, %s) will be ERASED:", d.Identity, d.Node, tui.Bytes(int64(d.Size)), d.Transport, d.Medium)
		for _, r := range t.Ladder {
			mark, earns := " ", string(r.Method)
			if r.Chosen {
				mark = ">"
			}
			if earns == "" {
				earns = "nothing"
			}
			say(6, "  %s %s earns %s: %s", mark, r.Technique, earns, r.Reason)
		}
		if r := p.Resumed(t.ID); r != nil {
			say(6, "    it was cut short and goes on: pass %d of %d at byte %d of %d", r.Pass, len(t.Passes), r.From, d.Size)
		}
		say(6, "    %s", choice(t, pol.Verify))
	}
	for _, r := range not {
		say(2, "%s (%s) will not be touched: %s", r.Identity, r.Node, strings.Join(r.Reasons, "; "))
	}
	for _, w := range p.Missing() {
		say(2, "%s was not found in this machine", w)
	}
	if len(p.Tasks()) > 0 {
		say(2, "plan %s", p.Digest())
	}
}

func passName(p record.Pass) string {
	if p.Pattern == record.PatternByte {
		return fmt.Sprintf("byte %02Xh", p.Byte)
	}
	return p.Pattern
}

// trimEnvelope drops the newline that ends an envelope in a file.
func trimEnvelope(b []byte) []byte { return bytes.TrimSpace(b) }

// bootID is the kernel's name for this boot, "" where it has none.
func bootID() string {
	b, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

// papersIn opens the folder of papers, refusing one that cannot take them.
func papersIn(dir string) (*spool.Spool, error) {
	s, err := spool.Open(dir)
	if errors.Is(err, durable.ErrLocked) {
		return nil, cli.Refusedf("folder %s is in use by another lethe, which may be erasing: wait for it or choose another --papers; nothing was touched", dir)
	}
	if err != nil {
		return nil, cli.Refusedf("folder for the papers: %v", err)
	}
	return s, nil
}

// journalDir keeps the transcripts beside the papers they end in.
func journalDir(papers string) string { return filepath.Join(papers, "transcripts") }

// beside are the processors next to the host adapter of a task's drive, on a machine
// where that makes a difference.
func beside(s wipe.Spec) []int {
	name, ok := strings.CutPrefix(s.Node, "/dev/")
	if !ok {
		return nil // a file
	}
	root := sysfs.Root("")
	b, err := root.Block(strings.ReplaceAll(name, "/", "!"))
	if err != nil {
		return nil
	}
	return root.CPUs(b)
}
