package pdf

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lethe/certs/record"
)

// look is a second look at the drive of a sampled certificate that found it as
// certified.
func look(t testing.TB) record.Look {
	t.Helper()
	r := sampled()
	of, err := record.LookedAt(r, hexOf("d"))
	if err != nil {
		t.Fatal(err)
	}
	c := r.Context
	c.Labels = record.Labels{Site: "Tokyo 2", Operator: record.Person{Name: "B. Other"}}
	return record.Look{Format: record.LookFormat, ID: "LOOK-20261125-ABCDEFGHJK", Context: c, Of: of, Device: r.Device, After: r.After,
		Check: record.CheckSampled, Verification: r.Verification, Start: r.End, End: r.End, Nanos: 61e9,
		Finding: record.Finding{Sight: record.SightHolds, Judge: "lethe-look/1", Reasons: []string{"it is the certificate's drive", "2000 independent places, 0 misses"}},
		Limits:  []string{"It says what the drive holds now."}, Transcript: r.Transcript}
}

// What is drawn of a second look is what LookText says, and the file is held to it.
func TestLookRoundTrip(t *testing.T) {
	in := LookInput{Look: look(t), Envelope: []byte("{}"), Transcript: []byte("{}\n")}
	doc := must[[]byte](t)(Look(in))
	d := must[*Document](t)(Read(doc))
	if diff := cmp.Diff(must[[]string](t)(LookText(in.Look)), d.Text); diff != "" {
		t.Errorf("text (-record +page):\n%s", diff)
	}
	if diff := cmp.Diff(map[string][]byte{AttachLook: in.Envelope, AttachTranscript: in.Transcript}, d.Attachments); diff != "" {
		t.Errorf("attachments (-want +got):\n%s", diff)
	}
	if err := CompareLook(doc, in); err != nil {
		t.Error(err)
	}
	in.Look.Finding.Sight = record.SightDiffers
	if CompareLook(doc, in) == nil {
		t.Error("another finding draws the same page")
	}
}

// A second look that found anything but what was certified, or contradicts itself, does
// not look as if it had.
//
// mutant: internal/page/look.go: case v == nil || !v.Direct || v.MismatchBytes > 0 => case v == nil || v.MismatchBytes > 0
func TestLookSaysWhatWasFound(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(*record.Look)
		word string
	}{
		"holds":      {func(*record.Look) {}, "HOLDS"},
		"differs":    {func(l *record.Look) { l.Finding.Sight = record.SightDiffers }, "DIFFERS"},
		"unreadable": {func(l *record.Look) { l.Finding.Sight = record.SightUnreadable }, "UNREADABLE"},
		"incomplete": {func(l *record.Look) { l.Finding.Sight = record.SightIncomplete }, "INCOMPLETE"},
		"unknown":    {func(l *record.Look) { l.Finding.Sight = "Splendid" }, "UNKNOWN"},
		"cached":     {func(l *record.Look) { l.Verification.Direct = false }, "UNKNOWN"},
		"mismatch":   {func(l *record.Look) { l.Verification.MismatchBytes = 512 }, "UNKNOWN"},
		"no reading": {func(l *record.Look) { l.Verification = nil }, "UNKNOWN"},
		"some full":  {func(l *record.Look) { l.Verification.Sample = nil; l.Verification.Compared = 512 }, "UNKNOWN"},
	} {
		l := look(t)
		v := *l.Verification
		l.Verification = &v
		c.edit(&l)
		text := must[[]string](t)(LookText(l))
		if all := "\n" + strings.Join(text, "\n") + "\n"; !strings.Contains(all, "\n"+c.word+"\n") || c.word != "HOLDS" && strings.Contains(all, "\nHOLDS\n") {
			t.Errorf("%s: want %s in\n%s", name, c.word, all)
		}
	}
}

// A certificate that is a few lines too long for one page is set smaller, word for word:
// that of a sample is.
//
// mutant: internal/page/flow.go: var densities = []float64{1, 0.95, 0.91, 0.88} => var densities = []float64{1}
func TestSetSmaller(t *testing.T) {
	r := cleared()
	r.Virtual, r.VirtualWhy = true, []string{"a test"}
	for _, r := range []record.Record{sampled(), r} {
		d := must[*Document](t)(Read(must[[]byte](t)(Certificate(input(r)))))
		if d.Pages != 1 {
			t.Errorf("%s: %d pages", r.ID, d.Pages)
		}
		all := strings.Join(d.Text, "\n")
		for _, s := range []string{"Sanitization performed by", "Validated by", "Derived by lethe-judge/", "Serves as evidence for"} {
			if !strings.Contains(all, s) {
				t.Errorf("%s: %q is not on the page", r.ID, s)
			}
		}
	}
}
