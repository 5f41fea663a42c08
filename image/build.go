// Package image builds what Lethe boots: a kernel, and an initramfs with
// u-root's userland, the kernel modules of a profile and the lethe binary; and of
// these every form that firmware starts: a unified kernel image, a folder for
// network boot, a hybrid ISO image, a stick with room for the papers.
//
// The parts that seldom change (userland, modules) are compressed once and kept
// in a cache folder; a new lethe binary costs only its own small archive, which
// is appended. See README.md for the layout and why.
package image

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"lethe/image/fat"
	"lethe/image/initramfs"
	"lethe/image/kernel"
	"lethe/image/label"
	"lethe/image/menu"
	"lethe/image/secureboot"
	"lethe/image/userland"
)

// Options says what to build from what.
type Options struct {
	Profile Profile
	Lethe   string // path of the static lethe binary
	Version string // of Lethe, for the label
	Lock    string // path of kernel.lock
	URoot   string // folder of the nested module image/uroot
	Cache   string // folder, made when missing
	Out     string // folder, made when missing; see Build
	// Overlay is added as the last archive: site file, keys, orders. It is not
	// part of the image digest.
	Overlay []initramfs.File
	// Formats are the names of what to write beside kernel and initramfs.
	Formats []string
	// Menu is what the boot loaders offer. An empty title or command line is
	// filled in.
	Menu menu.Menu
	// Papers are further files for the papers' partition of the USB image: marker
	// and order. PapersLen is its size in bytes, 0 for the least.
	Papers    []fat.File
	PapersLen int64
	// SecureBoot signs the unified kernel image; nil leaves it unsigned.
	SecureBoot *secureboot.Signer
	// EFI is what ISO and USB image start on UEFI: EFIShim ("" is the same) or EFIUKI.
	EFI string
}

// What a medium starts on UEFI.
const (
	EFIShim = "shim" // Debian's signed shim, GRUB and kernel: any machine with Secure Boot as delivered
	EFIUKI  = "uki"  // the unified kernel image alone: machines with the owner's own keys
)

// Build writes vmlinuz, initrd.img, the formats, manifest.json and SHA256SUMS into
// Out. What an earlier build wrote is replaced or taken away; anything else in that
// folder stays. It holds a lock over Cache, so that builds side by side wait for
// each other. Where Debian packages are missing it is a *debian.MissingError,
// before anything is built.
func Build(ctx context.Context, o Options) (Manifest, error) {
	fs, err := chosen(o.Formats)
	if err == nil && o.EFI != "" && o.EFI != EFIShim && o.EFI != EFIUKI {
		err = fmt.Errorf("EFI start %q is neither %s nor %s", o.EFI, EFIShim, EFIUKI)
	}
	if err != nil {
		return Manifest{}, err
	}
	// mkuimage runs in a folder of its own, where a relative one means another.
	if o.Cache, err = filepath.Abs(o.Cache); err != nil {
		return Manifest{}, fmt.Errorf("find cache folder: %w", err)
	}
	if err := os.MkdirAll(o.Cache, 0o755); err != nil {
		return Manifest{}, fmt.Errorf("make cache folder: %w", err)
	}
	unlock, err := lockDir(ctx, o.Cache)
	if err != nil {
		return Manifest{}, err
	}
	defer unlock()

	p, err := gather(ctx, o)
	if err != nil {
		return Manifest{}, err
	}
	return p.write(ctx, o, fs)
}

// parts is everything an image is made of, ready to be concatenated.
type parts struct {
	kernel   kernel.Tree
	base     part
	modules  part
	names    []string // of the modules
	lethe    part
	overlay  *part
	label    label.Label
	commands []string
}

// part is one archive. Sum is the SHA-256 of the uncompressed bytes.
type part struct {
	sum    string
	packed []byte
	size   int // uncompressed
}

