package server_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"lethe/cmd/lethe-depot/internal/depottest"
)

// On a full disk the answer is 507, which a client tries again, and once there is
// room the same upload goes through.
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
	d := start(t, k, filepath.Join(dir, "depot"), nil)
	filler := filepath.Join(dir, "filler")
	f, err := os.Create(filler)
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = f.Write(make([]byte, 4096))
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	pdf := k.Certificate(t, "S1").PDF
	if resp, body := d.put(t, pdf); resp.StatusCode != http.StatusInsufficientStorage {
		t.Errorf("PUT to a full disk: %d %s; want 507", resp.StatusCode, body)
	}
	if files, err := os.ReadDir(filepath.Join(dir, "depot")); err != nil || len(files) != 2 {
		t.Errorf("left behind: %v, %v", files, err)
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	if resp, body := d.put(t, pdf); resp.StatusCode != http.StatusCreated {
		t.Errorf("PUT after it: %d %s", resp.StatusCode, body)
	}
	d.Close()
	if err := d.archive.Close(); err != nil {
		t.Error(err)
	}
}
