package profile

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"lethe/certs/record"
)

// table is the README's table of what each technique earns, made of the profiles.
func table(t *testing.T) string {
	t.Helper()
	media := []record.Medium{record.MediumMagnetic, record.MediumFlash, record.MediumCard, record.MediumVirtual}
	var b strings.Builder
	b.WriteString("| profile | technique | disk | flash | card, stick | virtual |\n| --- | --- | --- | --- | --- | --- |\n")
	for _, id := range []string{"nist-800-88r2", "nist-800-88r1"} {
		p, err := ByID(id)
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range record.Techniques() {
			fmt.Fprintf(&b, "| `%s` | %s |", id, k)
			for _, m := range media {
				method, _, ok := p.Earns(m, k)
				if !ok {
					method = "—"
				}
				fmt.Fprintf(&b, " %s |", method)
			}
			b.WriteString("\n")
		}
	}
	return b.String()
}

// The README promises what the profiles say, and nothing else.
//
// mutant: profile.go: if r.Medium == m && r.Technique == t { => if r.Technique == t {
func TestReadmeTable(t *testing.T) {
	b, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	if want := table(t); !strings.Contains(string(b), want) {
		t.Errorf("README.md has not the table of the profiles:\n%s", want)
	}
}
