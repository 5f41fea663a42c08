package erase_test

import (
	"cmp"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"lethe/certs/record"
	"lethe/wipe/profile"
	"lethe/wipe/wipetest"
)

// row is one cell of the coverage: what came of a technique on a drive with a fault.
type row struct {
	Technique string   `json:"technique"`
	Bench     string   `json:"bench"` // a: simulated drive behind the codecs
	Fault     string   `json:"fault"`
	Outcome   string   `json:"outcome"`
	Method    string   `json:"method"`
	Certified bool     `json:"certified"`
	Reasons   []string `json:"reasons"`
}

var (
	coverageMu sync.Mutex
	coverage   []row
)

// whole reports whether every cell is to be run (make test-liar); else each fault meets
// one act of its family, and each act an honest drive.
func whole() bool { return os.Getenv("LETHE_COVERAGE") != "" }

// What a cell must come to.
const (
	honest = iota // what is certified must be gone; "honest" itself must be certified
	liar          // it must not end certified
)

// cell runs one cell as a test of its own and keeps its row.
func cell(t *testing.T, act record.Act, fault string, want int, run func(t *testing.T) row) {
	t.Helper()
	t.Run(string(act)+"/"+fault, func(t *testing.T) {
		t.Parallel()
		r := run(t)
		r.Fault, r.Bench = fault, "a"
		switch {
		case want == honest && fault == "honest" && !r.Certified:
			t.Errorf("an honest drive is not certified: %s %q", r.Outcome, r.Reasons)
		case want == liar && r.Certified:
			t.Errorf("certified: %q", r.Reasons)
		}
		coverageMu.Lock()
		defer coverageMu.Unlock()
		coverage = append(coverage, r)
	})
}

// outcome holds what the engine says against what the medium holds: nothing that
// survived may be certified.
func outcome(t *testing.T, v victim, act record.Act, f wipetest.Finished, refused string) row {
	t.Helper()
	r := row{Technique: string(act), Outcome: "refused", Reasons: []string{refused}}
	if refused != "" {
		return r
	}
	r.Outcome, r.Method, r.Reasons = string(f.Verdict.State), string(f.Verdict.Method), f.Verdict.Reasons
	r.Certified = f.Verdict.Reached && (f.Verdict.State == record.Cleared || f.Verdict.State == record.Purged)
	if n := v.left(); r.Certified && n > 0 {
		t.Errorf("certified, and %d of %d sectors hold what they held", n, len(v.old)/512)
	}
	p, err := profile.ByID("nist-800-88r2")
	if err != nil {
		t.Fatal(err)
	}
	if m, _, _ := p.Earns(v.device.Medium, act.Technique()); r.Certified && f.Verdict.Method != m {
		t.Errorf("method %s, the profile grants %s", f.Verdict.Method, m)
	}
	return r
}

// TestMain writes the coverage where LETHE_COVERAGE names a file.
func TestMain(m *testing.M) {
	code := m.Run()
	if path := os.Getenv("LETHE_COVERAGE"); path != "" && code == 0 {
		slices.SortFunc(coverage, func(a, b row) int {
			return cmp.Or(strings.Compare(a.Technique, b.Technique), strings.Compare(a.Fault, b.Fault))
		})
		b, err := json.MarshalIndent(coverage, "", "  ")
		if err == nil {
			if err = os.MkdirAll(filepath.Dir(path), 0o755); err == nil {
				err = os.WriteFile(path, append(b, '\n'), 0o644)
			}
		}
		if err != nil {
			println(err.Error())
			code = 1
		}
	}
	os.Exit(code)
}
