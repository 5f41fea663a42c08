package devio

import (
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// ring is an io_uring that can read and write and nothing else: the kernel refuses
// every other request on it (IORING_REGISTER_RESTRICTIONS). A process whose system
// calls are filtered does no more through it than by pread and pwrite. One goroutine
// at a time uses it. Layouts and numbers are those of include/uapi/linux/io_uring.h.
type ring struct {
	fd           int
	shared, reqs []byte // the mappings
	tail         *uint32
	mask         uint32
	order        []uint32
	request      []request
	head, ended  *uint32 // of the completions: ours, the kernel's
	endMask      uint32
	completion   []completion
	limit        unix.Timespec // of the wait under way
}

// newRing makes a ring for n transfers in flight.
func newRing(n int) (*ring, error) {
	p := ringParams{flags: ringFlags}
	fd, _, e := unix.Syscall(unix.SYS_IO_URING_SETUP, uintptr(n), uintptr(unsafe.Pointer(&p)), 0)
	if e != 0 {
		return nil, fmt.Errorf("set up ring: %w", e)
	}
	r := &ring{fd: int(fd)}
	err := r.restrict()
	if p.features&(oneMapping|timedWaits) != oneMapping|timedWaits {
		err = fmt.Errorf("set up ring: features %#x: %w", p.features, errors.ErrUnsupported)
	}
	if err == nil {
		err = r.mapIn(p)
	}
	if err != nil {
		r.close()
		return nil, err
	}
	return r, nil
}

// restrict allows reads and writes, and enables the ring.
func (r *ring) restrict() error {
	var rules [2][16]byte // struct io_uring_restriction: u16 what, u8 which
	for i, op := range []byte{opRead, opWrite} {
		binary.NativeEndian.PutUint16(rules[i][:], allowOp)
		rules[i][2] = op
	}
	if _, _, e := unix.Syscall6(unix.SYS_IO_URING_REGISTER, uintptr(r.fd), restrict, uintptr(unsafe.Pointer(&rules)), uintptr(len(rules)), 0, 0); e != 0 {
		return fmt.Errorf("restrict ring: %w", e)
	}
	if _, _, e := unix.Syscall6(unix.SYS_IO_URING_REGISTER, uintptr(r.fd), enable, 0, 0, 0, 0); e != 0 {
		return fmt.Errorf("enable ring: %w", e)
	}
	return nil
}

func (r *ring) mapIn(p ringParams) (err error) {
	size := max(p.sq[6]+4*p.requests, p.cq[5]+uint32(unsafe.Sizeof(completion{}))*p.completions)
	if r.shared, err = unix.Mmap(r.fd, 0, int(size), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_POPULATE); err != nil {
		return fmt.Errorf("map ring: %w", err)
	}
	r.reqs, err = unix.Mmap(r.fd, mapRequests, int(p.requests)*int(unsafe.Sizeof(request{})), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_POPULATE)
	if err != nil {
		return fmt.Errorf("map requests of ring: %w", err)
	}
	at := func(off uint32) *uint32 { return (*uint32)(unsafe.Pointer(&r.shared[off])) }
	r.tail, r.mask = at(p.sq[1]), *at(p.sq[2])
	r.order = unsafe.Slice(at(p.sq[6]), p.requests)
	r.request = unsafe.Slice((*request)(unsafe.Pointer(&r.reqs[0])), p.requests)
	r.head, r.ended, r.endMask = at(p.cq[0]), at(p.cq[1]), *at(p.cq[2])
	r.completion = unsafe.Slice((*completion)(unsafe.Pointer(&r.shared[p.cq[5]])), p.completions)
	return nil
}

// push makes one request and hands it to the kernel. The caller keeps p where it is, and
// out of the garbage collector's reach, until it ended.
func (r *ring) push(raw bool, op uint8, fd int, p []byte, off int64, user uint64) error {
	t := *r.tail
	i := t & r.mask
	r.request[i] = request{op: op, fd: int32(fd), off: uint64(off), addr: uint64(uintptr(unsafe.Pointer(unsafe.SliceData(p)))), len: uint32(len(p)), user: user}
	r.order[i] = i
	atomic.StoreUint32(r.tail, t+1)
	for {
		n, e := r.enter(raw, 1, 0, nil)
		switch {
		case n == 1:
			return nil
		case e == unix.EINTR || e == unix.EAGAIN || e == 0:
			runtime.Gosched() // the kernel is short of memory for the moment
		default:
			atomic.StoreUint32(r.tail, t) // it was not taken
			return e
		}
	}
}

// wait returns when something ended or limit is over. raw keeps the processor from the
// rest of this program meanwhile.
func (r *ring) wait(raw bool, limit time.Duration) error {
	r.limit = unix.NsecToTimespec(limit.Nanoseconds()) // on the heap: a stack may move
	// struct io_uring_getevents_arg
	arg := struct {
		mask      uint64
		size, min uint32
		ts        uint64
	}{ts: uint64(uintptr(unsafe.Pointer(&r.limit)))}
	_, e := r.enter(raw, 0, 1, unsafe.Pointer(&arg))
	runtime.KeepAlive(r)
	if e != 0 && e != unix.EINTR && e != unix.ETIME && e != unix.EAGAIN {
		return fmt.Errorf("wait for ring: %w", e)
	}
	return nil
}

func (r *ring) enter(raw bool, submit, least uintptr, arg unsafe.Pointer) (uintptr, unix.Errno) {
	flags, size := uintptr(0), uintptr(0)
	if arg != nil {
		flags, size = getEvents|extended, 24
	}
	call := unix.Syscall6
	if raw {
		call = unix.RawSyscall6
	}
	n, _, e := call(unix.SYS_IO_URING_ENTER, uintptr(r.fd), submit, least, flags, uintptr(arg), size)
	return n, e
}

// next returns what ended first of what was not returned yet.
func (r *ring) next() (c completion, ok bool) {
	h := *r.head
	if h == atomic.LoadUint32(r.ended) {
		return completion{}, false
	}
	c = r.completion[h&r.endMask]
	atomic.StoreUint32(r.head, h+1)
	return c, true
}

// close gives the ring back, and its memory.
func (r *ring) close() {
	_ = unix.Munmap(r.shared)
	_ = unix.Munmap(r.reqs)
	_ = unix.Close(r.fd)
}
