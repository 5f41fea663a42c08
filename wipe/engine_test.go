package wipe_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"lethe/certs/record"
	"lethe/wipe"
	"lethe/wipe/wipetest"
)

const simSize = 128<<10 + 3*512

// bench is an engine with one simulated drive and a worker in this process.
type bench struct {
	drive   *wipetest.Drive
	journal *wipetest.Journal
	engine  *wipe.Engine
	plan    *wipe.Plan
}

func newBench(t testing.TB) *bench {
	t.Helper()
	d := wipetest.NewDrive(wipetest.Device(1, simSize, 512), 1)
	b := &bench{drive: d, journal: &wipetest.Journal{}}
	b.engine = &wipe.Engine{Spawn: wipetest.InProcess{Open: d.Opener()}, Journal: b.journal, Clock: wipetest.NewClock(),
		Grace: 100 * time.Millisecond, Patience: 10 * time.Second}
	b.plan = wipetest.Plan(t, wipetest.Clear(t), wipe.Candidate{Device: d.Device(), Node: "/dev/" + d.Device().Node})
	return b
}

// serve replaces the worker's body.
func (b *bench) serve(f func(ctx context.Context, in io.Reader, out io.Writer, open wipe.Opener) error) {
	b.engine.Spawn = wipetest.InProcess{Open: b.drive.Opener(), Serve: f}
}

// erase runs the task; a run that does not end by itself is stopped.
func (b *bench) erase(t testing.TB) wipetest.Finished {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	fs := wipetest.Erase(t, ctx, b.engine, b.plan)
	if ctx.Err() != nil {
		t.Error("the run did not end by itself")
	}
	return fs[0]
}

// script is a worker that hears its task and says these lines, whatever it is
// answered.
func script(lines ...string) func(context.Context, io.Reader, io.Writer, wipe.Opener) error {
	return func(_ context.Context, in io.Reader, out io.Writer, _ wipe.Opener) error {
		r := bufio.NewReader(in)
		if _, err := r.ReadBytes('\n'); err != nil {
			return err
		}
		go io.Copy(io.Discard, r)
		for _, l := range lines {
			if _, err := io.WriteString(out, l); err != nil {
				return err
			}
		}
		return nil
	}
}

// A worker that does not speak as it should is not heard any more, and its task
// is not certified.
func TestBadSpeech(t *testing.T) {
	const ended = `{"event":{"ended":{}}}` + "\n"
	const opened = `{"event":{"opened":{"direct":true,"exclusive":true,"identity":{"model":"SIMULATED","serial":"WT-0001","vendor":"LETHE"},"logicalSector":512,"size":132608}}}` + "\n"
	stopped := func(by string) string {
		return `{"event":{"stopped":{"by":"` + by + `","reason":"error"}}}` + "\n"
	}
	for _, c := range []struct {
		name  string
		lines []string
		want  record.State
		said  string // in the last line
	}{
		{"nothing", nil, record.Incomplete, "without saying how"},
		{"one observation, then nothing", []string{opened}, record.Incomplete, "worker"},
		{"it has ended", []string{ended}, record.Unknown, ""},
		{"it has ended, twice", []string{ended, ended}, record.Unknown, ""},
		{"more after its end", []string{ended, opened}, record.Unknown, ""},
		{"it stopped, then ended", []string{stopped("worker"), ended}, record.Incomplete, ""},
		{"garbage", []string{"\x00\xff\x7fELF\n"}, record.Incomplete, "hear worker"},
		{"no JSON object", []string{"null\n"}, record.Incomplete, "hear worker"},
		// mutant: message.go: "message is not understood: %v" => "message is not understood: %w"
		{"an empty line", []string{"\n"}, record.Incomplete, "hear worker"},
		{"an empty message", []string{"{}\n"}, record.Incomplete, "neither an event nor progress"},
		{"an empty event", []string{`{"event":{}}` + "\n"}, record.Incomplete, "not exactly one event"},
		{"two events in one", []string{`{"event":{"closing":{"direct":true,"exclusive":true,"identity":{},"logicalSector":0,"size":0},"ended":{}}}` + "\n"}, record.Incomplete, "not exactly one event"},
		// mutant: ../certs/record/canon.go: if !bytes.Equal(again, b) { => if !bytes.Equal(again, again) {
		{"two messages on a line", []string{strings.TrimSpace(ended) + ended}, record.Incomplete, "hear worker"},
		{"one thing said twice", []string{`{"event":{"ended":{}},"event":{"ended":{}}}` + "\n"}, record.Incomplete, "hear worker"},
		{"an unknown word", []string{`{"event":{"ended":{}},"sure":true}` + "\n"}, record.Incomplete, "hear worker"},
		{"another spelling", []string{`{"Event":{"ended":{}}}` + "\n"}, record.Incomplete, "hear worker"},
		{"an event and progress", []string{`{"event":{"ended":{}},"progress":{"done":0,"of":0,"pass":0,"phase":"","total":0}}` + "\n"}, record.Incomplete, "neither"},
		{"a torn line", []string{strings.TrimSuffix(ended, "\n")}, record.Incomplete, "unexpected EOF"},
		// mutant: message.go: if len(line) > maxMessage { => if false {
		{"an endless line", []string{strings.Repeat("x", 3<<20)}, record.Incomplete, "message longer than"},
		// mutant: keeper.go: case e.Task != nil || e.Looking != nil || e.Resumed != nil => case e.Resumed != nil
		{"a task of its own", []string{`{"event":{"task":` + ownTask(t) + `}}` + "\n"}, record.Incomplete, "in the supervisor's place"},
		{"the supervisor's word", []string{stopped("supervisor")}, record.Incomplete, "in the supervisor's place"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t)
			b.serve(script(c.lines...))
			f := b.erase(t)
			last := f.Transcript.Lines[len(f.Transcript.Lines)-1].Event
			if f.Verdict.State != c.want || last.Stopped != nil && !strings.Contains(last.Stopped.Detail, c.said) {
				t.Errorf("%s, ended by %+v, want %s and %q", f.Verdict.State, last.Stopped, c.want, c.said)
			}
			if !b.drive.Untouched() {
				t.Error("the drive was touched")
			}
		})
	}
}

