package issue

import (
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lethe/certs/record"
)

func keyOf(n byte) (key, iv, commitment record.Hex) {
	k, v := make([]byte, 16), make([]byte, 16)
	k[0] = n
	return hex.EncodeToString(k), hex.EncodeToString(v), record.Digest(append(k, v...))
}

// resumedAt is a stream that was cut short at 512 KiB, gone on, cut short before
// anything more was kept, gone on at the same byte, and then at 768 KiB.
func resumedAt(t testing.TB) *lines {
	l := zeroed(t)
	stream := record.Pass{Pattern: record.PatternStream}
	l.task.Passes, l.task.Boot = []record.Pass{stream}, "b1"
	state := *l.events[0].Opened
	run := func(n byte, from, kept record.Size) (es []record.Event) {
		_, _, c := keyOf(n)
		if from > 0 {
			es = []record.Event{
				{Resumed: &record.Resumed{Pass: 1, From: from, Boot: "b2", Reason: record.ResumeRestart}}, {Opened: &state},
				{Intent: &record.Intent{Technique: record.Overwrite, Range: whole}},
				{Rechecked: &record.ReadBack{Pass: 1, Range: record.Range{First: from - 512, End: from}}}}
		}
		es = append(es, record.Event{Commit: &record.Commit{Pass: 1, Cipher: record.PatternStream, Commitment: c, Stored: true}},
			record.Event{PassBegin: &record.PassBegin{Pass: 1, Of: 1, What: stream, Range: record.Range{First: from, End: size}}})
		if kept > 0 {
			es = append(es, record.Event{Kept: &record.ReadBack{Pass: 1, Range: record.Range{First: kept - 512, End: kept}}})
		}
		return es
	}
	es := append([]record.Event{}, l.events[:2]...)
	es = append(append(append(append(es, run(1, 0, 512<<10)...), run(2, 512<<10, 0)...), run(3, 512<<10, 768<<10)...), run(4, 768<<10, 0)...)
	es = append(es, record.Event{Stretch: &record.Stretch{Pass: 1, Range: record.Range{First: 768 << 10, End: size}}},
		record.Event{PassEnd: &record.PassEnd{Pass: 1, Written: 256 << 10, Flushed: true}})
	es = append(es, l.events[5:8]...)
	for _, n := range []byte{1, 3, 4} {
		k, v, _ := keyOf(n)
		es = append(es, record.Event{Reveal: &record.Reveal{Pass: 1, Key: k, IV: v}})
	}
	l.events = append(es, l.events[8:]...)
	return l
}

// mutant: parts.go: p.list[n-1].Range.First >= from; => p.list[n-1].Range.First > from;
// mutant: parts.go: p.list[n-1].Range.End = min( => _ = min(
// mutant: parts.go: p.list[i].Commitment == record.Digest(key) { => p.list[i].Commitment != record.Digest(nil) || len(key) == 0 {
func TestParts(t *testing.T) {
	r := build(t, resumedAt(t), ctx)
	if r.Kind != record.KindCertificate {
		t.Fatalf("%+v", r.Verdict)
	}
	var want []record.PartDone
	for _, p := range []struct {
		n          byte
		first, end record.Size
	}{{1, 0, 512 << 10}, {3, 512 << 10, 768 << 10}, {4, 768 << 10, size}} {
		k, v, c := keyOf(p.n)
		want = append(want, record.PartDone{Range: record.Range{First: p.first, End: p.end}, Commitment: c, Key: k, IV: v})
	}
	if d := cmp.Diff(want, r.Passes[0].Parts); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	// mutant: parts.go: d.Parts, d.Commitment, d.Key, d.IV = p.list, "", "", "" => d.Parts = p.list
	if p := r.Passes[0]; p.Key != "" || p.IV != "" || p.Commitment != "" || p.Written != size {
		t.Errorf("%+v", p)
	}
	// mutant: parts.go: away += fmt.Sprintf(" in another boot => _ = fmt.Sprintf(" in another boot
	said := strings.Join(r.Residual, "\n")
	if !strings.Contains(said, "in pass 1 at byte 786432") || strings.Count(said, "in another boot of the machine (b2, before it was b1) in pass 1") != 1 {
		t.Errorf("%q", r.Residual)
	}
}

// The time a machine was off is not that of the erase, nor is it a step of its clock.
func TestElapsedOverBoots(t *testing.T) {
	tr := &record.Transcript{}
	wall := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	add := func(mono int64, off time.Duration, e record.Event) {
		wall = wall.Add(off)
		if _, err := tr.Append(mono, record.At(wall), e); err != nil {
			t.Fatal(err)
		}
	}
	add(100e9, 0, record.Event{Task: &record.Task{Boot: "b1"}})
	add(110e9, 10*time.Second, record.Event{Ended: &record.Ended{}})
	add(5e9, 8*time.Hour, record.Event{Resumed: &record.Resumed{Boot: "b2", Reason: record.ResumeRestart}})
	add(6e9, time.Second, record.Event{Resumed: &record.Resumed{Boot: "b2", Reason: record.ResumeWorker}})
	add(25e9, 19*time.Second, record.Event{Ended: &record.Ended{}})
	// mutant: parts.go: sum, from = sum+t.Lines[i-1].Mono-from, l.Mono => sum, from = sum+t.Lines[i-1].Mono-from, from
	if got := elapsed(tr); got != 30e9 {
		t.Errorf("%d ns", got)
	}
	// mutant: residual.go: if newBoot(b, &boot) { => if newBoot(a, &boot) {
	if d := clockStep(tr); d != 0 {
		t.Errorf("the clock was set by %s", d)
	}
}
