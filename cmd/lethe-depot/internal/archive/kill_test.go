package archive_test

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"lethe/certs/record"
	"lethe/cmd/lethe-depot/internal/archive"
	"lethe/cmd/lethe-depot/internal/depottest"
	"lethe/cmd/lethe-depot/internal/identity"
)

const childEnv = "LETHE_TEST_ARCHIVE_CHILD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childEnv); dir != "" {
		child(dir)
	}
	os.Exit(m.Run())
}

// child puts paper after paper into dir/papers until it is killed, and says which
// ones were acknowledged.
func child(dir string) {
	die := func(err error) {
		if err != nil {
			fmt.Println("error:", err)
			os.Exit(1)
		}
	}
	at := func(name string) string { return filepath.Join(dir, name) }
	roots, err := identity.ReadRoots(at("root.pem"))
	die(err)
	id, err := identity.Load(at("depot.pem"), at("depot.key"), roots, time.Now)
	die(err)
	a, err := archive.Open(archive.Config{Dir: at("papers"), Name: "depot-1", Check: &depottest.Plain{}, Seal: id,
		Now: time.Now, Report: func(err error) { fmt.Println("report:", err) }})
	die(err)
	hurry(4, func(i int) {
		for n := i; ; n += 4 {
			_, fresh, err := a.Put(depottest.PlainPaper(n))
			die(err)
			if fresh {
				fmt.Println("kept", n)
			}
		}
	})
}

// Killed at any moment, most of them in the midst of commit, an archive loses no
// paper that it acknowledged, and verifies.
//
// mutant: archive.go: return a.recover() => return nil
func TestKilledInTheMidst(t *testing.T) {
	k, dir := depottest.New(t), t.TempDir()
	k.Write(t, dir)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	var kept []int
	for round := range 25 {
		got, report := killed(t, dir, time.Duration(rnd.IntN(40_000))*time.Microsecond)
		for _, n := range got {
			if slices.Contains(kept, n) {
				t.Errorf("round %d: paper %d was acknowledged before, and is new again", round, n)
			}
		}
		kept = append(kept, got...)
		for _, l := range report {
			t.Errorf("round %d: %s", round, l)
		}
	}
	c := k.Config(t, filepath.Join(dir, "papers"))
	c.Check = &depottest.Plain{}
	a, err := archive.Open(c)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	for _, n := range kept {
		if _, _, err := a.Paper(record.Digest(depottest.PlainPaper(n))); err != nil {
			t.Errorf("paper %d was acknowledged: %v", n, err)
		}
	}
	held := 0
	err = archive.Verify(c.Dir, c.Check, identity.ReceiptOpener(k.Roots()), func(v archive.Checked) {
		held++
		if v.Err != nil {
			t.Error(v.File, v.Err)
		}
	})
	if err != nil || held < len(kept) || len(kept) == 0 {
		t.Errorf("%d papers verified, %d acknowledged, %v", held, len(kept), err)
	}
	t.Logf("%d papers acknowledged, %d kept", len(kept), held)
}

// killed runs a child, kills it some time after its first word, and returns what it
// acknowledged and what else it said.
func killed(t *testing.T, dir string, after time.Duration) (kept []int, rest []string) {
	t.Helper()
	c := exec.Command(os.Args[0])
	c.Env = append(slices.Clone(os.Environ()), childEnv+"="+dir)
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Process.Kill() }) // it has ended, unless the test stopped early
	first := true
	for s := bufio.NewScanner(out); s.Scan(); {
		if first {
			first = false
			time.AfterFunc(after, func() { _ = c.Process.Kill() }) // it may have ended with an error
		}
		var n int
		if _, err := fmt.Sscanf(s.Text(), "kept %d", &n); err != nil {
			rest = append(rest, strings.TrimSpace(s.Text()))
			continue
		}
		kept = append(kept, n)
	}
	_ = c.Wait() // killed: that is its status
	return kept, rest
}
