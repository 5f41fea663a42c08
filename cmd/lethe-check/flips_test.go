package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"lethe/certs/check"
)

// TestOneRun runs the program once over an untouched paper and copies of it with one
// bit changed each. The count is smaller than in certs/check's TestBitFlips, which
// goes through the same code without files.
func TestOneRun(t *testing.T) {
	dir := t.TempDir()
	files := papers(t)
	put := func(name string, b []byte) string {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return p
	}
	seed := rand.Uint64()
	rnd := rand.New(rand.NewPCG(seed, 1))
	args := []string{"--json", "--trust", put("root.pem", files["root.pem"]), put("cert.pdf", files["cert.pdf"])}
	const flips = 1000
	for i := range flips {
		b := bytes.Clone(files["cert.pdf"])
		b[rnd.IntN(len(b))] ^= 1 << rnd.IntN(8)
		args = append(args, put(fmt.Sprintf("flip%d.pdf", i), b))
	}
	cmd := exec.Command("lethe-check", args...) // testscript.Main has put the program on the path
	out, err := cmd.Output()
	if cmd.ProcessState.ExitCode() != exitRefused {
		t.Fatalf("lethe-check = %v; want exit status %d", err, exitRefused)
	}
	refused := map[string]int{}
	for i, line := range bytes.Split(bytes.TrimSpace(out), []byte("\n")) {
		var r struct {
			Outcome check.Outcome
			Failed  string
		}
		if err := json.Unmarshal(line, &r); err != nil {
			t.Fatal(err)
		}
		switch {
		case i == 0 && r.Outcome != check.Erased:
			t.Errorf("the untouched paper is %s at %q", r.Outcome, r.Failed)
		case i > 0 && (r.Outcome != check.Refused || r.Failed == ""):
			t.Errorf("flip %d (seed %d) is %s", i-1, seed, r.Outcome)
		case i > 0:
			refused[r.Failed]++
		}
	}
	t.Logf("seed %d: untouched accepted; %d flips refused by: %v", seed, flips, refused)
}
