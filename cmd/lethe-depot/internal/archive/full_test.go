package archive_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"lethe/certs/bundle/durable"
	"lethe/cmd/lethe-depot/internal/depottest"
)

// On a disk with room for ever more pages, a paper is either kept whole, with
// receipt and line, or nothing of it is.
//
// mutant: put.go: return nil, errors.Join(err, a.undo(e.ID)) => return nil, err
func TestDiskFull(t *testing.T) {
	k, dir := depottest.New(t), t.TempDir()
	const size = 1 << 20
	if err := unix.Mount("lethe-test", dir, "tmpfs", 0, fmt.Sprintf("size=%d", size)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	depot, filler := filepath.Join(dir, "depot"), filepath.Join(dir, "filler")
	a := k.Open(t, depot)
	defer a.Close()
	before := fmt.Sprint(files(t, depot))
	paper, intent := k.Certificate(t, "S1").PDF, []byte(`{"plan":"00"}`)
	page, refused := os.Getpagesize(), 0
	for room := 0; room < size; room += page {
		if err := os.WriteFile(filler, make([]byte, size-room-page), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, _, err := a.PutIntent(intent); room == 0 && !durable.Full(err) {
			t.Errorf("PutIntent on a full disk = %v; want full", err)
		} else if err == nil {
			if err := os.RemoveAll(filepath.Join(depot, "intents")); err != nil {
				t.Fatal(err)
			}
			if err := os.Mkdir(filepath.Join(depot, "intents"), 0o700); err != nil {
				t.Fatal(err)
			}
		}
		_, fresh, err := a.Put(paper)
		if err == nil && fresh {
			break
		}
		refused++
		if !durable.Full(err) {
			t.Fatalf("room %d: Put = %v; want full", room, err)
		}
		if got := files(t, depot); fmt.Sprint(got) != before {
			t.Fatalf("room %d: left behind: %v", room, keys(got))
		}
		if err := os.Remove(filler); err != nil {
			t.Fatal(err)
		}
	}
	if refused < 3 || len(a.List()) != 1 {
		t.Errorf("%d refusals, %d papers; want several, then 1", refused, len(a.List()))
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	verify(t, k, depot, map[string]string{})
}
