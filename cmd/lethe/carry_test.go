package main

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"lethe/certs/bundle"
	"lethe/certs/check/checktest"
	"lethe/certs/issue"
	"lethe/certs/marker"
	"lethe/certs/record"
	"lethe/certs/sign"
	"lethe/cmd/internal/cli"
	"lethe/cmd/internal/handover"
	"lethe/inventory"
	"lethe/wipe"
)

// carrying is a booted machine that has a stick and a task whose pass has just ended.
type carrying struct {
	*bench
	stick *stick
	plug  *plugged
	j     *journal
	run   *record.Transcript
	key   []byte
	told  []string
}

func newCarrying(t *testing.T) *carrying {
	k, p := newSigners(t), plug(t, "S-1", 8<<20)
	p.put(marker.Path, k.marker(t, "S-1", time.Now().Add(time.Hour)))
	c := &carrying{bench: newBench(t), plug: p, stick: newStick(t, k, p.dev), run: erased(t, "S1")}
	c.stick.warn = func(w string) { c.told = append(c.told, w) }
	if err := c.stick.take([]inventory.Device{p.dev}); err != nil {
		t.Fatal(err)
	}
	var err error
	if c.key, err = sign.Secret(c.signer, handoverUse); err != nil {
		t.Fatal(err)
	}
	if c.j, err = openJournal(journalDir(c.papers), c.signer); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.j.Close() })
	note := runNote{Format: runFormat, Plan: c.task().Plan, Machine: checktest.Context(false).Machine,
		Tool: record.Tool{Name: "lethe", Version: "then", ImageDigest: "0d"}, Clock: record.Clock{Source: "rtc", Quality: "unauthenticated"}}
	if err := writeRun(c.j.dir, note, c.signer); err != nil {
		t.Fatal(err)
	}
	c.carry(c.stick.leave)
	return c
}

func (c *carrying) task() *record.Task { return c.run.Lines[0].Event.Task }

// carry has the journal's tasks handed to leave.
func (c *carrying) carry(leave func(context.Context, string, []byte) error) {
	c.t.Helper()
	var err error
	if c.j.carry, err = newCarrier(c.j.dir, checktest.Context(false).Machine, c.signer, leave); err != nil {
		c.t.Fatal(err)
	}
	c.j.carry.patient = time.Second
	go c.j.carry.run(c.t.Context())
}

// pass writes the journal to the end of the pass. It returns what became of the key.
func (c *carrying) pass() (kept error) {
	c.t.Helper()
	at := slices.IndexFunc(c.run.Lines, func(l record.Line) bool { return l.Event.Reveal != nil })
	for _, l := range c.run.Lines {
		if l.Event.Commit != nil {
			kept = c.j.Keep(c.t.Context(), c.task().ID, wipe.Key(*c.run.Lines[at].Event.Reveal))
		}
		if err := c.j.Append(c.t.Context(), c.task().ID, l); err != nil {
			c.t.Fatal(err)
		}
		if l.Event.PassEnd != nil {
			break
		}
	}
	return kept
}

// left are the notes on the stick.
func (c *carrying) left() (out []handover.Note) {
	c.t.Helper()
	if err := c.stick.found(c.key, func(_ string, ns []handover.Note, _ []string) { out = ns }); err != nil {
		c.t.Fatal(err)
	}
	return out
}

// next is the next start of the machine: its memory is empty.
func (c *carrying) next(change func(*restorer)) (back []wipe.Unfinished, papers []string) {
	t := c.t
	t.Helper()
	c.papers = t.TempDir()
	sp, err := papersIn(c.papers)
	if err != nil {
		t.Fatal(err)
	}
	defer sp.Close()
	warn := func(f string, a ...any) { c.told = append(c.told, cli.Undeliveredf(f, a...).Error()) }
	r := &restorer{machine: checktest.Context(false).Machine, drives: []inventory.Device{{Device: checktest.Device("S1")}}, stick: c.stick,
		info: warn, warn: warn, begun: map[string]string{},
		recovery: &recovery{env: cli.Env{Stdout: &c.said, Stderr: &c.said, Width: 80}, dir: journalDir(c.papers), spool: sp, papers: c.papers,
			signer: c.signer, roots: c.roots}}
	if change != nil {
		change(r)
	}
	if err := r.all(t.Context(), c.key); err != nil {
		t.Fatal(err)
	}
	back = r.unfinished(time.Now())
	if len(back) != len(r.begun) {
		t.Errorf("%d tasks are back, %d are named", len(back), len(r.begun))
	}
	papers, _ = filepath.Glob(filepath.Join(c.papers, "*.pdf"))
	return back, papers
}

