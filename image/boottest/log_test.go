package boottest

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
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
	if d := cmp.Diff(want, changes); d != "" {
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
