package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"lethe/certs/bundle"
	"lethe/certs/marker"
	"lethe/certs/record"
	"lethe/certs/sign"
	"lethe/cmd/internal/sysinit/fat"
	"lethe/inventory"
)

// ext4 stands in for FAT, which not every kernel that runs tests knows.
var ext4 = fat.Type{Name: "ext4", Options: "errors=remount-ro"}

// plugged is a loop device that is said to be a USB drive.
type plugged struct {
	t   *testing.T
	dev inventory.Device
	img string
}

// plug makes a file system of size bytes on a new loop device, with a file.
func plug(t *testing.T, serial string, size int64) *plugged {
	t.Helper()
	p := &plugged{t: t, img: filepath.Join(t.TempDir(), "stick.img")}
	if err := os.WriteFile(p.img, make([]byte, size), 0o600); err != nil {
		t.Fatal(err)
	}
	p.command("mkfs.ext4", "-q", "-F", "-O", "^has_journal", "-E", "lazy_itable_init=0", "-m", "0", p.img)
	node := p.command("losetup", "-f", "--show", p.img)
	t.Cleanup(func() { p.command("losetup", "-d", node) })
	var st unix.Stat_t
	if err := unix.Stat(node, &st); err != nil {
		t.Fatal(err)
	}
	p.dev = inventory.Device{NodePath: node, Major: unix.Major(st.Rdev), Minor: unix.Minor(st.Rdev)}
	p.dev.Identity = record.Identity{Model: "STICK", Serial: serial}
	p.dev.Transport, p.dev.Size = "usb", record.Size(size)
	p.put("notes.txt", []byte("keep me"))
	return p
}

func (p *plugged) command(name string, args ...string) string {
	p.t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		p.t.Fatalf("%s: %v: %s", name, err, out)
	}
	return strings.TrimSpace(string(out))
}

// with mounts the stick for as long as do takes.
func (p *plugged) with(do func(dir string)) {
	p.t.Helper()
	dir := p.t.TempDir()
	if err := unix.Mount(p.dev.NodePath, dir, "ext4", 0, ""); err != nil {
		p.t.Fatal(err)
	}
	do(dir)
	if err := unix.Unmount(dir, 0); err != nil {
		p.t.Fatal(err)
	}
}

func (p *plugged) put(name string, b []byte) {
	p.t.Helper()
	p.with(func(dir string) {
		if err := errors.Join(os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700),
			os.WriteFile(filepath.Join(dir, name), b, 0o600)); err != nil {
			p.t.Fatal(err)
		}
	})
}

func (p *plugged) sum() [32]byte {
	p.t.Helper()
	b, err := os.ReadFile(p.img)
	if err != nil {
		p.t.Fatal(err)
	}
	return sha256.Sum256(b)
}

type signers struct {
	root     *sign.Authority
	approver sign.Signer
}

func newSigners(t *testing.T) signers {
	t.Helper()
	root, err := sign.NewAuthority("root", sign.Lasting(time.Now(), time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	a, err := root.Leaf(sign.RoleOrder, "approver", sign.Lasting(time.Now(), time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	return signers{root, a}
}

// marker is a marker for a serial number that ended or ends at end.
func (s signers) marker(t *testing.T, serial string, end time.Time) []byte {
	t.Helper()
	b, err := marker.Sign(marker.Marker{Format: marker.Format, Purpose: marker.PurposeDelivery,
		Drive: record.DriveTarget{Serial: serial}, Issued: record.At(time.Now()),
		Window: record.Window{NotBefore: record.At(end.Add(-2 * time.Hour)), NotAfter: record.At(end)}}, s.approver)
	if err != nil {
		t.Fatal(err)
	}
	return append(b, '\n')
}

func newStick(t *testing.T, k signers, ds ...inventory.Device) *stick {
	t.Helper()
	s := &stick{serial: "S-1", roots: k.root.Pool(), dir: filepath.Join(t.TempDir(), "stick"), typ: ext4, now: time.Now,
		look: func(context.Context) []inventory.Device { return slices.Clone(ds) },
		say:  func(w string) { t.Log(w) }, warn: func(w string) { t.Log(w) }}
	t.Cleanup(s.finish)
	return s
}

func held(d inventory.Device) bool {
	return (&inventory.HoldError{Holds: d.Holds}).Has(holdStick)
}

var onePaper = bundle.Bundle{Name: "LTH-1.pdf", PDF: []byte(strings.Repeat("paper ", 10000))}
