package devio

import (
	"os"
	"path/filepath"
	"testing"

	"lethe/inventory/sysfs"
)

// mutant: gone_linux.go: case "cancel", => case
func TestGone(t *testing.T) {
	root := t.TempDir()
	state := filepath.Join(root, "sys/x/device/state")
	if err := os.MkdirAll(filepath.Dir(state), 0o755); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]bool{"running": false, "offline": false, "live": false, "cancel": true, "deleted": true, "dead": true} {
		if err := os.WriteFile(state, []byte(text+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		h := &Handle{t: &target{f: os.Stdin}, there: watch(sysfs.Root(root), sysfs.Block{Dir: "sys/x"})}
		if got := h.Gone(); got != want {
			t.Errorf("state %s: gone %t", text, got)
		}
		h.there.close()
	}
	if (&Handle{}).Gone() {
		t.Error("a file is gone")
	}
}
