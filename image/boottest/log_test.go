package boottest

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// What qemu-io does is what the log says.
func TestReadLog(t *testing.T) {
	dir := t.TempDir()
	d := Drive{Path: filepath.Join(dir, "drive"), Log: filepath.Join(dir, "log")}
	if err := os.WriteFile(d.Path, make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := d.logged()
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("qemu-io", "-c", "write 4096 8192", "-c", "read 0 4096", "-c", "write 65536 512", "-c", "flush",
		"-c", "discard 131072 65536", file).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	log, err := os.Open(d.Log)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	got, err := ReadLog(log)
	if err != nil {
		t.Fatal(err)
	}
	var changes []Write
	for _, w := range got {
		if w.Len > 0 {
			changes = append(changes, w)
		}
	}
	want := []Write{{Off: 4096, Len: 8192}, {Off: 65536, Len: 512}, {Off: 131072, Len: 65536, Discard: true}}
	if d := cmp.Diff(want, changes, cmpopts.IgnoreFields(Write{}, "At")); d != "" {
		t.Error(d)
	}
}

func FuzzReadLog(f *testing.F) {
	f.Add([]byte("rhswsfj\x00\x01"))
	f.Add(append([]byte("rhswfsj\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00"), make([]byte, 600)...))
	f.Fuzz(func(t *testing.T, b []byte) {
		ws, err := ReadLog(bytes.NewReader(b))
		if err == nil && len(ws) > len(b)/512+1 {
			t.Errorf("%d entries in %d bytes", len(ws), len(b))
		}
	})
}

// What no flush had followed can be lost, and nothing else: a place that was written
// before the flush too has that again, and one that was not what it held.
func TestForget(t *testing.T) {
	dir := t.TempDir()
	d := Drive{Path: filepath.Join(dir, "drive"), Log: filepath.Join(dir, "log")}
	before := filepath.Join(dir, "before")
	for _, name := range []string{d.Path, before} {
		if err := os.WriteFile(name, bytes.Repeat([]byte{0xEE}, 64<<10), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	file, err := d.logged()
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("qemu-io", "-t", "writeback", "-c", "write -P 1 0 8192", "-c", "flush", "-c", "write -P 2 4096 8192",
		"-c", "write -P 3 4096 512", "-c", "write -P 4 32768 4096", file).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	log, err := os.Open(d.Log)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	ws, err := ReadLog(log)
	if err != nil {
		t.Fatal(err)
	}
	for len(ws) > 0 && ws[len(ws)-1].Len == 0 { // qemu-io flushes as it ends
		ws = ws[:len(ws)-1]
	}
	end := ws[len(ws)-1].At + ws[len(ws)-1].Len
	if err := os.Truncate(d.Log, end); err != nil {
		t.Fatal(err)
	}
	n := 0
	lost, err := Forget(d.Log, before, d.Path, func() bool { n++; return n != 2 }) // all but the one of 3
	if err != nil || lost != 2 {
		t.Fatalf("%d lost, %v", lost, err)
	}
	b, err := os.ReadFile(d.Path)
	if err != nil {
		t.Fatal(err)
	}
	for at, want := range map[int]byte{0: 1, 4095: 1, 4096: 3, 4607: 3, 4608: 1, 8191: 1, 8192: 0xEE, 12287: 0xEE, 32768: 0xEE} {
		if b[at] != want {
			t.Errorf("byte %d is %#x, want %#x", at, b[at], want)
		}
	}
	if err := os.Truncate(d.Log, end+512); err != nil {
		t.Fatal(err)
	}
	if _, err := Forget(d.Log, before, d.Path, func() bool { return true }); !errors.Is(err, ErrHole) {
		t.Errorf("a log with a hole: %v", err)
	}
}
