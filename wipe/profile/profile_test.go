package profile

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lethe/certs/record"
)

var update = flag.Bool("update", false, "write the golden files anew")

var media = []record.Medium{record.MediumMagnetic, record.MediumFlash, record.MediumCard, record.MediumVirtual, record.MediumUnknown, "", "paper"}

var techniques = []record.Technique{record.Overwrite, record.BlockErase, record.CryptoErase, record.SanitizeOverwrite,
	record.SecurityErase, record.SecurityEraseEnhanced, record.FormatNVM, record.FormatUnit, record.Revert, "", "Magnet"}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("%s (-want +got):\n%s", path, d)
	}
}

// The whole of what every profile grants, and its digest: papers name it, so a
// profile that has been issued may be joined by another but never be changed.
func TestGoldenTables(t *testing.T) {
	var digests strings.Builder
	for _, id := range IDs() {
		p, err := ByID(id)
		if err != nil {
			t.Fatal(err)
		}
		if p.ID != id {
			t.Errorf("file %s.json says it is %q", id, p.ID)
		}
		var b strings.Builder
		for _, m := range media {
			passes, ok := p.PassesFor(m)
			fmt.Fprintf(&b, "%q passes %v %v\n", m, passes, ok)
			for _, q := range techniques {
				method, source, ok := p.Earns(m, q)
				if ok != (method != record.MethodNone) || ok != (source != "") {
					t.Errorf("%s: %s on %s: %q from %q, %v", id, q, m, method, source, ok)
				}
				fmt.Fprintf(&b, "%q %q -> %q\n", m, q, method)
			}
		}
		golden(t, id+".txt", b.String())
		fmt.Fprintf(&digests, "%s  %s\n", p.Digest(), id)
	}
	golden(t, "digests.txt", digests.String())
}

// legacy are the passes of profiles that older contracts cite, as their sources have them:
// the one table that a change of the data must not follow by itself.
var legacy = map[string]struct{ magnetic, flash string }{
	"dod-5220.22-m":    {"00 FF random", ""},
	"hmg-is5-baseline": {"00", ""},
	"hmg-is5-enhanced": {"00 FF random", ""},
	"itsg-06":          {"00 FF random", ""},
	"schneier":         {"FF 00 random random random random random", ""},
	"ism":              {"random random random", "random random"},
}

// Profiles beyond NIST's have the passes of their sources, a full read-back, and no more
// than Clear. But for the one whose source speaks of flash, they grant flash and cards
// nothing: a drive is refused rather than overwritten for nothing. Those whose sources
// conflict are not there.
//
// mutant: validate.go: return record.MethodClear // a host's write reaches no reallocated or spare block => return record.MethodPurge
func TestLegacyProfiles(t *testing.T) {
	words := func(p Profile, m record.Medium) string {
		var out []string
		passes, _ := p.PassesFor(m)
		for _, w := range passes {
			switch {
			case w == record.Pass{Pattern: record.PatternZero}:
				out = append(out, "00")
			case w == record.Pass{Pattern: record.PatternStream}:
				out = append(out, "random")
			default:
				out = append(out, fmt.Sprintf("%02X", w.Byte))
			}
		}
		return strings.Join(out, " ")
	}
	for _, id := range IDs() {
		p, err := ByID(id)
		if err != nil {
			t.Fatal(err)
		}
		want, ok := legacy[id]
		if !ok {
			if !strings.HasPrefix(id, "nist-") {
				t.Errorf("%s is in no table", id)
			}
			continue
		}
		if m, v := words(p, record.MediumMagnetic), words(p, record.MediumVirtual); m != want.magnetic || v != want.magnetic {
			t.Errorf("%s: passes %q on magnetic, %q on virtual media; want %q", id, m, v, want.magnetic)
		}
		for _, m := range []record.Medium{record.MediumFlash, record.MediumCard} {
			_, _, grants := p.Earns(m, record.Overwrite)
			if words(p, m) != want.flash || grants != (want.flash != "") {
				t.Errorf("%s: passes %q on %s media, want %q", id, words(p, m), m, want.flash)
			}
		}
		if p.Verification != record.CheckFull {
			t.Errorf("%s is verified by %s", id, p.Verification)
		}
		if want.flash == "" && !strings.Contains(p.Note, "on flash it reaches no spare block and is refused") {
			t.Errorf("%s does not say what it is worth on flash: %q", id, p.Note)
		}
		for _, r := range p.Rules {
			if r.Method != record.MethodClear {
				t.Errorf("%s claims %s", id, r.Method)
			}
		}
		for i := range p.Rules {
			p.Rules[i].Method = record.MethodPurge
		}
		if err := p.Validate(); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s may claim Purge: %v", id, err)
		}
	}
	for _, id := range []string{"vsitr", "tssit-ops-ii", "gost-r-50739-95", "afssi-5020", "navso-p-5239-26", "ar-380-19", "bsi-2011-vs"} {
		if _, err := ByID(id); !errors.Is(err, ErrUnknown) {
			t.Errorf("%s is shipped, though its sources conflict or leave the patterns open", id)
		}
	}
}