// What a task can go on with is on the stick before its pass begins and after each part
// that is kept, readable to nobody without the key; the next start finds it there, and
// nothing of it is left when the paper is.
//
// mutant: journal_linux.go: if err = j.carry.now(ctx, task); err != nil { => if err = ctx.Err(); err != nil {
// mutant: journal_linux.go: defer j.carry.later(task) => _ = task
// mutant: stickcarry.go: if s.paper[task] { => if false {
// mutant: stickcarry.go: _ = s.handovers().Drop(task) => _ = task
func TestCarried(t *testing.T) {
	c := newCarrying(t)
	if err := c.pass(); err != nil {
		t.Fatal(err)
	}
	var u []wipe.Unfinished
	if !until(10*time.Second, func() bool {
		u, _ = c.next(nil)
		return len(u) == 1 && u[0].Transcript.Lines[len(u[0].Transcript.Lines)-1].Event.PassEnd != nil
	}) {
		t.Fatalf("%d tasks are back: %q", len(u), c.told)
	}
	if r, err := wipe.ResumeFrom(u[0].Transcript, u[0].Keys); err != nil || r.From != checktest.Size {
		t.Errorf("it goes on at %+v, %v", r, err)
	}
	key := c.run.Lines[slices.IndexFunc(c.run.Lines, func(l record.Line) bool { return l.Event.Reveal != nil })].Event.Reveal.Key
	c.stick.finish()
	if raw, err := os.ReadFile(c.plug.img); err != nil || strings.Contains(string(raw), key) || strings.Contains(string(raw), "resume/v1") {
		t.Errorf("the key can be read on the stick (%v)", err)
	}
	paper := bundle.Bundle{Name: c.task().ID + ".pdf", PDF: []byte("%PDF")}
	if _, err := c.stick.Deliver(t.Context(), paper); err != nil {
		t.Fatal(err)
	}
	if n := len(c.left()); n != 0 {
		t.Errorf("%d are left with the paper", n)
	}
	if err := c.stick.leave(t.Context(), c.task().ID, []byte("late")); err != nil || len(c.left()) != 0 {
		t.Errorf("what comes late is left: %v", err)
	}
}

// A stick that is full, gone or hangs vetoes nothing but that the task can be resumed:
// the key is in no note then, as the record says, and one line tells.
//
// mutant: journal_linux.go: f.keys = f.keys[:len(f.keys)-1] => _ = f.keys
// mutant: carry.go: case <-slow.C: => case <-make(chan time.Time):
func TestCarryVetoesNothing(t *testing.T) {
	gone := func(c *carrying) func(context.Context, string, []byte) error {
		c.stick.look = func(context.Context) []inventory.Device { return nil }
		c.stick.finish()
		return c.stick.leave
	}
	hangs := func(c *carrying) func(context.Context, string, []byte) error {
		return func(ctx context.Context, _ string, _ []byte) error { <-ctx.Done(); return ctx.Err() }
	}
	for name, leave := range map[string]func(*carrying) func(context.Context, string, []byte) error{"gone": gone, "hangs": hangs} {
		t.Run(name, func(t *testing.T) {
			c := newCarrying(t)
			c.carry(leave(c))
			start := time.Now()
			if err := c.pass(); err == nil {
				t.Error("the key is said to be kept")
			}
			if d := time.Since(start); d > 15*time.Second {
				t.Errorf("the pass waited %s", d)
			}
			n, err := readResume(c.j.dir, c.task().ID, c.signer)
			if err != nil || len(n.Keys) != 0 {
				t.Errorf("%d keys are in the note (%v)", len(n.Keys), err)
			}
			if name == "gone" && (len(c.told) != 1 || !strings.Contains(c.told[0], "begin anew")) {
				t.Errorf("told: %q", c.told)
			}
		})
	}
}

