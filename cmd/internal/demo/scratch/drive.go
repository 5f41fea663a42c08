// Package scratch makes drives to be erased in a demonstration or a test: image
// files full of data that the host remembers, with real file systems and files,
// and afterwards tells from the bytes alone whether any of it is still there.
package scratch

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Sector is the unit in which the host remembers and compares, in bytes.
const Sector = 512

// Spec says what to make.
type Spec struct {
	Name string // file name without suffix
	Size int64  // bytes, a multiple of Sector
	FS   string // "ext4", "vfat", or "" for noise only
}

// Drive is an image file with data in every sector, and what the host remembers.
type Drive struct {
	Spec
	Path string // the image file
	Loop string // the loop device in front of it, "" without one
	old  Memory
}

// Make creates the image: noise in every sector, a file system over it, files in
// that, and remembers it all. The noise differs from run to run.
func Make(ctx context.Context, dir string, s Spec) (*Drive, error) {
	d := &Drive{Spec: s, Path: filepath.Join(dir, s.Name+".img")}
	if s.Size <= 0 || s.Size%Sector != 0 {
		return nil, fmt.Errorf("make %s: size %d is no multiple of %d", s.Name, s.Size, Sector)
	}
	if err := fill(d.Path, s.Size); err != nil {
		return nil, fmt.Errorf("make %s: %w", s.Name, err)
	}
	if err := d.populate(ctx, dir); err != nil {
		return nil, fmt.Errorf("make %s: %w", s.Name, err)
	}
	var err error
	if d.old, err = Remember(d.Path); err != nil {
		return nil, fmt.Errorf("make %s: %w", s.Name, err)
	}
	return d, nil
}

// fill writes noise that no other run repeats.
func fill(path string, size int64) error {
	var key [16]byte
	if _, err := rand.Read(key[:]); err != nil {
		return err
	}
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return err
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	noise := cipher.StreamReader{S: cipher.NewCTR(block, make([]byte, 16)), R: zeros{}}
	_, err = io.CopyBuffer(f, io.LimitReader(noise, size), make([]byte, 1<<20))
	return errors.Join(err, f.Close())
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// populate makes the file system without discarding the noise, and puts files in.
func (d *Drive) populate(ctx context.Context, dir string) error {
	if d.FS == "" {
		return nil
	}
	tree := filepath.Join(dir, d.Name+".files")
	defer os.RemoveAll(tree)
	if err := files(tree, d.Name); err != nil {
		return err
	}
	switch d.FS {
	case "ext4":
		return command(ctx, "mkfs.ext4", "-q", "-F", "-E", "nodiscard,lazy_itable_init=1", "-L", label(d.Name), "-d", tree, d.Path)
	case "vfat":
		if err := command(ctx, "mkfs.vfat", "-n", strings.ToUpper(label(d.Name)), d.Path); err != nil {
			return err
		}
		return command(ctx, "mcopy", "-s", "-Q", "-i", d.Path, filepath.Join(tree, "customers"), "::/")
	}
	return fmt.Errorf("file system %q, want ext4 or vfat", d.FS)
}

func label(name string) string { return name[:min(len(name), 11)] }

// files are the secrets: text that anyone would know again, and larger ones.
func files(tree, name string) error {
	dir := filepath.Join(tree, "customers")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for i := range 40 {
		text := strings.Repeat(fmt.Sprintf("%s customer %04d: TOP SECRET account statement\n", name, i), 200*(i+1))
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("secret%04d.txt", i)), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

func command(ctx context.Context, name string, args ...string) error {
	out, err := exec.CommandContext(ctx, name, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w: %s", name, err, strings.TrimSpace(string(out)))
	}
	return nil
}

// Attach puts a loop device in front of the image.
func (d *Drive) Attach(ctx context.Context) error {
	out, err := exec.CommandContext(ctx, "losetup", "--find", "--show", "--direct-io=on", d.Path).Output()
	if err != nil {
		return fmt.Errorf("attach %s: losetup: %w", d.Path, err)
	}
	d.Loop = strings.TrimSpace(string(out))
	return nil
}

// Detach takes away the loop device that Attach made. It runs even when
// everything else is being cancelled.
func (d *Drive) Detach() error {
	if d.Loop == "" {
		return nil
	}
	loop := d.Loop
	d.Loop = ""
	return command(context.Background(), "losetup", "--detach", loop)
}

// Node is what QEMU is given: the loop device if there is one, else the file.
func (d *Drive) Node() string {
	if d.Loop != "" {
		return d.Loop
	}
	return d.Path
}

// Compare reads the image now and says what is left of what it held.
func (d *Drive) Compare() (Remains, error) { return d.old.Compare(d.Path) }

// keptLimit bounds what Kept returns.
const keptLimit = 2000

// Kept reads the image now and returns the numbers of the sectors that are as
// they were, the first 2000 of them.
func (d *Drive) Kept() ([]int64, error) { return d.old.Kept(d.Path, keptLimit) }
