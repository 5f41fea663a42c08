package tcmu

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync/atomic"
	"unsafe"
)

// The mailbox, an entry and its response: offsets in bytes, of version 2.
const (
	mailFlags = 2
	mailCmdr  = 4  // where the ring of entries begins
	mailSize  = 8  // its length
	mailHead  = 12 // the kernel's next entry
	mailTail  = 64 // ours

	entryID     = 4
	entryUFlags = 7
	entryIovs   = 8  // how many
	entryCDB    = 24 // where it is
	entryIov    = 48 // base and length, 16 bytes each

	respStatus = 8
	respRead   = 12
	respSense  = 16
	senseMost  = 96

	opPad = 0
	opCmd = 1

	uflagUnknown = 1
	uflagReadLen = 2

	capOutOfOrder = 1 // entries may be completed in any order
	capReadLen    = 2

	entryLeast = respSense + senseMost
)

// errRing is a ring that is not as the header file has it.
var errRing = errors.New("tcmu: the ring is not understood")

var le = binary.LittleEndian

// ring is the shared memory of one backend. Entries are taken in their order and
// completed in any: the kernel goes by the command's number, which is written into
// whatever entry is the oldest.
type ring struct {
	mem  []byte
	base uint32 // of the entries
	size uint32
	next uint32 // the first that was not taken
}

// command is one entry, copied: its place is reused while it is carried out.
type command struct {
	id   uint16
	cdb  []byte
	iovs [][]byte
	in   int
}

func newRing(mem []byte) (*ring, error) {
	if len(mem) < mailTail+4 {
		return nil, fmt.Errorf("%w: %d bytes", errRing, len(mem))
	}
	r := &ring{mem: mem, base: le.Uint32(mem[mailCmdr:]), size: le.Uint32(mem[mailSize:])}
	switch v := le.Uint16(mem); {
	case v != 2:
		return nil, fmt.Errorf("%w: version %d", errRing, v)
	case r.size == 0 || uint64(r.base)+uint64(r.size) > uint64(len(mem)):
		return nil, fmt.Errorf("%w: %d bytes at %d of %d", errRing, r.size, r.base, len(mem))
	case le.Uint16(mem[mailFlags:])&(capOutOfOrder|capReadLen) != capOutOfOrder|capReadLen:
		return nil, fmt.Errorf("%w: the kernel is too old (before Linux 5.1)", errRing)
	}
	r.next = r.load(mailTail) % r.size
	return r, nil
}

func (r *ring) word(off int) *uint32 { return (*uint32)(unsafe.Pointer(&r.mem[off])) }

func (r *ring) load(off int) uint32 { return atomic.LoadUint32(r.word(off)) }

// entry is what stands at an offset of the ring, and its length.
func (r *ring) entry(at uint32) (e []byte, op byte, err error) {
	if at%8 != 0 || at+8 > r.size {
		return nil, 0, fmt.Errorf("%w: an entry at %d of %d", errRing, at, r.size)
	}
	e = r.mem[r.base+at : r.base+r.size]
	word := le.Uint32(e)
	n := word &^ 7
	if n < 8 || n > uint32(len(e)) {
		return nil, 0, fmt.Errorf("%w: an entry of %d bytes at %d", errRing, n, at)
	}
	return e[:n], byte(word & 7), nil
}

// take returns the next command, nil where there is none.
func (r *ring) take() (*command, error) {
	for range r.size/8 + 1 {
		if r.next == r.load(mailHead) {
			return nil, nil
		}
		e, op, err := r.entry(r.next)
		if err != nil {
			return nil, err
		}
		r.next = (r.next + uint32(len(e))) % r.size
		if op != opCmd {
			continue // padding, passed again on the way to a completion
		}
		return r.command(e)
	}
	return nil, fmt.Errorf("%w: padding all around", errRing)
}

func (r *ring) command(e []byte) (*command, error) {
	if len(e) < entryLeast {
		return nil, fmt.Errorf("%w: a command of %d bytes", errRing, len(e))
	}
	n := int(le.Uint32(e[entryIovs:]))
	at := le.Uint64(e[entryCDB:])
	if n < 0 || n > (len(e)-entryIov)/16 || at > uint64(len(r.mem)-16) {
		return nil, fmt.Errorf("%w: %d parts, command at %d", errRing, n, at)
	}
	c := &command{id: le.Uint16(e[entryID:]), cdb: append([]byte(nil), r.mem[at:at+16]...)}
	for i := range n {
		off, length := le.Uint64(e[entryIov+16*i:]), le.Uint64(e[entryIov+16*i+8:])
		if off > uint64(len(r.mem)) || length > uint64(len(r.mem))-off {
			return nil, fmt.Errorf("%w: %d bytes of data at %d", errRing, length, off)
		}
		c.iovs = append(c.iovs, r.mem[off:off+length])
		if c.in += int(length); c.in > len(r.mem) {
			return nil, fmt.Errorf("%w: more data than there is memory", errRing)
		}
	}
	return c, nil
}

// out is a copy of what the host sent. For a command that reads it is whatever was left
// there.
func (c *command) out() []byte {
	b := make([]byte, 0, c.in)
	for _, v := range c.iovs {
		b = append(b, v...)
	}
	return b
}

// give puts data where the host gets it and returns how much fitted.
func (c *command) give(data []byte) (n int) {
	for _, v := range c.iovs {
		k := copy(v, data)
		n, data = n+k, data[k:]
	}
	return n
}

// complete ends a command in the oldest entry that is not done.
func (r *ring) complete(c *command, status byte, sense, data []byte) error {
	e, err := r.oldest()
	if err != nil {
		return err
	}
	le.PutUint16(e[entryID:], c.id)
	e[entryUFlags] = 0
	clear(e[respStatus:entryLeast])
	e[respStatus] = status
	copy(e[respSense:entryLeast], sense)
	if data != nil {
		if n := c.give(data); n < c.in {
			e[entryUFlags] |= uflagReadLen
			le.PutUint32(e[respRead:], uint32(n))
		}
	}
	r.pass(len(e))
	return nil
}

// oldest is the entry at the tail, padding and what is no command passed.
func (r *ring) oldest() ([]byte, error) {
	for range r.size/8 + 1 {
		e, op, err := r.entry(r.load(mailTail))
		switch {
		case err != nil:
			return nil, err
		case op == opCmd && len(e) >= entryLeast:
			return e, nil
		case op != opPad:
			e[entryUFlags] |= uflagUnknown
		}
		r.pass(len(e))
	}
	return nil, fmt.Errorf("%w: no command waits", errRing)
}

func (r *ring) pass(n int) {
	atomic.StoreUint32(r.word(mailTail), (r.load(mailTail)+uint32(n))%r.size)
}
