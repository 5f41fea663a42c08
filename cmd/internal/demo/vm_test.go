package demo_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"lethe/certs/record"
	"lethe/cmd/internal/demo"
)

// These tests boot the image. They need bin/ (make build) and take minutes each
// under TCG; make test-vm runs them.

const repo = "../../.."

// TestMain finds the folders from the repository's root, as the commands do.
func TestMain(m *testing.M) {
	if err := os.Chdir(repo); err != nil {
		panic(err)
	}
	status := m.Run()
	if dir, _ := honest(); dir != "" {
		os.RemoveAll(dir)
	}
	os.Exit(status)
}

// build makes the boot image around a lethe binary.
func build(lethe, dir string) error {
	out, err := exec.Command("bin/lethe-image", "build", "--profile", "vm", "--formats", "kernel",
		"--lethe", lethe, "--out", dir).CombinedOutput()
	if err != nil {
		return fmt.Errorf("build image: %w\n%s", err, out)
	}
	return nil
}

// honest is the image around bin/lethe, made once for all tests.
var honest = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "lethe-image-*")
	if err != nil {
		return "", err
	}
	return dir, build("bin/lethe", dir)
})

// image builds the boot image around a lethe binary.
func image(t *testing.T, lethe string) string {
	t.Helper()
	if lethe == "bin/lethe" {
		dir, err := honest()
		if err != nil {
			t.Fatal(err)
		}
		return dir
	}
	dir := t.TempDir()
	if err := build(lethe, dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

func options(t *testing.T, img string, size int64) demo.Options {
	return demo.Options{Out: t.TempDir(), Bin: "bin", Image: img, Size: size, Say: t.Logf}
}

// fails if the machine or the proof does; t.Log has the console.
func run(t *testing.T, o demo.Options) demo.Result {
	t.Helper()
	var console bytes.Buffer
	o.Console = &console
	res, err := demo.Run(t.Context(), o)
	if err != nil {
		t.Fatalf("run: %v\n%s", err, console.String())
	}
	b, _ := json.MarshalIndent(res, "", " ")
	t.Logf("%s\n%s", b, console.String())
	return res
}

// Bars 2, 3 and 7: four drives on four buses are gone, every paper is valid to
// pdfsig, qpdf and lethe-check, and what is booted has at most 64 MB.
func TestErasesFourBuses(t *testing.T) {
	res := run(t, options(t, image(t, "bin/lethe"), 256<<20))
	if !res.Proven {
		t.Errorf("not proven: %+v", res.Drives)
	}
	if n := res.Image.Kernel + res.Image.Initrd; n > 64e6 {
		t.Errorf("kernel and initramfs have %d bytes, at most 64 MB", n)
	}
	for _, d := range res.Drives {
		if d.Paper == nil || d.Paper.State != string(record.Cleared) || d.Paper.Kind != record.KindCertificate {
			t.Errorf("%s: paper %+v, want a certificate of Cleared", d.Name, d.Paper)
		}
	}
}

// noop is the one change that makes an eraser that does nothing and says it did: what is
// handed to the drive as a write is a read.
const (
	noopFile = "inventory/devio/queue_linux.go"
	noopOld  = `op, what = opWrite, "write"`
	noopNew  = `op, what = opRead, "write"`
)

// Bar 2, the other half: with writes replaced by a no-op the host must see the
// drives untouched, and no certificate may come of it.
func TestNoOpEraseIsCaught(t *testing.T) {
	res := run(t, options(t, image(t, tampered(t, noopFile, noopOld, noopNew)), 32<<20))
	if res.Proven {
		t.Error("an erase that wrote nothing was proven")
	}
	for _, d := range res.Drives {
		if d.Remains.Gone() || d.Remains.Same != d.Remains.Sectors {
			t.Errorf("%s: %v, want every sector as it was", d.Name, d.Remains)
		}
		if d.Paper == nil || d.Paper.Kind != record.KindNotice || d.Paper.State != string(record.Failed) {
			t.Errorf("%s: paper %+v, want a notice of Failed", d.Name, d.Paper)
		}
	}
}

// Without an order the machine lists and touches nothing.
func TestNoOrderListsOnly(t *testing.T) {
	o := options(t, image(t, "bin/lethe"), 32<<20)
	o.NoOrder = true
	res := run(t, o)
	for _, d := range res.Drives {
		if d.Remains.Same != d.Remains.Sectors || d.Paper != nil {
			t.Errorf("%s: %v, paper %v; want untouched, none", d.Name, d.Remains, d.Paper)
		}
		if !strings.Contains(res.Console, d.Serial) {
			t.Errorf("%s (%s) was not listed", d.Name, d.Serial)
		}
	}
}

// tampered builds lethe with one line of one file replaced, outside the tree.
func tampered(t *testing.T, file, old, new string) string {
	t.Helper()
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(src, []byte(old)); n != 1 {
		t.Fatalf("%s has %d lines %q, want 1", file, n, old)
	}
	dir := t.TempDir()
	mutant, overlay, bin := filepath.Join(dir, "mutant.go"), filepath.Join(dir, "overlay.json"), filepath.Join(dir, "lethe")
	if err := os.WriteFile(mutant, bytes.Replace(src, []byte(old), []byte(new), 1), 0o644); err != nil {
		t.Fatal(err)
	}
	abs, err := filepath.Abs(file)
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(map[string]any{"Replace": map[string]string{abs: mutant}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(overlay, b, 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-buildvcs=false", "-overlay", overlay, "-o", bin, "./cmd/lethe")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build tampered lethe: %v\n%s", err, out)
	}
	return bin
}
