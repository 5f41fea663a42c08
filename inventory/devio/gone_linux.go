package devio

import (
	"errors"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"lethe/inventory/sysfs"
)

// presence watches whether the kernel still has a drive. Its files are opened with
// the drive: a worker that is confined opens nothing any more.
type presence struct {
	size  *os.File // of the block device: every one has it
	state *os.File // of a SCSI or NVMe device; nil without one
}

func watch(root sysfs.Root, b sysfs.Block) *presence {
	open := func(elem ...string) *os.File {
		f, err := os.Open(root.Join(append([]string{b.Dir}, elem...)...))
		if err != nil {
			return nil
		}
		return f
	}
	return &presence{size: open("size"), state: open("device/state")}
}

// Gone reports that the kernel has taken the drive away, or is about to: it was
// pulled, or its adapter was. An attribute of what was removed answers ENODEV, even
// to who opened it before. While a drive is being removed its transfers fail with
// EIO, as they do on a bad sector; only this tells the two apart. A file never
// goes.
func (h *Handle) Gone() bool {
	p := h.there
	if p == nil {
		return false
	}
	if _, err := text(p.size); errors.Is(err, unix.ENODEV) {
		return true
	}
	state, err := text(p.state)
	if err != nil {
		return errors.Is(err, unix.ENODEV)
	}
	switch state {
	case "cancel", "deleted", "deleting", "deleting (no IO)", "dead": // scsi_sysfs.c, nvme/host/core.c
		return true
	}
	return false
}

func text(f *os.File) (string, error) {
	if f == nil {
		return "", nil
	}
	b := make([]byte, 64)
	n, err := f.ReadAt(b, 0)
	if n > 0 {
		err = nil
	}
	return strings.TrimSpace(string(b[:n])), err
}

func (p *presence) close() {
	if p == nil {
		return
	}
	for _, f := range []*os.File{p.size, p.state} {
		if f != nil {
			_ = f.Close()
		}
	}
}