func TestByID(t *testing.T) {
	if _, err := ByID(Default); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"", "dod", "../data/nist-800-88r1", "../profile", `..\x`} {
		if _, err := ByID(id); !errors.Is(err, ErrUnknown) || !strings.Contains(err.Error(), Default) {
			t.Errorf("ByID(%q): %v", id, err)
		}
	}
}

// The digest is of what the profile says now, whatever it was read from.
func TestDigest(t *testing.T) {
	a, err := ByID(Default)
	if err != nil {
		t.Fatal(err)
	}
	b, _ := record.Marshal(a)
	again, err := Parse([]byte("\n " + string(b) + " "))
	if err != nil || again.Digest() != a.Digest() || a.Digest() != record.Digest(b) {
		t.Errorf("%v: %s, %s; want the digest of the canonical form", err, again.Digest(), a.Digest())
	}
	again.Rules[0].Source += "!"
	if again.Digest() == a.Digest() || again.Ref() == a.Ref() {
		t.Error("a changed profile keeps its digest")
	}
}

// valid is a small profile without fault.
func valid() Profile {
	return Profile{ID: "x", Title: "X", Verification: record.CheckFull,
		Rules: []Rule{
			{record.MediumFlash, record.Overwrite, record.MethodClear, "s"},
			{record.MediumFlash, record.BlockErase, record.MethodPurge, "s"}},
		Passes: []MediumPasses{{record.MediumFlash, []record.Pass{{}, {Pattern: record.PatternByte, Byte: 255}}, "s"}}}
}

func TestValidate(t *testing.T) {
	if err := valid().Validate(); err != nil {
		t.Fatal(err)
	}
	rule := func(m record.Medium, q record.Technique, w record.Method) func(p *Profile) {
		return func(p *Profile) { p.Rules[1] = Rule{m, q, w, "s"} }
	}
	for name, change := range map[string]func(p *Profile){
		"no id": func(p *Profile) { p.ID = "" }, "no title": func(p *Profile) { p.Title = "" },
		// mutant: validate.go: case p.Verification != record.CheckFull && p.Verification != record.CheckSampled: => case false:
		"verification":      func(p *Profile) { p.Verification = "none" },
		"less than a tenth": func(p *Profile) { p.Verification = "percentage:9" },
		// mutant: validate.go: case seen[c]: => case false:
		"two rules for one cell": func(p *Profile) { p.Rules = append(p.Rules, p.Rules[1]) },
		"no source":              func(p *Profile) { p.Rules[1].Source = "" },
		// mutant: validate.go: case r.Method.Rank() < record.MethodClear.Rank(): => case false:
		"earns nothing":  rule(record.MediumFlash, record.BlockErase, ""),
		"earns nonsense": rule(record.MediumFlash, record.BlockErase, "Polish"),
		// mutant: validate.go: case r.Method.Rank() > ceiling(r.Medium, r.Technique).Rank(): => case false:
		"destroys by software": rule(record.MediumMagnetic, record.SanitizeOverwrite, record.MethodDestroy),
		// mutant: validate.go: case record.Overwrite, record.FormatUnit, record.SecurityErase: => case record.FormatUnit, record.SecurityErase:
		"host overwrite is Purge on flash": func(p *Profile) { p.Rules[0].Method = record.MethodPurge },
		"host overwrite is Purge on disk":  rule(record.MediumMagnetic, record.Overwrite, record.MethodPurge),
		// mutant: validate.go: if m == record.MediumMagnetic { => if true {
		"security erase is Purge on flash": rule(record.MediumFlash, record.SecurityEraseEnhanced, record.MethodPurge),
		"normal security erase is Purge":   rule(record.MediumMagnetic, record.SecurityErase, record.MethodPurge),
		// mutant: validate.go: return record.MethodClear // its blocks => return record.MethodPurge // its blocks
		"virtual drive is purged":  rule(record.MediumVirtual, record.CryptoErase, record.MethodPurge),
		"unknown medium":           rule(record.MediumUnknown, record.CryptoErase, record.MethodClear),
		"medium nobody knows":      rule("paper", record.CryptoErase, record.MethodClear),
		"technique nobody knows":   rule(record.MediumFlash, "Magnet", record.MethodClear),
		"overwrite without passes": rule(record.MediumMagnetic, record.Overwrite, record.MethodClear),
		// mutant: validate.go: if seen[m.Medium] || len(m.Passes) == 0 || => if
		"no passes":               func(p *Profile) { p.Passes[0].Passes = nil },
		"passes twice":            func(p *Profile) { p.Passes = append(p.Passes, p.Passes[0]) },
		"passes without a source": func(p *Profile) { p.Passes[0].Source = "" },
		"pattern nobody knows":    func(p *Profile) { p.Passes[0].Passes[0].Pattern = "noop" },
		"byte out of range":       func(p *Profile) { p.Passes[0].Passes[1].Byte = 256 },
	} {
		p := valid()
		change(&p)
		if err := p.Validate(); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
		b, err := record.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Parse(b); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: Parse: %v", name, err)
		}
	}
}