func ownTask(t *testing.T) string {
	b, err := record.Marshal(newBench(t).plan.Tasks()[0])
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// filter stands between an honest worker and its supervisor.
type filter struct {
	wipe.Port
	pass func(e record.Event, send func(record.Event) error) error
}

func (f *filter) Event(e record.Event) error { return f.pass(e, f.Port.Event) }

func filtered(pass func(record.Event, func(record.Event) error) error) func(context.Context, io.Reader, io.Writer, wipe.Opener) error {
	return func(ctx context.Context, in io.Reader, out io.Writer, open wipe.Opener) error {
		r := bufio.NewReader(in)
		line, err := r.ReadBytes('\n')
		if err != nil {
			return err
		}
		var s wipe.Spec
		if err := json.Unmarshal(line, &s); err != nil {
			return err
		}
		return wipe.Work(ctx, s, open, &filter{wipe.NewPipePort(r, out), pass})
	}
}

// An honest worker whose n-th line is lost, or comes twice, or late, is never
// certified: every line is needed, once, in its place. (The mutants are judge's.)
func TestEveryLineCounts(t *testing.T) {
	b := newBench(t)
	honest := b.erase(t)
	if honest.Verdict.State != record.Cleared {
		t.Fatalf("honest: %+v", honest.Verdict)
	}
	kinds := []string{}
	for _, l := range honest.Transcript.Lines[1:] {
		kinds = append(kinds, l.Event.Kind())
	}
	for _, how := range []string{"lost", "twice", "late"} {
		for n, kind := range kinds {
			if kind == "ended" && how != "lost" {
				continue // nothing comes after it: the first one counts
			}
			t.Run(fmt.Sprintf("%s %s %d", kind, how, n), func(t *testing.T) {
				b := newBench(t)
				seen := 0
				var late *record.Event
				b.serve(filtered(func(e record.Event, send func(record.Event) error) error {
					seen++
					switch {
					case seen-1 == n && how == "lost":
						return nil
					case seen-1 == n && how == "late":
						late = &e
						return nil
					case seen-1 == n:
						if err := send(e); err != nil {
							return err
						}
					}
					err := send(e)
					if late != nil && err == nil {
						err, late = send(*late), nil
					}
					return err
				}))
				f := b.erase(t)
				if f.Verdict.State == record.Cleared {
					// The key may as well be told after the drive's last state.
					if !(how == "late" && kind == "reveal") {
						t.Errorf("certified: %q", f.Verdict.Reasons)
					}
				}
			})
		}
	}
}

// A worker that has said its last word and does not end keeps no papers back.
//
// mutant: engine.go: case <-k.over: => case <-make(chan bool):
func TestWorkerDoesNotEnd(t *testing.T) {
	for _, c := range []struct {
		name string
		body func(context.Context, io.Reader, io.Writer, wipe.Opener) error
		want record.State
	}{
		{"after its task", wipe.ServeWorker, record.Cleared},
		{"after it stopped", script(`{"event":{"stopped":{"by":"worker","reason":"error"}}}` + "\n"), record.Incomplete},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t)
			end := make(chan struct{})
			defer close(end)
			b.serve(func(ctx context.Context, in io.Reader, out io.Writer, open wipe.Opener) error {
				err := c.body(ctx, in, out, open)
				<-end
				return err
			})
			if f := b.erase(t); f.Verdict.State != c.want {
				t.Errorf("%s, want %s", f.Verdict.State, c.want)
			}
		})
	}
}

