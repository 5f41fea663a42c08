package image

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"lethe/image/debian"
	"lethe/image/initramfs"
	"lethe/image/label"
	"lethe/image/measure"
	"lethe/image/menu"
)

// Names of the files that Build writes.
const (
	KernelFile   = "vmlinuz"
	InitrdFile   = "initrd.img"
	ManifestFile = "manifest.json"
)

// Manifest describes a built image; it lies beside it as manifest.json.
type Manifest struct {
	Label    label.Label `json:"label"`
	Kernel   FileInfo    `json:"kernel"`
	Initrd   FileInfo    `json:"initrd"`
	Parts    []PartInfo  `json:"parts"`
	Modules  []string    `json:"modules"`
	Commands []string    `json:"commands"`
	// Cmdline is what the boot loaders and the unified image give to the kernel.
	Cmdline string `json:"cmdline,omitempty"`
	// Files are what the formats wrote, beside kernel and initrd.
	Files []FileInfo `json:"files,omitempty"`
	// PCRs are the predictions for the unified kernel image.
	PCRs []measure.PCR `json:"pcrs,omitempty"`
	// Debian are the packages that boot loaders came from.
	Debian []debian.Package `json:"debian,omitempty"`
}

// FileInfo is one file of the image. Size is in bytes, SHA256 lower-case hex.
type FileInfo struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// PartInfo is one archive of the initramfs; SHA256 is of the uncompressed
// bytes, sizes are in bytes.
type PartInfo struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	Packed int64  `json:"packed"`
	SHA256 string `json:"sha256"`
}

// Size returns the bytes a boot loader has to fetch.
func (m Manifest) Size() int64 { return m.Kernel.Size + m.Initrd.Size }

// write puts the files into o.Out, manifest and checksums last: a folder with a
// manifest holds the files it names.
func (p *parts) write(ctx context.Context, o Options, fs []format) (Manifest, error) {
	if err := os.MkdirAll(o.Out, 0o755); err != nil {
		return Manifest{}, fmt.Errorf("make output folder: %w", err)
	}
	if err := sweep(o.Out); err != nil {
		return Manifest{}, err
	}
	vmlinuz, err := os.ReadFile(p.kernel.Vmlinuz)
	if err != nil {
		return Manifest{}, fmt.Errorf("read kernel: %w", err)
	}
	m := Manifest{Label: p.label, Commands: p.commands, Modules: slices.Sorted(slices.Values(p.names))}
	initrd, err := p.initrd(&m)
	if err != nil {
		return Manifest{}, err
	}
	if m.Kernel, err = put(o.Out, KernelFile, vmlinuz); err != nil {
		return Manifest{}, err
	}
	if m.Initrd, err = put(o.Out, InitrdFile, initrd); err != nil {
		return Manifest{}, err
	}
	if err := p.formats(ctx, o, fs, vmlinuz, initrd, &m); err != nil {
		return Manifest{}, err
	}
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return Manifest{}, fmt.Errorf("marshal manifest: %w", err)
	}
	own, err := put(o.Out, ManifestFile, append(text, '\n'))
	if err != nil {
		return Manifest{}, err
	}
	return m, writeSums(o.Out, append([]FileInfo{m.Kernel, m.Initrd, own}, m.Files...))
}

// initrd joins the archives and lists them in the manifest.
func (p *parts) initrd(m *Manifest) ([]byte, error) {
	all := [][]byte{}
	add := func(name string, q part) {
		all = append(all, q.packed)
		m.Parts = append(m.Parts, PartInfo{name, int64(q.size), int64(len(q.packed)), q.sum})
	}
	add("userland", p.base)
	add("modules", p.modules)
	add("lethe", p.lethe)
	if p.overlay != nil {
		add("overlay", *p.overlay)
	}
	var b bytes.Buffer
	_, err := initramfs.Concat(&b, all...)
	return b.Bytes(), err
}

// formats writes everything beside kernel and initrd and lists it.
func (p *parts) formats(ctx context.Context, o Options, fs []format, vmlinuz, initrd []byte, m *Manifest) error {
	if len(fs) == 0 {
		return nil
	}
	a := &artefacts{opt: o, out: o.Out, menu: o.Menu, vmlinuz: vmlinuz, initrd: initrd, kernel: p.kernel,
		label: labelInfo{p.label.Version, p.label.Profile, p.label.Kernel.Release, p.label.Digest}}
	if a.menu.Title == "" {
		a.menu.Title = a.label.title()
	}
	if a.menu.Words == "" {
		a.menu.Words = menu.KernelWords(nil, "")
	}
	if err := a.menu.Check(); err != nil {
		return err
	}
	for _, f := range fs {
		a.needs = append(a.needs, f.needs()...)
	}
	if err := a.all(ctx, fs); err != nil {
		return err
	}
	var names []string
	for _, n := range a.needs {
		names = append(names, n.Package)
	}
	var err error
	m.Cmdline, m.Files, m.PCRs = a.menu.Words, a.files, a.pcrs
	m.Debian, err = debian.Installed(ctx, names...)
	return err
}

func put(dir, name string, b []byte) (FileInfo, error) {
	err := writeFile(filepath.Join(dir, name), 0o644, func(w io.Writer) error {
		_, err := w.Write(b)
		return err
	})
	return FileInfo{Name: name, Size: int64(len(b)), SHA256: sum(b)}, err
}

// stage lets write make the file tmp, which must not exist, and gives it its name.
func stage(tmp, name string, write func(name string) error) (FileInfo, error) {
	if err := os.RemoveAll(tmp); err != nil { // of a build that was killed
		return FileInfo{}, fmt.Errorf("write %s: %w", name, err)
	}
	defer os.Remove(tmp)
	if err := write(tmp); err != nil {
		return FileInfo{}, err
	}
	f, err := os.Open(tmp)
	if err != nil {
		return FileInfo{}, fmt.Errorf("write %s: %w", name, err)
	}
	defer f.Close()
	h := sha256.New()
	n, err := io.Copy(h, f)
	if err == nil {
		err = os.Chmod(tmp, 0o644)
	}
	if err == nil {
		err = os.Rename(tmp, name)
	}
	if err != nil {
		return FileInfo{}, fmt.Errorf("write %s: %w", name, err)
	}
	return FileInfo{Size: n, SHA256: hex.EncodeToString(h.Sum(nil))}, nil
}

// writeFile makes a file appear whole or not at all.
func writeFile(name string, mode os.FileMode, write func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*.tmp")
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	defer os.Remove(f.Name())
	err = write(f)
	if err == nil {
		err = f.Chmod(mode)
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}

// lockDir takes the lock of a folder and waits for it until ctx ends.
func lockDir(ctx context.Context, dir string) (unlock func(), err error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("lock cache: %w", err)
	}
	for {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			return func() { f.Close() }, nil
		}
		if err != unix.EWOULDBLOCK && err != unix.EINTR {
			f.Close()
			return nil, fmt.Errorf("lock cache: %w", err)
		}
		select {
		case <-ctx.Done():
			f.Close()
			return nil, fmt.Errorf("lock cache: %w", context.Cause(ctx))
		case <-time.After(100 * time.Millisecond):
		}
	}
}
