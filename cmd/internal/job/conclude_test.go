package job_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"lethe/certs/check/checktest"
	"lethe/certs/record"
	"lethe/cmd/internal/job"
	"lethe/wipe/judge"
	"lethe/wipe/profile"
)

var later = checktest.Began.Add(48 * time.Hour)

func defaults(t testing.TB) profile.Profile {
	t.Helper()
	p, err := profile.ByID(profile.Default)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// whole is the journal of an erase that ran through.
func whole(t testing.TB) *record.Transcript {
	t.Helper()
	return checktest.Run(t, checktest.Task(checktest.Device("S1"), defaults(t), nil))
}

func sealOf(ref record.TranscriptRef) func(record.TranscriptRef) bool {
	return func(r record.TranscriptRef) bool { return r == ref }
}

// A journal that was cut off never becomes an erase, and says why; what has no
// task is left alone.
//
// mutant: conclude.go: record.Event{Stopped: &record.Stopped{By: "supervisor", Reason: record.StopLost, Detail: detail}}) => record.Event{Ended: &record.Ended{}})
func TestConcludeCutOff(t *testing.T) {
	run, p := whole(t), defaults(t)
	b := run.Bytes()
	seal := sealOf(run.Ref())
	firstLine := bytes.IndexByte(b, '\n') + 1
	for n := range len(b) {
		if edge := b[max(n-1, 0)] == '\n' || b[n] == '\n'; !edge && n%17 != 0 {
			continue // every end of a line from both sides, and a sample of the rest
		}
		got, err := job.Conclude(b[:n], job.Restart{Now: later, Sealed: seal})
		if n < firstLine {
			if !errors.Is(err, job.ErrNotJournal) {
				t.Fatalf("cut at %d: %v; want ErrNotJournal", n, err)
			}
			continue
		}
		if err != nil {
			t.Fatalf("cut at %d: %v", n, err)
		}
		last := got.Lines[len(got.Lines)-1].Event.Stopped
		if last == nil || last.By != "supervisor" || last.Reason != record.StopLost || !strings.HasPrefix(last.Detail, "found after a restart") {
			t.Fatalf("cut at %d: last line %+v", n, last)
		}
		torn := b[n-1] != '\n'
		if strings.Contains(last.Detail, "the last line of the journal was torn") != torn {
			t.Fatalf("cut at %d, torn %v: %q", n, torn, last.Detail)
		}
		if v := judge.Judge(got, p, judge.Quirks{}); v.State != record.Incomplete || v.Reached {
			t.Fatalf("cut at %d: %s %q", n, v.State, v.Reasons)
		}
	}
}

// What ended in order is issued as what it is where its end is sealed, and only there.
//
// mutant: conclude.go: case r.Sealed != nil && r.Sealed(t.Ref()): => case true:
func TestConcludeEndNeedsItsSeal(t *testing.T) {
	run, p := whole(t), defaults(t)
	other := checktest.Run(t, checktest.Task(checktest.Device("S2"), p, nil))
	for name, c := range map[string]struct {
		seal func(record.TranscriptRef) bool
		tail string
		want record.State
	}{
		"sealed":                 {sealOf(run.Ref()), "", record.Cleared},
		"sealed, then noise":     {sealOf(run.Ref()), "\x00\x00{", record.Cleared},
		"no seal":                {func(record.TranscriptRef) bool { return false }, "", record.Incomplete},
		"nobody to ask":          {nil, "", record.Incomplete},
		"another's seal":         {sealOf(other.Ref()), "", record.Incomplete},
		"no seal and then noise": {nil, "noise\nnoise\n", record.Incomplete},
	} {
		got, err := job.Conclude(append(run.Bytes(), c.tail...), job.Restart{Now: later, Sealed: c.seal})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		v := judge.Judge(got, p, judge.Quirks{})
		if v.State != c.want {
			t.Errorf("%s: %s %q; want %s", name, v.State, v.Reasons, c.want)
		}
		if c.want == record.Incomplete && !strings.Contains(strings.Join(v.Reasons, " "), "not sealed by its supervisor") {
			t.Errorf("%s: %q does not say that the seal is missing", name, v.Reasons)
		}
	}
}

// What was seen to fail stays failed; what was stopped stays as it was said.
func TestConcludeKeepsWhatWasSeen(t *testing.T) {
	p := defaults(t)
	task := checktest.Task(checktest.Device("S1"), p, nil)
	failed := checktest.Run(t, task, func(e record.Event) *record.Event {
		if e.PassEnd != nil {
			e.PassEnd.Failed = []record.Range{{First: 512, End: 1024}}
		}
		return &e
	})
	got, err := job.Conclude(failed.Bytes(), job.Restart{Now: later})
	if err != nil {
		t.Fatal(err)
	}
	if v := judge.Judge(got, p, judge.Quirks{}); v.State != record.Failed {
		t.Errorf("failed pass: %s %q", v.State, v.Reasons)
	}
	stopped := checktest.Run(t, task, func(e record.Event) *record.Event {
		if e.Ended != nil {
			return &record.Event{Stopped: &record.Stopped{By: "worker", Reason: record.StopSignal}}
		}
		return &e
	})
	got, err = job.Conclude(stopped.Bytes(), job.Restart{Now: later})
	if err != nil || !bytes.Equal(got.Bytes(), stopped.Bytes()) {
		t.Errorf("a stopped task was changed: %v", err)
	}
}

// A boot's monotonic clock means nothing in another one: the line repeats the last
// time kept, so that the transcript can be judged, and says what happened.
func TestConcludeAcrossBoots(t *testing.T) {
	run, p := whole(t), defaults(t)
	b := run.Bytes()
	b = b[:bytes.LastIndexByte(b[:len(b)-1], '\n')+1] // without its end
	boot := run.Lines[0].Event.Task.Boot
	for now, want := range map[string]string{"": "found after a restart", boot: "found after a restart",
		"another": "found after a restart of the machine"} {
		got, err := job.Conclude(b, job.Restart{Boot: now, Now: later})
		if err != nil {
			t.Fatal(err)
		}
		n := len(got.Lines)
		last := got.Lines[n-1]
		if last.Event.Stopped.Detail != want || last.Mono != got.Lines[n-2].Mono || !last.Wall.Equal(later) {
			t.Errorf("boot %q: %q at %d, %s", now, last.Event.Stopped.Detail, last.Mono, last.Wall)
		}
		if v := judge.Judge(got, p, judge.Quirks{}); v.State != record.Incomplete {
			t.Errorf("boot %q: %s %q", now, v.State, v.Reasons)
		}
	}
}

func TestConcludeGarbage(t *testing.T) {
	run := whole(t)
	b := run.Bytes()
	second := b[bytes.IndexByte(b, '\n')+1:]
	for name, g := range map[string][]byte{"empty": nil, "noise": []byte("noise\n"), "zeros": make([]byte, 4096),
		"a chain without its head": second, "JSON": []byte("{}\n"), "no task": taskless(t)} {
		if got, err := job.Conclude(g, job.Restart{Now: later}); !errors.Is(err, job.ErrNotJournal) || got != nil {
			t.Errorf("%s: %v, %v; want ErrNotJournal", name, got, err)
		}
	}
	// A hole in the middle: what follows it proves nothing.
	i := bytes.Index(b, []byte(`"passEnd"`))
	holed := bytes.Clone(b)
	holed[i+1] = 'x'
	got, err := job.Conclude(holed, job.Restart{Now: later, Sealed: func(record.TranscriptRef) bool { return true }})
	if err != nil {
		t.Fatal(err)
	}
	v := judge.Judge(got, defaults(t), judge.Quirks{})
	if v.State != record.Incomplete || !strings.Contains(strings.Join(v.Reasons, " "), "could not be followed from line 9 on") {
		t.Errorf("hole: %s %q", v.State, v.Reasons)
	}
}

// Something was begun where a whole first line is a task, in a later version's words
// too.
//
// mutant: conclude.go: return whole && json.Unmarshal(line, &first) == nil && first.Event.Task != nil => return (whole || true) && json.Unmarshal(line, &first) == nil && first.Event.Task != nil
// mutant: conclude.go: return whole && json.Unmarshal(line, &first) == nil && first.Event.Task != nil => return whole && json.Unmarshal(line, &first) == nil
func TestBegun(t *testing.T) {
	b := whole(t).Bytes()
	first := b[:bytes.IndexByte(b, '\n')]
	for name, c := range map[string]struct {
		in   []byte
		want bool
	}{
		"whole": {b, true}, "one line": {b[:len(first)+1], true}, "torn": {first, false}, "empty": {nil, false},
		"no task": {taskless(t), false}, "noise": {[]byte("noise\n"), false}, "not JSON of ours": {[]byte("[1]\n"), false},
		"later": {[]byte(`{"event":{"task":{"new":true},"more":1}}` + "\n"), true},
	} {
		if got := job.Begun(c.in); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func taskless(t *testing.T) []byte {
	var run record.Transcript
	if _, err := run.Append(1, record.At(later), record.Event{Ended: &record.Ended{}}); err != nil {
		t.Fatal(err)
	}
	return run.Bytes()
}

// Whatever is found in the folder: nothing unsealed is ever an erase.
func FuzzConclude(f *testing.F) {
	b := whole(f).Bytes()
	f.Add(b)
	f.Add(b[:len(b)/2])
	f.Add([]byte("{}\n"))
	p := defaults(f)
	f.Fuzz(func(t *testing.T, in []byte) {
		got, err := job.Conclude(in, job.Restart{Now: later})
		if err != nil {
			return
		}
		if v := judge.Judge(got, p, judge.Quirks{}); v.State == record.Cleared || v.State == record.Purged {
			t.Errorf("%s", v.State)
		}
		if err := got.Intact(); err != nil {
			t.Error(err)
		}
	})
}
