package sysinit

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The running kernel is asked for messages: a loop device of our own is
// attached and let go. The end of the context ends the reader.
func TestUeventsOfTheKernel(t *testing.T) {
	s, err := openUevents()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	seen, ended := make(chan uevent, 1000), make(chan struct{})
	go func() { s.read(ctx, func(e uevent) { seen <- e }); close(ended) }()
	file := t.TempDir() + "/image"
	if err := os.WriteFile(file, make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("losetup", "-f", "--show", file).Output()
	if err != nil {
		t.Fatalf("losetup: %v", err)
	}
	dev := strings.TrimSpace(string(out))
	if out, err := exec.Command("losetup", "-d", dev).CombinedOutput(); err != nil {
		t.Errorf("losetup -d %s: %v\n%s", dev, err, out)
	}
	timeout := time.After(10 * time.Second)
	for found := false; !found; {
		select {
		case e := <-seen:
			found = e.drive() && "/dev/"+e.Name == dev && strings.HasPrefix(e.Path, "/devices/virtual/block/loop")
		case <-timeout:
			t.Fatalf("no message about %s", dev)
		}
	}
	cancel()
	select {
	case <-ended:
	case <-time.After(5 * time.Second):
		t.Error("the reader outlives its context")
	}
}

// CloseModules must do nothing on an ordinary machine, where it could not be
// undone.
//
// mutant: hotplug_linux.go: if !InImage() { => if false {
func TestCloseModulesOutsideTheImage(t *testing.T) {
	if os.Getpid() == 1 || InImage() {
		t.Fatal("stopping before any harm")
	}
	l, _ := fakeLoader(t, func(string, string) error { t.Error("a module was loaded"); return nil })
	l.list.Hotplug = []string{"nvme"}
	h := &Hotplug{l: l, say: l.say, gate: filepath.Join(t.TempDir(), "gate")}
	if err := h.CloseModules(); !errors.Is(err, ErrNotImage) || exists(h.gate) {
		t.Errorf("CloseModules = %v, want ErrNotImage; gate written: %v", err, exists(h.gate))
	}
}
