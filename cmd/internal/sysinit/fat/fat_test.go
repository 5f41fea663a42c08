package fat

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// ext4 stands in for FAT, which not every kernel that runs tests knows; the boot
// image's does, and the tests that boot it use that.
var ext4 = Type{"ext4", "errors=remount-ro"}

// stick is a loop device over an ext4 image of 4 MiB, or over zeros.
func stick(t *testing.T, fs bool) (node, img string, dev uint64) {
	t.Helper()
	img = filepath.Join(t.TempDir(), "stick.img")
	if err := os.WriteFile(img, make([]byte, 4<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	if fs {
		if out, err := exec.Command("mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0", img).CombinedOutput(); err != nil {
			t.Fatalf("mkfs.ext4: %v: %s", err, out)
		}
	}
	out, err := exec.Command("losetup", "-f", "--show", img).Output()
	if err != nil {
		t.Fatal(err)
	}
	node = strings.TrimSpace(string(out))
	t.Cleanup(func() {
		if err := exec.Command("losetup", "-d", node).Run(); err != nil {
			t.Error(err)
		}
	})
	var st unix.Stat_t
	if err := unix.Stat(node, &st); err != nil {
		t.Fatal(err)
	}
	return node, img, st.Rdev
}

func sum(t *testing.T, name string) [32]byte {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return sha256.Sum256(b)
}

// A look at what may turn out to be a target changes no byte of it.
//
// mutant: fat_linux.go: flags|unix.MS_RDONLY, t.Options) => flags, t.Options)
func TestReadOnlyChangesNothing(t *testing.T) {
	node, img, dev := stick(t, true)
	before := sum(t, img)
	m, err := ext4.ReadOnly(node, dev, filepath.Join(t.TempDir(), "m"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(m.Dir(), "x"), nil, 0o600); !errors.Is(err, unix.EROFS) {
		t.Errorf("write = %v, want read-only", err)
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	if sum(t, img) != before {
		t.Error("the image has changed")
	}
}

func TestWriteAndClose(t *testing.T) {
	node, img, dev := stick(t, true)
	m, err := ext4.ReadOnly(node, dev, filepath.Join(t.TempDir(), "m"))
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Writable(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(m.Dir(), "paper.txt"), []byte("kept in the image"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ext4.ReadOnly(node, dev, m.Dir()); err == nil || !strings.Contains(err.Error(), "not an empty folder") {
		t.Errorf("a second mount on top = %v", err)
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(img); err != nil || !bytes.Contains(b, []byte("kept in the image")) {
		t.Errorf("it is not in the image: %v", err)
	}
	if err := m.Check(); !errors.Is(err, ErrGone) {
		t.Errorf("Check after Close = %v", err)
	}
	if err := m.Close(); !errors.Is(err, ErrGone) {
		t.Errorf("second Close = %v", err)
	}
	m.Drop() // nothing is there; nothing may happen
}

// A name in /dev that means another device now is not mounted.
//
// mutant: fat_linux.go: if st.Dev != m.dev { => if false {
func TestRefuses(t *testing.T) {
	node, _, dev := stick(t, true)
	dir := filepath.Join(t.TempDir(), "m")
	defer unix.Unmount(dir, unix.MNT_DETACH) // nothing is there, unless the test fails
	if _, err := ext4.ReadOnly(node, dev+1, dir); !errors.Is(err, ErrGone) {
		t.Errorf("another device = %v", err)
	}
	bare, _, bdev := stick(t, false)
	if _, err := ext4.ReadOnly(bare, bdev, dir); !errors.Is(err, ErrNone) {
		t.Errorf("no file system = %v", err)
	}
	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "f"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ext4.ReadOnly(node, dev, full); err == nil {
		t.Error("mounted over a folder with files")
	}
	if _, err := ext4.ReadOnly(node+"x", dev, dir); !errors.Is(err, unix.ENOENT) {
		t.Errorf("no such device = %v", err)
	}
}
