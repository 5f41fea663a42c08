package overwritetest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"golang.org/x/sys/unix"
)

// Block is a block device opened as the product opens one: for itself alone
// and past the page cache.
type Block struct {
	fd     int
	size   int64
	sector int
}

// OpenBlock opens the device at path until the test ends or Close is called.
func OpenBlock(t testing.TB, path string) *Block {
	t.Helper()
	b, err := openBlock(path)
	if err != nil {
		t.Fatalf("open %s: %v", path, err)
	}
	t.Cleanup(b.Close)
	return b
}

func openBlock(path string) (*Block, error) {
	var fd int
	err := ignoringEINTR(func() (err error) {
		fd, err = unix.Open(path, unix.O_RDWR|unix.O_DIRECT|unix.O_EXCL|unix.O_CLOEXEC, 0)
		return err
	})
	if err != nil {
		return nil, err
	}
	size, err := unix.IoctlGetInt(fd, unix.BLKGETSIZE64) // u64 on 64-bit machines
	if err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("read size: %w", err)
	}
	sector, err := unix.IoctlGetInt(fd, unix.BLKSSZGET)
	if err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("read sector size: %w", err)
	}
	return &Block{fd: fd, size: int64(size), sector: sector & 0xffffffff}, nil
}

// Close closes the device; a second call does nothing.
func (b *Block) Close() {
	if b.fd >= 0 {
		unix.Close(b.fd)
		b.fd = -1
	}
}

// Size is the size in bytes.
func (b *Block) Size() int64 { return b.size }

// LogicalSector is the sector size in bytes.
func (b *Block) LogicalSector() int { return b.sector }

// WriteAt is pwrite(2) until all is written.
func (b *Block) WriteAt(p []byte, off int64) (int, error) {
	return whole(p, off, func(p []byte, off int64) (int, error) { return unix.Pwrite(b.fd, p, off) })
}

// ReadAt is pread(2) until all is read.
func (b *Block) ReadAt(p []byte, off int64) (int, error) {
	return whole(p, off, func(p []byte, off int64) (int, error) { return unix.Pread(b.fd, p, off) })
}

// Flush is fsync(2).
func (b *Block) Flush(context.Context) error {
	return ignoringEINTR(func() error { return unix.Fsync(b.fd) })
}

// whole repeats a call that was interrupted or cut short.
func whole(p []byte, off int64, call func([]byte, int64) (int, error)) (int, error) {
	done := 0
	for done < len(p) {
		n, err := call(p[done:], off+int64(done))
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return done, err
		}
		if n == 0 {
			return done, unix.ENOSPC
		}
		done += n
	}
	return done, nil
}

func ignoringEINTR(call func() error) error {
	for {
		if err := call(); !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}
