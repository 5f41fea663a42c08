package sysinit

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"

	"golang.org/x/sys/unix"

	"lethe/image/label"
)

// InImage tells whether this process runs in a Lethe boot image: the label is
// there and the root file system is the one the kernel unpacked into RAM.
func InImage() bool {
	_, err := os.Stat(label.Path)
	return err == nil && rootInRAM()
}

func rootInRAM() bool {
	var st unix.Statfs_t
	if err := unix.Statfs("/", &st); err != nil {
		return false
	}
	return st.Type == unix.RAMFS_MAGIC || st.Type == unix.TMPFS_MAGIC
}

// ErrBinary is returned when the label names another lethe binary than the one
// that runs: a record would then claim an image that did not do the work.
var ErrBinary = errors.New("image label is of another lethe binary")

// image reads the label and begins to hold the running binary against it, which
// takes as long as some drivers do; self waits for the answer.
func image() (l label.Label, self func() error, err error) {
	if l, err = readLabel(); err != nil {
		return l, nil, err
	}
	answer := make(chan error, 1)
	go func() { answer <- checkSelf(l) }()
	return l, sync.OnceValue(func() error { return <-answer }), nil
}

func readLabel() (label.Label, error) {
	if !rootInRAM() {
		return label.Label{}, fmt.Errorf("%w: the root file system is on a disk", ErrNotImage)
	}
	b, err := os.ReadFile(label.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return label.Label{}, fmt.Errorf("%w: no %s", ErrNotImage, label.Path)
	}
	if err != nil {
		return label.Label{}, fmt.Errorf("read image label: %w", err)
	}
	return label.Parse(b)
}

func checkSelf(l label.Label) error {
	self, err := selfSum()
	if err != nil {
		return fmt.Errorf("digest own binary: %w", err)
	}
	if self != l.Lethe {
		return ErrBinary
	}
	return nil
}

func selfSum() (string, error) {
	f, err := os.Open("/proc/self/exe")
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
