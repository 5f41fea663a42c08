package devio

import (
	"errors"
	"os"
	"sync"
)

// retries is how often Linux's sd driver sends a failed command of one drive
// again by itself before anybody hears of the failure.
type retries struct {
	name   string   // max_retries in sysfs
	file   *os.File // kept open: a worker that is confined opens nothing for writing
	before []byte   // what it said at first
	err    error    // why it was not changed

	mu      sync.Mutex
	lifting int // how many need the kernel's own number now
}

// LimitRetries keeps the kernel from sending failed reads and writes of a SCSI,
// SATA or USB drive again, until Close: each costs a round of error handling, with
// resets where the drive does not say what is wrong, and the kernel makes up to
// five (/sys/class/scsi_disk/*/max_retries, Linux 5.10; SD_MAX_RETRIES of
// drivers/scsi/sd.h). The caller tries again by itself, then, knowing what and how
// often. Flush still has the kernel's own retries, for it must not be repeated by
// the caller. Retries tells what came of it: a drive that cannot be limited is
// slower where it fails, no more.
//
// It is for the boot image, where no one else uses the drive: a process that is
// killed does not set it back. Other drives, and kernels without the limit, are
// left as they are.
func (h *Handle) LimitRetries() {
	dir := h.t.src.Block.Dir
	for _, name := range h.t.root.Names(dir, "device/scsi_disk") {
		name := h.t.root.Join(dir, "device/scsi_disk", name, "max_retries")
		before, err := os.ReadFile(name)
		if os.IsNotExist(err) || h.retries != nil {
			continue
		}
		var file *os.File
		if err == nil {
			file, err = os.OpenFile(name, os.O_WRONLY, 0)
		}
		if err == nil {
			err = setAttr(file, []byte("0\n"))
		}
		h.retries = &retries{name: name, file: file, before: before, err: err}
	}
}

// Retries is how often the kernel sends a failed read or write of the drive again,
// as it says now, and whether it could be limited; false where LimitRetries found
// no limit.
func (h *Handle) Retries() (Evidence, bool) {
	if h.retries == nil {
		return Evidence{}, false
	}
	now, err := os.ReadFile(h.retries.name)
	e := Evidence{Name: "Linux sd max_retries", Response: now, Status: "ok"}
	if err := errors.Join(h.retries.err, err); err != nil {
		e.Status = err.Error()
	}
	return e, true
}

// lifted calls f with the kernel's own number of retries.
func (r *retries) lifted(f func() error) error {
	if r == nil || r.err != nil {
		return f()
	}
	r.lift(+1)
	defer r.lift(-1)
	return f()
}

// lift counts those that need the kernel's own number: flushes may overlap.
func (r *retries) lift(by int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lifting += by
	switch {
	case by > 0 && r.lifting == 1:
		_ = setAttr(r.file, r.before)
	case r.lifting == 0:
		_ = setAttr(r.file, []byte("0\n"))
	}
}

// restore is for a flush and for the next user of the drive. Where it fails there
// is no drive any more, and nobody to tell.
func (r *retries) restore() {
	if r != nil && r.err == nil {
		_ = setAttr(r.file, r.before)
	}
}

// close is the last thing, after restore.
func (r *retries) close() {
	if r != nil && r.file != nil {
		_ = r.file.Close()
	}
}

// setAttr writes an attribute of sysfs, which takes every write for a whole value.
func setAttr(f *os.File, value []byte) error {
	_, err := f.WriteAt(value, 0)
	return err
}
