// Package kernel provides Debian's signed kernel for the boot image: vmlinuz
// and the module tree with its indexes.
//
// The package is resolved through Debian's meta package and downloaded by apt,
// which checks the archive's signatures. A lock file names package, version and
// SHA-256; each build must get exactly these bytes, and only Update moves the
// lock. Nothing is stripped, so that the modules keep Debian's signatures.
package kernel

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Meta is Debian's package that always depends on the newest kernel of the
// release; see MetaOf for the others.
const Meta = "linux-image-amd64"

// ErrGone is returned when the archive has moved on and the locked version can
// no longer be had.
var ErrGone = errors.New("locked kernel is no longer in the archive")

// Tree is an unpacked kernel.
type Tree struct {
	Lock
	Vmlinuz string // path of the kernel image
	Modules string // path of lib/modules/RELEASE, with depmod's indexes
}

// ModulesFS is the module tree for [kmod.Load].
//
// [kmod.Load]: lethe/image/kmod.Load
func (t Tree) ModulesFS() fs.FS { return os.DirFS(t.Modules) }

// Get returns the locked kernel, from the cache folder or else from the
// archive. Concurrent callers must hold a lock of their own over cache.
func Get(ctx context.Context, lock Lock, cache string) (Tree, error) {
	if err := lock.Validate(); err != nil {
		return Tree{}, err
	}
	dir := filepath.Join(cache, "kernel-"+lock.SHA256[:16])
	t := Tree{
		Lock:    lock,
		Vmlinuz: filepath.Join(dir, "boot", "vmlinuz-"+lock.Release),
		Modules: filepath.Join(dir, "lib", "modules", lock.Release),
	}
	if _, err := os.Stat(filepath.Join(dir, "complete")); err == nil {
		return t, nil
	}
	deb, err := download(ctx, lock, cache)
	if err != nil {
		return Tree{}, err
	}
	defer os.RemoveAll(filepath.Dir(deb))
	if err := unpack(ctx, deb, lock.Release, dir); err != nil {
		return Tree{}, err
	}
	return t, nil
}

func fileSum(name string) (string, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", fmt.Errorf("read %s: %w", name, err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// releaseOf returns uname -r of a Debian kernel package's name.
func releaseOf(pkg string) string { return strings.TrimPrefix(pkg, "linux-image-") }