func gather(ctx context.Context, o Options) (*parts, error) {
	bin, err := readStatic(o.Lethe)
	if err != nil {
		return nil, err
	}
	lock, err := kernel.ReadLock(o.Lock)
	if err != nil {
		return nil, err
	}
	p := &parts{}
	user, err := p.fetch(ctx, o, lock)
	if err != nil {
		return nil, err
	}
	p.commands = user.Commands
	raw, err := os.ReadFile(user.Path)
	if err != nil {
		return nil, fmt.Errorf("read userland: %w", err)
	}
	if p.base, err = packCached(raw, o.Cache); err != nil {
		return nil, err
	}
	if err := p.addModules(o); err != nil {
		return nil, err
	}
	if err := p.setLabel(o, user.Version, bin); err != nil {
		return nil, err
	}
	return p, p.addOwn(o, bin)
}

// fetch gets the kernel and the userland side by side: one waits for the
// network, the other for the compiler.
func (p *parts) fetch(ctx context.Context, o Options, lock kernel.Lock) (userland.Base, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var kerr error
	done := make(chan struct{})
	go func() {
		defer close(done)
		if p.kernel, kerr = kernel.Get(ctx, lock, o.Cache); kerr != nil {
			cancel(kerr)
		}
	}()
	user, uerr := userland.Get(ctx, o.URoot, o.Cache)
	if uerr != nil {
		cancel(uerr)
	}
	<-done
	if kerr != nil || uerr != nil {
		return user, context.Cause(ctx) // the first failure stopped the other
	}
	return user, nil
}

func (p *parts) addModules(o Options) error {
	a, names, err := moduleArchive(p.kernel, o.Profile)
	if err != nil {
		return err
	}
	raw, err := a.Bytes()
	if err != nil {
		return err
	}
	p.names = names
	p.modules, err = packCached(raw, o.Cache)
	return err
}

func (p *parts) setLabel(o Options, uroot string, bin []byte) error {
	vmlinuz, err := os.ReadFile(p.kernel.Vmlinuz)
	if err != nil {
		return fmt.Errorf("read kernel: %w", err)
	}
	p.label = label.Label{
		Name: "lethe", Profile: o.Profile.Name, Version: o.Version, URoot: uroot,
		Kernel: label.Kernel{Release: p.kernel.Release, Package: p.kernel.Package,
			Version: p.kernel.Version, Vmlinuz: sum(vmlinuz)},
		Base: p.base.sum, Modules: p.modules.sum, Lethe: sum(bin),
	}
	p.label.Digest = p.label.Sum()
	return nil
}

// addOwn packs Lethe's archive and the overlay, fast: they change at each build.
func (p *parts) addOwn(o Options, bin []byte) error {
	text, err := p.label.Marshal()
	if err != nil {
		return err
	}
	own := &initramfs.Archive{}
	if err := own.Add(letheFiles(bin, text, o.Profile)...); err != nil {
		return err
	}
	if p.lethe, err = pack(own, initramfs.Fast); err != nil {
		return err
	}
	if len(o.Overlay) == 0 {
		return nil
	}
	site := &initramfs.Archive{}
	if err := site.Add(o.Overlay...); err != nil {
		return err
	}
	over, err := pack(site, initramfs.Fast)
	p.overlay = &over
	return err
}

func pack(a *initramfs.Archive, level initramfs.Level) (part, error) {
	raw, err := a.Bytes()
	if err != nil {
		return part{}, err
	}
	packed, err := initramfs.Compress(raw, level)
	return part{sum: sum(raw), packed: packed, size: len(raw)}, err
}

// packCached compresses as small as possible and keeps the result under the
// digest of the content.
func packCached(raw []byte, cache string) (part, error) {
	p := part{sum: sum(raw), size: len(raw)}
	name := filepath.Join(cache, "part-"+p.sum[:16]+".cpio.zst")
	var err error
	if p.packed, err = os.ReadFile(name); err == nil {
		return p, nil
	}
	if !errors.Is(err, os.ErrNotExist) {
		return p, fmt.Errorf("read cache: %w", err)
	}
	if p.packed, err = initramfs.Compress(raw, initramfs.Small); err != nil {
		return p, err
	}
	return p, writeFile(name, 0o644, func(w io.Writer) error {
		_, err := w.Write(p.packed)
		return err
	})
}

func sum(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}