func TestParseIsStrict(t *testing.T) {
	b, _ := record.Marshal(valid())
	if _, err := Parse(b); err != nil {
		t.Fatal(err)
	}
	for name, in := range map[string]string{
		"empty": "", "unknown field": strings.Replace(string(b), `"id"`, `"x":1,"id"`, 1), "key twice": strings.Replace(string(b), `"id":"x"`, `"id":"x","id":"x"`, 1),
		"field missing": strings.Replace(string(b), `"id":"x",`, "", 1), "trailing": string(b) + "{}",
	} {
		if _, err := Parse([]byte(in)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestWritable(t *testing.T) {
	for w, want := range map[record.Pass]bool{
		{Pattern: record.PatternZero}: true, {Pattern: record.PatternStream}: true,
		{Pattern: record.PatternByte}: true, {Pattern: record.PatternByte, Byte: 255}: true,
		{}: false, {Pattern: "noop"}: false, {Pattern: record.PatternByte, Byte: 256}: false, {Pattern: record.PatternByte, Byte: -1}: false,
		{Pattern: record.PatternZero, Byte: 1}: false, {Pattern: record.PatternStream, Byte: 1}: false,
	} {
		if Writable(w) != want {
			t.Errorf("%+v: %v", w, !want)
		}
	}
}

func TestShort(t *testing.T) {
	p := valid()
	ff := record.Pass{Pattern: record.PatternByte, Byte: 255}
	zero := record.Pass{Pattern: record.PatternZero}
	for _, c := range []struct {
		medium record.Medium
		passes []record.Pass
		want   string
	}{
		{record.MediumFlash, []record.Pass{zero, ff}, ""},
		{record.MediumFlash, []record.Pass{ff, ff, zero}, ""},
		// mutant: profile.go: case len(planned) < len(need): => case len(planned) == 0:
		{record.MediumFlash, nil, "0 passes"},
		{record.MediumFlash, []record.Pass{zero}, "1 passes"},
		// mutant: profile.go: if n.Pattern != "" && n != planned[i] { => if false && n != planned[i] {
		{record.MediumFlash, []record.Pass{ff, zero}, "pass 2 is not"},
		// mutant: profile.go: case !ok: => case ok && false:
		{record.MediumMagnetic, []record.Pass{zero, ff}, "no overwrite"},
	} {
		if got := p.Short(c.medium, c.passes); (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s %v: %q; want %q", c.medium, c.passes, got, c.want)
		}
	}
}

// mutant: profile.go: case share < least: => case share < least-100:
func TestLax(t *testing.T) {
	full, tenth := valid(), valid()
	tenth.Verification = record.CheckSampled
	for _, c := range []struct {
		check       string
		full, tenth bool
	}{
		{record.CheckFull, true, true}, {record.CheckSampled, false, true}, {"percentage:10", false, true},
		{"percentage:95", false, true}, {"percentage:9", false, false}, {"percentage:1", false, false},
		{"", false, false}, {"none", false, false}, {"percentage:100", false, false}, {"percentage:010", false, false},
		{"percentage:", false, false}, {"percentage:-1", false, false}, {"percentage:0", false, false}, {"Full", false, false},
		{"percentage:96", false, false}, {"percentage: 50", false, false}, {"percentage:+50", false, false},
	} {
		if got := full.Lax(c.check) == ""; got != c.full {
			t.Errorf("%q under a profile that demands full: %v", c.check, got)
		}
		if got := tenth.Lax(c.check) == ""; got != c.tenth {
			t.Errorf("%q under a profile that demands sampled: %v", c.check, got)
		}
	}
}

// The sampled reading of 800-88r1 is the other one in all but its verification.
func TestSampledProfile(t *testing.T) {
	a, err := ByID("nist-800-88r1")
	if err != nil {
		t.Fatal(err)
	}
	b, err := ByID("nist-800-88r1-sampled")
	if err != nil {
		t.Fatal(err)
	}
	if a.Verification != record.CheckFull || b.Verification != record.CheckSampled {
		t.Errorf("%s, %s", a.Verification, b.Verification)
	}
	b.ID, b.Title, b.Note, b.Verification = a.ID, a.Title, a.Note, a.Verification
	if d := cmp.Diff(a, b); d != "" {
		t.Error(d)
	}
}
