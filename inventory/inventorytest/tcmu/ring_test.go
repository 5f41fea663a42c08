package tcmu

import (
	"bytes"
	"errors"
	"testing"
)

// kernel is the other side of a ring: it lays commands out as target_core_user does.
type kernel struct {
	mem  []byte
	head uint32
}

const (
	ringAt   = 256
	ringSize = 1024
	dataAt   = 2048
)

func newKernel() *kernel {
	k := &kernel{mem: make([]byte, 8192)}
	le.PutUint16(k.mem, 2)
	le.PutUint16(k.mem[mailFlags:], 0xf)
	le.PutUint32(k.mem[mailCmdr:], ringAt)
	le.PutUint32(k.mem[mailSize:], ringSize)
	return k
}

// put adds a command with two parts of data, 16 bytes each, at a place of its own.
func (k *kernel) put(id uint16, cdb ...byte) {
	const n = 152
	if k.head+n > ringSize { // it does not fit before the end
		k.pad(ringSize - k.head)
	}
	e := k.mem[ringAt+k.head:]
	clear(e[:n])
	le.PutUint32(e, n|opCmd)
	le.PutUint16(e[entryID:], id)
	le.PutUint32(e[entryIovs:], 2)
	at := dataAt + uint64(id)*64
	copy(k.mem[at+32:at+48], make([]byte, 16))
	copy(k.mem[at+32:], cdb)
	le.PutUint64(e[entryCDB:], at+32)
	for i := range uint64(2) {
		le.PutUint64(e[entryIov+16*i:], at+16*i)
		le.PutUint64(e[entryIov+16*i+8:], 16)
	}
	k.move(n)
}

func (k *kernel) pad(n uint32) {
	le.PutUint32(k.mem[ringAt+k.head:], n|opPad)
	k.move(n)
}

func (k *kernel) move(n uint32) {
	k.head = (k.head + n) % ringSize
	le.PutUint32(k.mem[mailHead:], k.head)
}

// done returns the entries between two tails: what the kernel would complete.
func (k *kernel) done(from uint32) (ids []uint16, entries [][]byte) {
	for at := from; at != le.Uint32(k.mem[mailTail:]); {
		e := k.mem[ringAt+at:]
		n := le.Uint32(e) &^ 7
		if le.Uint32(e)&7 == opCmd {
			ids, entries = append(ids, le.Uint16(e[entryID:])), append(entries, e[:n])
		}
		at = (at + n) % ringSize
	}
	return ids, entries
}

// TestRing completes commands in another order than they came in, over the end of the
// ring and its padding.
func TestRing(t *testing.T) {
	k := newKernel()
	r, err := newRing(k.mem)
	if err != nil {
		t.Fatal(err)
	}
	for round := range 20 {
		from := le.Uint32(k.mem[mailTail:])
		var cs []*command
		for i := range 3 {
			id := uint16(i)
			copy(k.mem[dataAt+int(id)*64:], "what the host sent, 32 bytes of it")
			k.put(id, 0x2a, byte(round), byte(i))
			c, err := r.take()
			if err != nil || c == nil || c.id != id || !bytes.HasPrefix(c.cdb, []byte{0x2a, byte(round), byte(i)}) || c.in != 32 {
				t.Fatalf("round %d: %+v, %v", round, c, err)
			}
			if got := string(c.out()); got != "what the host sent, 32 bytes of " {
				t.Fatalf("the host sent %q", got)
			}
			cs = append(cs, c)
		}
		if c, err := r.take(); c != nil || err != nil {
			t.Fatalf("one too many: %+v, %v", c, err)
		}
		sense := []byte{0x70, 0, 5, byte(round)}
		if err := errors.Join(r.complete(cs[2], 2, sense, nil), r.complete(cs[0], 0, nil, []byte("short")),
			r.complete(cs[1], 0, nil, bytes.Repeat([]byte{7}, 40))); err != nil {
			t.Fatal(err)
		}
		ids, es := k.done(from)
		if len(ids) != 3 || ids[0] != 2 || ids[1] != 0 || ids[2] != 1 {
			t.Fatalf("round %d: completed %v", round, ids)
		}
		if es[0][respStatus] != 2 || !bytes.HasPrefix(es[0][respSense:], sense) || es[0][entryUFlags] != 0 {
			t.Errorf("refused: % x", es[0][:24])
		}
		if es[1][entryUFlags] != uflagReadLen || le.Uint32(es[1][respRead:]) != 5 || !bytes.HasPrefix(k.mem[dataAt:], []byte("short")) {
			t.Errorf("a short answer: % x", es[1][:24])
		}
		if es[2][entryUFlags] != 0 || !bytes.Equal(k.mem[dataAt+64:dataAt+96], bytes.Repeat([]byte{7}, 32)) {
			t.Errorf("a full answer: % x", es[2][:24])
		}
		if k.head != le.Uint32(k.mem[mailTail:]) {
			t.Errorf("round %d: head %d, tail %d", round, k.head, le.Uint32(k.mem[mailTail:]))
		}
	}
}

// FuzzRing: no entry, however it is spelled, may reach outside the memory.
func FuzzRing(f *testing.F) {
	k := newKernel()
	k.put(1, 0x28)
	k.pad(16)
	k.put(2, 0x12)
	f.Add(k.mem[:1024])
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 1<<16 {
			return
		}
		r, err := newRing(append(bytes.Clone(b), make([]byte, 8)...)[:len(b)])
		if err != nil {
			return
		}
		for range 8 {
			c, err := r.take()
			if err != nil || c == nil {
				return
			}
			if len(c.out()) != c.in {
				t.Errorf("%d bytes, %d were said", len(c.out()), c.in)
			}
			if r.complete(c, 0, []byte{1}, c.cdb) != nil {
				return
			}
		}
	})
}
