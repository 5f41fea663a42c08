package label

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func sample() Label {
	return Label{
		Name: "lethe", Profile: "vm", Version: "v0.1.0", URoot: "v0.16.0",
		Kernel: Kernel{Release: "6.1.0-1-amd64", Package: "linux-image", Version: "6.1.1-1", Vmlinuz: "aa"},
		Base:   "bb", Modules: "cc", Lethe: "dd",
	}
}

func TestRoundTrip(t *testing.T) {
	b, err := sample().Marshal()
	if err != nil {
		t.Fatal(err)
	}
	got, err := Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	want := sample()
	// printf 'name lethe\nprofile vm\n…' | sha256sum
	want.Digest = "dfa146aa895a0fdeb74603ba15abf926cc782db3931b30d5b27c9cbc3bb8d496"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("label (-want +got):\n%s", diff)
	}
}

// mutant: label.go: if l.Digest != l.Sum() { => if l.Digest != l.Digest {
func TestParseRefuses(t *testing.T) {
	b, _ := sample().Marshal()
	s := string(b)
	if _, err := Parse([]byte(strings.Replace(s, `"dd"`, `"de"`, 1))); !errors.Is(err, ErrDigest) {
		t.Errorf("changed part: %v, want ErrDigest", err)
	}
	for _, bad := range []string{"", "{", s + s, strings.Replace(s, `"name"`, `"nom"`, 1)} {
		if _, err := Parse([]byte(bad)); err == nil {
			t.Errorf("accepted %.20q", bad)
		}
	}
}

// Two labels must never share one text.
func TestLineBreak(t *testing.T) {
	l := sample()
	l.Version = "v1\nuroot v0"
	if _, err := l.Marshal(); !errors.Is(err, ErrLine) {
		t.Errorf("Marshal = %v, want ErrLine", err)
	}
}

func FuzzParse(f *testing.F) {
	b, _ := sample().Marshal()
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		l, err := Parse(b)
		if err == nil && l.Digest != l.Sum() {
			t.Fatal("accepted a label with a foreign digest")
		}
	})
}