// A worker that hangs without a word is left behind when the run is stopped, and
// what it says later is on no record.
//
// mutant: keeper.go: case k.closed: => case false:
func TestLeftBehind(t *testing.T) {
	b := newBench(t)
	end, said := make(chan struct{}), make(chan error, 1)
	ctx, cancel := context.WithCancelCause(context.Background())
	b.engine.Spawn = &deaf{said: said, end: end, started: func() { cancel(errors.New("told to stop")) }}
	f := wipetest.Erase(t, ctx, b.engine, b.plan)[0]
	last := f.Transcript.Lines[len(f.Transcript.Lines)-1].Event.Stopped
	if f.Verdict.State != record.Incomplete || last == nil || last.Reason != record.StopSignal ||
		!strings.Contains(last.Detail, "told to stop") || !strings.Contains(last.Detail, "even when killed") {
		t.Errorf("%s, ended by %+v", f.Verdict.State, last)
	}
	lines := len(f.Transcript.Lines)
	close(end)
	if err := <-said; err == nil {
		t.Error("a line was taken after the end")
	}
	if got := len(f.Transcript.Lines); got != lines {
		t.Errorf("%d lines, there were %d", got, lines)
	}
}

// deaf is a worker that nothing ends.
type deaf struct {
	started func()
	end     chan struct{}
	said    chan error
	once    atomic.Bool
}

func (d *deaf) Start(context.Context, wipe.Spec) (wipe.Worker, error) {
	d.started()
	return d, nil
}

func (d *deaf) Next() (wipe.Said, error) {
	<-d.end
	if d.once.Swap(true) {
		return wipe.Said{}, io.EOF
	}
	return wipe.Said{Event: &record.Event{Ended: &record.Ended{}}}, nil
}

func (d *deaf) Ack(veto error) error { d.said <- veto; return nil }
func (d *deaf) Stop()                {}
func (d *deaf) Kill()                {}
func (d *deaf) Wait() error          { <-d.end; return nil }

// A worker that never stops talking is stopped.
//
// mutant: keeper.go: k.said > maxSaid { => k.said < 0 {
func TestFlood(t *testing.T) {
	detail, err := json.Marshal(strings.Repeat("x", 1<<19))
	if err != nil {
		t.Fatal(err)
	}
	line := `{"event":{"opened":{"direct":true,"evidence":[{"name":"x","status":` + string(detail) +
		`}],"exclusive":true,"identity":{},"logicalSector":512,"size":512}}}` + "\n"
	b := newBench(t)
	b.serve(func(ctx context.Context, in io.Reader, out io.Writer, _ wipe.Opener) error {
		go io.Copy(io.Discard, in)
		for range 1000 {
			if _, err := io.WriteString(out, line); err != nil {
				return err
			}
		}
		return nil
	})
	f := b.erase(t)
	if f.Verdict.State == record.Cleared {
		t.Error("certified")
	}
	if n := len(f.Transcript.Bytes()); n > 9<<20 {
		t.Errorf("%d bytes on record", n)
	}
}

// Progress is for people: any amount of it puts nothing on record.
func TestProgressIsNoRecord(t *testing.T) {
	b := newBench(t)
	line := `{"progress":{"done":9,"of":1,"pass":1,"phase":"write","total":9}}` + "\n"
	var seen atomic.Int64
	b.engine.Observe = func(string, wipe.Progress) { seen.Add(1) }
	b.serve(script(strings.Repeat(line, 10000)))
	f := b.erase(t)
	if len(f.Transcript.Lines) != 2 || f.Verdict.State != record.Incomplete || seen.Load() != 10000 {
		t.Errorf("%d lines, %s, %d observed", len(f.Transcript.Lines), f.Verdict.State, seen.Load())
	}
}

// What stops a run before a worker is started is told in its transcript.
func TestNotStarted(t *testing.T) {
	b := newBench(t)
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(errors.New("too late"))
	f := wipetest.Erase(t, ctx, b.engine, b.plan)[0]
	if s := f.Transcript.Lines[1].Event.Stopped; s == nil || s.Reason != record.StopSignal || s.Detail != "too late" {
		t.Errorf("stopped: %+v", s)
	}
	b = newBench(t)
	b.engine.Spawn = wipe.Processes{Path: "/nonexistent"}
	f = b.erase(t)
	if s := f.Transcript.Lines[1].Event.Stopped; s == nil || s.Reason != record.StopError || !strings.Contains(s.Detail, "/nonexistent") {
		t.Errorf("stopped: %+v", s)
	}
	if err := b.engine.Run(context.Background(), &wipe.Plan{}, nil); !errors.Is(err, wipe.ErrNothingToDo) {
		t.Errorf("empty plan: %v", err)
	}
}
