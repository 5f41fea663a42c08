package devio

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"unsafe"

	"golang.org/x/sys/unix"

	"lethe/inventory/ata"
	"lethe/inventory/nvme"
	"lethe/inventory/scsi"
	"lethe/inventory/sysfs"
)

// Handle owns one whole drive, or a regular file in place of one (OpenFile).
// While it is open the kernel refuses to mount, to
// swap on, or to give to LVM, md or dm the drive or any partition of it: an
// exclusive claim of the whole disk excludes every claim of its parts, and is
// itself refused while one exists (block/bdev.c, bd_may_claim). The claim does
// not stop a program that opens the device without O_EXCL, nor SG_IO and NVMe
// commands on another descriptor.
type Handle struct {
	t      *target
	once   sync.Once
	err    error
	mu     sync.Mutex
	closed bool
	admin  *os.File // NVMe controller, opened when first asked for

	retries *retries  // nil unless LimitRetries limited them
	there   *presence // nil for a file
	heat    *Thermometer
	queue   *queue // nil for a file, and where the kernel has none for us
}

// Open claims a whole drive for erasing, past the page cache. It fails with
// ErrBusy when anything holds the drive or a part of it, ErrReadOnly, ErrNotBlock
// or ErrPartition. It looks at no other reason to leave the drive alone: that is
// for inventory.Open.
func Open(path string) (*Handle, error) {
	t, err := open(path, unix.O_RDWR|unix.O_EXCL|unix.O_DIRECT)
	if err != nil {
		return nil, err
	}
	if t.src.ReadOnly {
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, ErrReadOnly), t.f.Close())
	}
	return &Handle{t: t, there: watch(t.root, t.src.Block), queue: newQueue(t)}, nil
}

// Identify asks the drive who it is, on this very handle (law 4).
func (h *Handle) Identify(ctx context.Context) (Identification, error) {
	return h.t.identify(ctx)
}

// Survey asks the drive what else it can do and what it hides.
func (h *Handle) Survey(ctx context.Context, id Identification) Survey {
	return Explore(ctx, h.t.src, id)
}

// Claims asks the drive who else has reserved it or registered with it.
func (h *Handle) Claims(ctx context.Context, id Identification) Claims {
	var l log
	return askClaims(ctx, h.t.src, id, &l)
}

// Size is the drive in bytes as the kernel had it at the open. Identify gives
// the size as it is now.
func (h *Handle) Size() int64 { return h.t.src.Size }

// LogicalSector is the unit of every read and write, in bytes.
func (h *Handle) LogicalSector() int { return h.t.src.LogicalSector }

// Lanes are where the parts of the drive begin, but the first, that it reaches
// independently of each other; see sysfs.Root.Lanes.
func (h *Handle) Lanes() []int64 { return h.t.root.Lanes(h.t.src.Block) }

// Block is the kernel's description of the drive.
func (h *Handle) Block() sysfs.Block { return h.t.src.Block }

// File is the descriptor of the drive, opened with O_DIRECT, for callers that
// make system calls of their own. It must not be closed.
func (h *Handle) File() *os.File { return h.t.f }

// SCSI is the drive's SCSI channel, nil when its transport has none.
func (h *Handle) SCSI() scsi.Conn { return h.t.src.SCSI }

// ATA is the drive's ATA channel through SCSI pass-through, nil when its
// transport has none.
func (h *Handle) ATA() ata.Conn {
	if h.t.src.SCSI == nil {
		return nil
	}
	return ata.Over(h.t.src.SCSI)
}

// NVMe is the admin channel of the controller in front of the namespace, opened
// on the controller's own device file. It is closed with the handle.
func (h *Handle) NVMe() (nvme.Conn, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil, ErrClosed
	}
	if h.admin == nil {
		cs := h.t.root.Controllers(h.t.src.Block)
		if len(cs) == 0 {
			return nil, fmt.Errorf("open controller of %s: none found", h.t.src.Block.Name)
		}
		f, err := os.OpenFile(h.t.root.Join("dev", cs[0]), os.O_RDWR, 0)
		if err != nil {
			return nil, fmt.Errorf("open controller of %s: %w", h.t.src.Block.Name, err)
		}
		h.admin = f
	}
	return nvmeConn{h.admin}, nil
}

// Flush makes the drive put everything written so far on its medium: fsync on a
// block device sends it a FLUSH. It cannot be interrupted; ctx is looked at
// before.
func (h *Handle) Flush(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := h.retries.lifted(h.t.f.Sync); err != nil {
		return fmt.Errorf("flush: %w", err)
	}
	return nil
}

// Invalidate drops what the page cache holds of the drive (BLKFLSBUF), so that a
// later buffered read comes from the drive too. For a file it also writes back
// what other programs left in the cache.
func (h *Handle) Invalidate() error {
	if h.t.regular {
		return h.invalidateFile()
	}
	if _, err := ioctl(h.t.f, unix.BLKFLSBUF, unsafe.Pointer(nil)); err != nil {
		return fmt.Errorf("invalidate cache of %s: %w", h.t.f.Name(), err)
	}
	return nil
}

// Close gives the drive back. Only the first call does anything; later ones
// return what it returned.
func (h *Handle) Close() error {
	h.once.Do(func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.closed = true
		h.there.close()
		h.retries.restore()
		h.retries.close()
		h.queue.close()
		h.err = h.t.f.Close()
		if h.admin != nil {
			h.err = errors.Join(h.err, h.admin.Close())
		}
	})
	return h.err
}
