package image

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"lethe/image/initramfs"
)

// static builds a program without a dynamic linker, standing in for lethe.
func static(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	src, bin := filepath.Join(dir, "main.go"), filepath.Join(dir, "lethe")
	code := "package main\n\nfunc main() { print(" + "`" + text + "`" + ") }\n"
	if err := os.WriteFile(src, []byte(code), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", "build", "-trimpath", "-o", bin, src)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return bin
}

func options(t *testing.T, bin string) Options {
	t.Helper()
	return Options{Profile: vm, Lethe: bin, Version: "v1", Lock: "kernel/kernel.lock",
		URoot: "uroot", Cache: "../out/cache", Out: t.TempDir()}
}

func build(t *testing.T, o Options) Manifest {
	t.Helper()
	m, err := Build(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// The bar: what a boot loader has to fetch is at most 64 MiB.
const sizeBar = 64 << 20

func TestBuild(t *testing.T) {
	o := options(t, static(t, "one"))
	keep := filepath.Join(o.Out, "keep.txt")
	if err := os.WriteFile(keep, []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	m := build(t, o)
	if m.Size() > sizeBar {
		t.Errorf("kernel and initramfs are %d bytes, the bar is %d", m.Size(), sizeBar)
	}
	t.Logf("kernel %d, initrd %d, %d modules", m.Kernel.Size, m.Initrd.Size, len(m.Modules))

	var onDisk Manifest
	b, err := os.ReadFile(filepath.Join(o.Out, ManifestFile))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &onDisk); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(m, onDisk); diff != "" {
		t.Errorf("manifest (-returned +written):\n%s", diff)
	}
	for _, f := range []FileInfo{m.Kernel, m.Initrd} {
		b, err := os.ReadFile(filepath.Join(o.Out, f.Name))
		if err != nil || int64(len(b)) != f.Size || sum(b) != f.SHA256 {
			t.Errorf("%s is not what the manifest says: %v", f.Name, err)
		}
	}
	if got, _ := os.ReadFile(keep); string(got) != "mine" {
		t.Error("a file that is not the build's was touched")
	}
	es, _ := os.ReadDir(o.Out)
	if len(es) != 5 {
		t.Errorf("files in the folder: %v", es)
	}
}

// The same parts give the same bytes and the same digest; another binary gives
// another digest, with the other parts untouched.
func TestReproducible(t *testing.T) {
	bin := static(t, "one")
	whole := func() Manifest {
		o := options(t, bin)
		o.Formats = Formats()
		return build(t, o)
	}
	a := whole()
	t.Setenv("TZ", "Asia/Kathmandu")
	old := unix.Umask(0o077)
	b := whole()
	unix.Umask(old)
	if diff := cmp.Diff(a, b); diff != "" {
		t.Errorf("two builds differ:\n%s", diff)
	}
	c := build(t, options(t, static(t, "two")))
	if c.Label.Digest == a.Label.Digest {
		t.Error("another binary, the same image digest")
	}
	if c.Parts[0] != a.Parts[0] || c.Parts[1] != a.Parts[1] {
		t.Error("another binary changed the userland or the modules")
	}
	o := options(t, bin)
	o.Overlay = []initramfs.File{{Path: "etc/lethe/site.json", Data: []byte("{}")}}
	if d := build(t, o); d.Label.Digest != a.Label.Digest || len(d.Parts) != 4 {
		t.Error("an overlay changed the image digest, or is no part of its own")
	}
}

// The whole initramfs must be readable by cpio(1), and hold what init, the
// kernel and sysinit look for.
func TestContents(t *testing.T) {
	m := build(t, options(t, static(t, "one")))
	// The userland's list stands for itself: init is a symbolic link of u-root's.
	bin := static(t, "one")
	content, err := os.ReadFile(bin)
	if err != nil {
		t.Fatal(err)
	}
	a := &initramfs.Archive{}
	if err := a.Add(letheFiles(content, []byte("label\n"), vm)...); err != nil {
		t.Fatal(err)
	}
	raw, err := a.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("cpio", "-t", "--quiet")
	cmd.Stdin = bytes.NewReader(raw)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"bin", "bin/lethe", "bin/uinit", "etc", "etc/lethe", "etc/lethe/image.json",
		"etc/lethe/modules", "etc/uinit.flags", "sbin", "sbin/modprobe", "sbin/reboot"}
	if diff := cmp.Diff(want, strings.Fields(string(out))); diff != "" {
		t.Errorf("lethe's archive (-want +got):\n%s", diff)
	}
	for _, need := range append(slices.Clone(vm.Always), "ahci", "nvme", "virtio_blk", "virtio_scsi", "uas") {
		if !slices.Contains(m.Modules, strings.ReplaceAll(need, "-", "_")) {
			t.Errorf("module %s is not in the image", need)
		}
	}
	if !slices.Contains(m.Commands, "gosh") {
		t.Errorf("commands: %v", m.Commands)
	}
}

func TestBuildRefuses(t *testing.T) {
	o := options(t, "/bin/ls")
	if _, err := Build(t.Context(), o); err == nil || !strings.Contains(err.Error(), "CGO_ENABLED=0") {
		t.Errorf("a dynamic binary: %v", err)
	}
	o = options(t, static(t, "one"))
	o.Profile.Modules = []string{"no_such_driver"}
	if _, err := Build(t.Context(), o); err == nil || !strings.Contains(err.Error(), "no_such_driver") {
		t.Errorf("a driver that does not exist: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	unlock, err := lockDir(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	unlock()
	o = options(t, static(t, "one"))
	o.Cache = t.TempDir() // cold: must not start to download
	if _, err := Build(ctx, o); !errors.Is(err, context.Canceled) {
		t.Errorf("after a cancel: %v", err)
	}
	if _, err := ProfileByName("nosuch"); !errors.Is(err, ErrProfile) {
		t.Errorf("ProfileByName = %v, want ErrProfile", err)
	}
}
