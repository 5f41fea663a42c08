package issue

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lethe/certs/record"
	"lethe/wipe/judge"
	"lethe/wipe/profile"
)

const size record.Size = 1 << 20

var (
	whole = record.Range{End: size}
	id    = record.Identity{Model: "ACME HDD", Serial: "S1"}
	ctx   = record.Context{Clock: record.Clock{Source: "ntp:a", Quality: "synchronised"},
		Machine: record.Machine{Serial: "M1"}, Tool: record.Tool{Name: "lethe", Version: "v0"}}
)

// lines is one task in the making, open to every change before it is chained.
type lines struct {
	task   record.Task
	events []record.Event
	wall   map[int]time.Duration // steps of the wall clock, by line
}

func defaults(t testing.TB) profile.Profile {
	t.Helper()
	p, err := profile.ByID(profile.Default)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// zeroed is a drive overwritten with zeros and read back.
func zeroed(t testing.TB) *lines {
	state := record.Opened{Exclusive: true, Direct: true, Identity: id, Size: size, LogicalSector: 512}
	zero := record.Pass{Pattern: record.PatternZero}
	l := &lines{wall: map[int]time.Duration{}, task: record.Task{
		Format: record.TranscriptFormat, ID: "t1", Profile: defaults(t).Ref(), Asked: record.MethodClear,
		Device: record.Device{Identity: id, Size: size, LogicalSector: 512, Medium: record.MediumMagnetic, Transport: "sata"},
		Ladder: []record.Rung{{Technique: record.Overwrite, Method: record.MethodClear, Chosen: true, Reason: "chosen"}},
		Passes: []record.Pass{zero}, Check: record.CheckFull, Confirmed: "S1", Audit: record.Audit{Kind: record.AuditDepot}}}
	l.events = []record.Event{
		{Opened: &state},
		{Intent: &record.Intent{Technique: record.Overwrite, Range: whole}},
		{PassBegin: &record.PassBegin{Pass: 1, Of: 1, What: zero, Range: whole}},
		{Stretch: &record.Stretch{Pass: 1, Range: whole}},
		{PassEnd: &record.PassEnd{Pass: 1, Written: size, Flushed: true}},
		{CheckBegin: &record.CheckBegin{Pass: 1, Method: record.CheckFull, Direct: true}},
		{Stretch: &record.Stretch{Pass: 1, Check: true, Range: whole}},
		{CheckEnd: &record.CheckEnd{Pass: 1, Compared: size}},
		{Closing: &state},
		{Ended: &record.Ended{}},
	}
	return l
}

func (l *lines) transcript(t testing.TB) *record.Transcript {
	t.Helper()
	tr := &record.Transcript{}
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for i, e := range append([]record.Event{{Task: &l.task}}, l.events...) {
		at = at.Add(time.Second + l.wall[i])
		if _, err := tr.Append(int64(i)*1e9, record.At(at), e); err != nil {
			t.Fatal(err)
		}
	}
	return tr
}

func build(t testing.TB, l *lines, c record.Context) record.Record {
	t.Helper()
	r, err := Build(l.transcript(t), c, "t1", defaults(t), judge.Quirks{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// A checker builds the record again and compares bytes.
func TestBuildIsPure(t *testing.T) {
	tr := zeroed(t).transcript(t)
	before := tr.Bytes()
	var first []byte
	for range 3 {
		r, err := Build(tr, ctx, "t1", defaults(t), judge.Quirks{})
		if err != nil {
			t.Fatal(err)
		}
		b, err := record.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = b
		}
		var back record.Record
		if err := record.Unmarshal(b, &back); err != nil || !bytes.Equal(b, first) {
			t.Errorf("%v: %s\n%s", err, b, first)
		}
	}
	if !bytes.Equal(before, tr.Bytes()) || tr.Intact() != nil {
		t.Error("Build changed its transcript")
	}
	again, err := record.ParseTranscript(before)
	if err != nil {
		t.Fatal(err)
	}
	r, err := Build(again, ctx, "t1", defaults(t), judge.Quirks{})
	if b, merr := record.Marshal(r); err != nil || merr != nil || !bytes.Equal(b, first) {
		t.Errorf("from the stored transcript: %v, %v\n%s\n%s", err, merr, b, first)
	}
}

func TestBuildDerives(t *testing.T) {
	l := zeroed(t)
	r := build(t, l, ctx)
	tr := l.transcript(t)
	want := record.Record{
		Format: record.RecordFormat, ID: "t1", Kind: record.KindCertificate, Context: ctx, Device: l.task.Device,
		After: l.events[8].Closing, Asked: record.MethodClear, Profile: l.task.Profile, Ladder: l.task.Ladder,
		Confirmed: "S1", Audit: l.task.Audit, Passes: []record.PassDone{{Pass: 1, What: l.task.Passes[0], Written: size, Flushed: true}},
		Verification: &record.Verification{Method: record.CheckFull, Pass: 1, Compared: size, Direct: true},
		Start:        tr.Lines[0].Wall, End: tr.Lines[10].Wall, Nanos: 10e9, Verdict: r.Verdict,
		Residual: r.Residual, References: references(), Transcript: tr.Ref(),
	}
	if d := cmp.Diff(want, r); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if r.Verdict.State != record.Cleared || r.Start == r.End {
		t.Errorf("%+v from %s to %s", r.Verdict, r.Start, r.End)
	}
}

func TestKeysAndPasses(t *testing.T) {
	l := zeroed(t)
	l.events = []record.Event{
		{Commit: &record.Commit{Pass: 1, Commitment: "c1"}}, {PassBegin: &record.PassBegin{Pass: 1, What: record.Pass{Pattern: record.PatternStream}}},
		{PassEnd: &record.PassEnd{Pass: 1, Written: 7, Failed: []record.Range{{End: 1}}}},
		{Commit: &record.Commit{Pass: 2, Commitment: "c2"}}, {CheckEnd: &record.CheckEnd{Compared: 9}},
		{Reveal: &record.Reveal{Pass: 1, Key: "k", IV: "i"}}, {Stopped: &record.Stopped{By: "worker", Reason: record.StopError}},
	}
	r := build(t, l, ctx)
	want := []record.PassDone{
		{Pass: 1, What: record.Pass{Pattern: record.PatternStream}, Commitment: "c1", Key: "k", IV: "i", Written: 7, Failed: []record.Range{{End: 1}}},
		{Pass: 2, Commitment: "c2"}}
	if d := cmp.Diff(want, r.Passes); d != "" || r.Verification != nil || r.Kind != record.KindNotice {
		t.Errorf("%s %+v %s", d, r.Verification, r.Kind)
	}
}

func TestKind(t *testing.T) {
	for name, c := range map[string]struct {
		change func(l *lines)
		state  record.State
		kind   string
	}{
		"reached": {func(l *lines) {}, record.Cleared, record.KindCertificate},
		// mutant: build.go: if v.Reached && (v.State => if (v.State
		"less than asked": {func(l *lines) { l.task.Asked = record.MethodPurge }, record.Cleared, record.KindNotice},
		"not flushed":     {func(l *lines) { l.events[4].PassEnd.Flushed = false }, record.Unknown, record.KindNotice},
		"mismatch":        {func(l *lines) { l.events[7].CheckEnd.MismatchBytes = 1 }, record.Failed, record.KindNotice},
		"stopped":         {func(l *lines) { l.events[9] = record.Event{Stopped: &record.Stopped{}} }, record.Incomplete, record.KindNotice},
		"no end":          {func(l *lines) { l.events = l.events[:9] }, record.Unknown, record.KindNotice},
		"task alone":      {func(l *lines) { l.events = nil }, record.Unknown, record.KindNotice},
	} {
		l := zeroed(t)
		c.change(l)
		if r := build(t, l, ctx); r.Kind != c.kind || r.Verdict.State != c.state {
			t.Errorf("%s: %s %s %q; want %s %s", name, r.Kind, r.Verdict.State, r.Verdict.Reasons, c.kind, c.state)
		}
	}
	// mutant: build.go: (v.State == record.Cleared || v.State == record.Purged) => true
	if kind(record.Verdict{State: record.Unknown, Reached: true}) != record.KindNotice {
		t.Error("an Unknown verdict makes a certificate")
	}
}

func TestNoTask(t *testing.T) {
	tr := &record.Transcript{}
	for range 2 {
		if _, err := Build(tr, ctx, "", defaults(t), judge.Quirks{}); !errors.Is(err, ErrNoTask) {
			t.Error(err)
		}
		if _, err := tr.Append(0, record.Time{}, record.Event{Ended: &record.Ended{}}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Build(nil, ctx, "", defaults(t), judge.Quirks{}); !errors.Is(err, ErrNoTask) {
		t.Error(err)
	}
}

func TestAnotherName(t *testing.T) {
	// mutant: build.go: if id != task.ID { => if id == "" {
	if _, err := Build(zeroed(t).transcript(t), ctx, "t2", defaults(t), judge.Quirks{}); !errors.Is(err, ErrID) {
		t.Error(err)
	}
}

func TestVirtual(t *testing.T) {
	for name, c := range map[string]struct {
		device  func(d *record.Device)
		machine record.Machine
		why     []string
	}{
		"physical":       {func(d *record.Device) {}, record.Machine{}, nil},
		"emulated drive": {func(d *record.Device) { d.Virtual, d.VirtualWhy = true, []string{"QEMU"} }, record.Machine{}, []string{"QEMU"}},
		// mutant: build.go: case d.Virtual: => case false:
		"drive without a reason": {func(d *record.Device) { d.Virtual = true }, record.Machine{}, []string{"the drive is emulated or virtual"}},
		// mutant: build.go: case d.Medium == record.MediumVirtual: => case false:
		"virtual medium": {func(d *record.Device) { d.Medium = record.MediumVirtual }, record.Machine{}, []string{"no physical medium"}},
		// mutant: build.go: d.Transport == "loop" || => false ||
		"loop":   {func(d *record.Device) { d.Transport = "loop" }, record.Machine{}, []string{"loop"}},
		"file":   {func(d *record.Device) { d.Transport = "file" }, record.Machine{}, []string{"file"}},
		"virtio": {func(d *record.Device) { d.Transport = "virtio" }, record.Machine{}, []string{"virtio"}},
		// mutant: build.go: why = append(why, m.VirtualWhy...) => why = append(why, m.VirtualWhy[:0]...)
		"machine": {func(d *record.Device) {}, record.Machine{Virtual: true, VirtualWhy: []string{"KVM"}}, []string{"KVM"}},
		// mutant: build.go: if m.Virtual && len(m.VirtualWhy) == 0 { => if false {
		"machine without a reason": {func(d *record.Device) {}, record.Machine{Virtual: true}, []string{"the machine is virtual"}},
		"both":                     {func(d *record.Device) { d.VirtualWhy = []string{"a"} }, record.Machine{VirtualWhy: []string{"b"}}, []string{"a", "b"}},
	} {
		l, cc := zeroed(t), ctx
		c.device(&l.task.Device)
		cc.Machine = c.machine
		r := build(t, l, cc)
		if r.Virtual != (c.why != nil) || len(r.VirtualWhy) != len(c.why) {
			t.Errorf("%s: %v %q", name, r.Virtual, r.VirtualWhy)
			continue
		}
		for i := range c.why {
			if !strings.Contains(r.VirtualWhy[i], c.why[i]) {
				t.Errorf("%s: %q; want %q", name, r.VirtualWhy, c.why)
			}
		}
	}
}

func TestReferences(t *testing.T) {
	all := ""
	for _, r := range references() {
		if r.Standard == "" || r.Clause == "" || r.Title == "" {
			t.Errorf("%+v", r)
		}
		all += r.Standard + " " + r.Clause + " " + r.Title + "\n"
	}
	for _, want := range []string{"800-88r1 §4.8", "800-88r2 §4.6", "27017:2015 11.2.7", "CLD.8.1.5", "7.14", "8.10"} {
		if !strings.Contains(all, want) {
			t.Errorf("references lack %s:\n%s", want, all)
		}
	}
}
