package pdf

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lethe/certs/pdf/internal/page"
	"lethe/certs/record"
)

var update = flag.Bool("update", false, "write the golden files of testdata")

func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// TestGolden compares every string of every kind of page with testdata. Layout 1
// is a promise: a change here is a new layout name, or a mistake.
func TestGolden(t *testing.T) {
	texts := map[string][]string{"summary": must[[]string](t)(SummaryText(summary())), "look": must[[]string](t)(LookText(look(t)))}
	for name, r := range records() {
		texts[name] = must[[]string](t)(Text(r))
	}
	for name, text := range texts {
		path := filepath.Join("testdata", name+".txt")
		got := strings.Join(text, "\n") + "\n"
		if *update {
			if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want := must[[]byte](t)(os.ReadFile(path))
		if d := cmp.Diff(string(want), got); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}

// TestRoundTrip: what is drawn is what Text says, and what is attached comes back.
func TestRoundTrip(t *testing.T) {
	for name, r := range records() {
		in := input(r)
		doc := must[[]byte](t)(Certificate(in))
		d := must[*Document](t)(Read(doc))
		if diff := cmp.Diff(must[[]string](t)(Text(r)), d.Text); diff != "" {
			t.Errorf("%s: text (-record +page):\n%s", name, diff)
		}
		want := map[string][]byte{AttachRecord: in.Envelope, AttachTranscript: in.Transcript, AttachOrder: in.Order}
		if diff := cmp.Diff(want, d.Attachments); diff != "" {
			t.Errorf("%s: attachments (-want +got):\n%s", name, diff)
		}
		if d.Layout != LayoutV1 || d.Signature != nil || d.Info["Creator"] != "Lethe" {
			t.Errorf("%s: %+v", name, d.Info)
		}
		if err := Compare(doc, in); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	in := SummaryInput{Summary: summary(), Envelope: []byte("{}")}
	doc := must[[]byte](t)(Summary(in))
	d := must[*Document](t)(Read(doc))
	if diff := cmp.Diff(must[[]string](t)(SummaryText(in.Summary)), d.Text); diff != "" {
		t.Errorf("summary: text (-record +page):\n%s", diff)
	}
	if err := CompareSummary(doc, in); err != nil {
		t.Error(err)
	}
}

// TestDeterminism goes red when draw hands fpdf the fonts themselves, not copies.
//
// mutant: draw.go: bytes.Clone(face.TTF) => face.TTF
func TestDeterminism(t *testing.T) {
	first := must[[]byte](t)(Certificate(input(cleared())))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			again, err := Certificate(input(cleared()))
			if err != nil || !bytes.Equal(first, again) {
				t.Errorf("the same input gave other bytes: %v", err)
			}
		})
	}
	wg.Wait()
}

// TestOnePage: a drive without trouble fits on one page, a VIRTUAL one too, and one that
// was erased by its own commands.
func TestOnePage(t *testing.T) {
	for _, r := range []record.Record{cleared(), purged(), declared(), survived(), virtual()} {
		s := must[*page.Sheet](t)(page.Certificate(r))
		if len(s.Pages) != 1 {
			t.Errorf("%s: %d pages", r.ID, len(s.Pages))
		}
	}
}

// TestCompare: a page with another record's words, place or attachment is refused.
func TestCompare(t *testing.T) {
	in := input(cleared())
	doc := must[[]byte](t)(Certificate(in))
	for name, change := range map[string]func(*Input){
		"a word":         func(in *Input) { in.Record.Context.Labels.Contract += "x" },
		"the digest":     func(in *Input) { in.Record.Nanos++ },
		"an envelope":    func(in *Input) { in.Envelope = []byte("{}") },
		"a transcript":   func(in *Input) { in.Transcript = nil },
		"no order":       func(in *Input) { in.Order = nil },
		"the issue time": func(in *Input) { in.Record.Context.Issued = at("2026-11-24T03:14:16Z") },
	} {
		other := in
		change(&other)
		if err := Compare(doc, other); !errors.Is(err, ErrDrawing) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSign(t *testing.T) {
	s := newSigner(t)
	in := input(cleared())
	doc := must[[]byte](t)(Certificate(in))
	when := time.Date(2026, 11, 24, 3, 14, 15, 0, time.UTC)
	o := SignOptions{Name: "lethe 0.1.0", Reason: "Certificate 髙橋 (𠮷)", Location: "Tokyo", When: when}
	signed := must[[]byte](t)(Sign(doc, s.cms, o))
	d := must[*Document](t)(Read(signed))
	g := d.Signature
	if g == nil || s.verify(d) != nil {
		t.Fatalf("signature %+v: %v", g, s.verify(d))
	}
	if g.Name != o.Name || g.Reason != o.Reason || g.Location != o.Location || !g.When.Equal(when) || g.SubFilter != "ETSI.CAdES.detached" {
		t.Errorf("words %+v", g)
	}
	want := [4]int64{0, g.ContentsStart, g.ContentsEnd, int64(len(signed)) - g.ContentsEnd}
	if g.ByteRange != want || signed[g.ContentsStart] != '<' || signed[g.ContentsEnd-1] != '>' || len(g.Contents) != Reserve {
		t.Errorf("range %v, want %v", g.ByteRange, want)
	}
	if err := Compare(signed, in); err != nil {
		t.Error(err)
	}
	if _, err := Sign(signed, s.cms, o); !errors.Is(err, ErrSigned) {
		t.Errorf("signing twice: %v", err)
	}
	big := func([]byte) ([]byte, error) { return make([]byte, Reserve+1), nil }
	if _, err := Sign(doc, big, o); !errors.Is(err, ErrReserve) {
		t.Errorf("a large CMS: %v", err)
	}
	no := errors.New("no key")
	if _, err := Sign(doc, func([]byte) ([]byte, error) { return nil, no }, o); !errors.Is(err, no) {
		t.Errorf("a failing key: %v", err)
	}
	junk := func([]byte) ([]byte, error) { return []byte("junk"), nil }
	if _, err := Sign(doc, junk, o); err == nil {
		t.Error("junk for a CMS is accepted")
	}
	if _, err := Sign(doc, s.cms, SignOptions{Name: strings.Repeat("x", maxWords+1), When: when}); err == nil {
		t.Error("a long name is accepted")
	}
	if _, err := Sign([]byte("%PDF-1.7\n"), s.cms, o); err == nil {
		t.Error("a file that is not ours is signed")
	}
}

// TestLimits: too much is an error, never a file that Read refuses.
func TestLimits(t *testing.T) {
	in := input(cleared())
	in.Transcript = make([]byte, maxAttached)
	if _, err := Certificate(in); err == nil {
		t.Error("16 MiB and more of attachments are accepted")
	}
	m := summary()
	for len(m.Drives) < 2000 {
		m.Drives = append(m.Drives, m.Drives[0])
	}
	doc := must[[]byte](t)(Summary(SummaryInput{Summary: m, Envelope: []byte("{}")}))
	d := must[*Document](t)(Read(doc))
	if !strings.Contains(strings.Join(d.Text, "\n"), "and 1600 more, in the record") || d.Pages > page.MaxPages {
		t.Errorf("%d pages for 2000 drives", d.Pages)
	}
}