// Only what this machine began on a drive that is here comes back, and only what has no
// paper; the rest is left where it is.
//
// mutant: bootresume.go: if n.Machine.Serial != r.machine.Serial || n.Machine.UUID != r.machine.UUID { => if false {
// mutant: bootresume.go: func(d inventory.Device) bool { return d.Identity.Same(first.Device.Identity) }) { => func(d inventory.Device) bool { return true }) {
// mutant: bootresume.go: if has, _ := on.hasPaper(n.Task); has { => if has, _ := on.hasPaper(n.Task); has && on == nil {
// mutant: bootresume.go: out[l.ID] = true => out[l.ID] = l.ID == ""
func TestRestoresItsOwn(t *testing.T) {
	c := newCarrying(t)
	if err := c.pass(); err != nil {
		t.Fatal(err)
	}
	if !until(10*time.Second, func() bool { u, _ := c.next(nil); return len(u) == 1 }) {
		t.Fatalf("nothing is back: %q", c.told)
	}
	paper := checktest.NewDesk(t, "S1").Paper(t, c.run, checktest.Context(false))
	for name, tt := range map[string]struct {
		change func(*restorer)
		why    string
	}{
		"another machine":  {func(r *restorer) { r.machine.Serial = "M-2" }, "another machine"},
		"no such drive":    {func(r *restorer) { r.drives[0].Identity = checktest.Device("S2").Identity }, "not here"},
		"paper in depot":   {func(r *restorer) { r.depot = shelf(t, "notice", paper) }, ""},
		"depot of no list": {func(r *restorer) { r.depot = shelf(t, "") }, "not used"},
	} {
		c.told, c.stick.paper = nil, nil
		u, papers := c.next(tt.change)
		if len(u)+len(papers) != 0 || !strings.Contains(strings.Join(c.told, "\n"), tt.why) || len(c.told) > 1 {
			t.Errorf("%s: %d tasks, %d papers, told %q", name, len(u), len(papers), c.told)
		}
		if n := len(c.left()); n != 1 {
			t.Errorf("%s: %d are left on the stick", name, n)
		}
	}
	c.stick.paper = nil
	at := filepath.Join(c.stick.mount.Dir(), marker.Papers, c.task().ID+".pdf")
	p := c.made()
	if err := os.WriteFile(at, p, 0o600); err != nil {
		t.Fatal(err)
	}
	strangers := func(r *restorer) { r.roots = nil } // its time is not the signer's
	if u, papers := c.next(strangers); len(u)+len(papers) != 0 || !c.stick.paper[c.task().ID] {
		t.Errorf("paper on the stick: %d tasks, %d papers", len(u), len(papers))
	}
}

// made is the paper of the task.
func (c *carrying) made() []byte {
	c.t.Helper()
	p, err := issue.Issuer{Signer: c.signer}.Certificate(c.run, checktest.Context(false), checktest.NewDesk(c.t, "S1").Profile, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	return p.PDF
}

// A task that cannot go on gets the notice that says so, and what was torn nothing.
func TestRestoredCannotGoOn(t *testing.T) {
	c := newCarrying(t)
	c.run = checktest.Run(t, *c.task(), func(e record.Event) *record.Event {
		if e.PassEnd != nil {
			e.PassEnd.Flushed, e.PassEnd.FlushError = false, "EIO"
		}
		return &e
	})
	if err := c.pass(); err != nil {
		t.Fatal(err)
	}
	var papers []string
	if !until(10*time.Second, func() bool {
		var u []wipe.Unfinished
		u, papers = c.next(nil)
		return len(u) == 0 && len(papers) == 1
	}) {
		t.Fatalf("%q: %q", papers, c.told)
	}
	if r := c.paper(c.task().ID); r.Kind != record.KindNotice {
		t.Errorf("%s", r.Kind)
	}
	c.told = nil
	other, err := sign.Secret(newBench(t).signer, handoverUse)
	if err != nil {
		t.Fatal(err)
	}
	c.key = other
	if u, papers := c.next(nil); len(u)+len(papers) != 0 || len(c.told) != 1 || !strings.Contains(c.told[0], "another key") {
		t.Errorf("%d tasks, %d papers, told %q", len(u), len(papers), c.told)
	}
}
