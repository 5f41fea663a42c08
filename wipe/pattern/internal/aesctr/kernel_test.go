package aesctr

import (
	"bytes"
	"math"
	"testing"
)

// try holds one kernel against crypto/cipher at one place: what it makes, that it
// finds it the same, that it finds the first of several differences, and that it
// touches nothing else.
func try(t *testing.T, k Kernel, f fence, c trial) {
	t.Helper()
	s := streamOf(t, k, c.key, c.first)
	want := reference(c.key, c.first, c.off, c.n)
	p, untouched := f.cut(c.n, c.gap, c.atEnd)
	s.Fill(p, c.off)
	if !bytes.Equal(p, want) {
		t.Fatalf("%s: Fill differs from crypto/cipher: %+v", k, c)
	}
	if i := s.Check(p, c.off); i != -1 {
		t.Fatalf("%s: Check of the stream = %d: %+v", k, i, c)
	}
	if c.n > 0 {
		at := c.flip % c.n
		p[at] ^= 1 << (c.flip % 8)
		if later := at + c.flip%(c.n-at); later > at {
			p[later] ^= 0xff
		}
		want := append([]byte(nil), p...)
		if i := s.Check(p, c.off); i != at {
			t.Fatalf("%s: Check = %d, want %d: %+v", k, i, at, c)
		}
		if !bytes.Equal(p, want) {
			t.Fatalf("%s: Check changed what it read: %+v", k, c)
		}
	}
	if !untouched() {
		t.Fatalf("%s: bytes beside the buffer were changed: %+v", k, c)
	}
}

// trial is one place in one stream, and one buffer for it.
type trial struct {
	key, first [16]byte
	off        int64
	n          int
	gap        int // of the buffer to the fence
	atEnd      bool
	flip       int // which byte is spoilt, and which bit
}

// Every kernel makes and checks what crypto/cipher does, whatever the offset, the
// length and the place in memory. (The changes of a kernel turn this red where the
// processor has it.)
//
// mutant: vaes512_amd64.s: VPADDQ  Z31, Z12, Z12 => VPADDQ  Z30, Z12, Z12
// mutant: vaes512_amd64.s: VPTERNLOGQ $0xfe, Z21, Z20, Z19 => VPTERNLOGQ $0xfe, Z21, Z21, Z19
// mutant: vaes512_amd64.s: VPORQ      Z19, Z16, Z16 => VPORQ      Z16, Z16, Z16
// mutant: vaes512_amd64.s: VMOVDQU64 Z16, (DI) => VMOVDQU64 Z16, -1(DI)
// mutant: vaes256_amd64.s: VPADDQ  Y10, Y9, Y9 => VPADDQ  Y9, Y10, Y10
// mutant: vaes256_amd64.s: VPOR  Y6, Y4, Y4 => VPOR  Y4, Y4, Y4
// mutant: vaes256_amd64.s: INCQ CX => NOP
// mutant: vaes256_amd64.s: VMOVDQU Y7, 224(DI) => VMOVDQU Y7, 225(DI)
// mutant: stream.go: n = copy(dst, part[skip:]) => n = copy(dst, part[:])
// mutant: stream.go: n := min(len(rest), groupSize-int(skip)) => n := min(len(rest), groupSize)
// mutant: stream.go: return done + i => return done
// mutant: standard.go: done < len(src); => done <= len(src)-pieceSize;
// mutant: standard.go: return done + i => return done + i&^1
// mutant: schedule.go: q ^= 0x09 => q ^= 0x19
func TestKernelsEqualCryptoCipher(t *testing.T) {
	f := newFence(t, 256<<10)
	for _, k := range usable() {
		t.Run(k.String(), func(t *testing.T) {
			r := random(t)
			for i := range 600 {
				c := trial{key: random16(r), first: random16(r), off: r.Int64N(1 << r.IntN(63)),
					gap: r.IntN(130), atEnd: i%2 == 0, flip: r.IntN(1 << 30)}
				switch i % 3 {
				case 0: // a few blocks
					c.n = r.IntN(3 * groupSize)
				case 1: // several calls of the kernel
					c.n = r.IntN(200 << 10)
				default: // what a pass does
					c.n, c.off, c.gap = groupSize*r.IntN(300), c.off&^(groupSize-1), 0
				}
				try(t, k, f, c)
			}
		})
	}
}

// The counter carries out of its low word, at any block of a group, and wraps at
// 2^128.
//
// mutant: stream.go: hi, _ := bits.Add64(s.hi, 0, carry) => hi, _ := s.hi, carry
// mutant: stream.go: hi, _ := bits.Add64(c[1], 0, carry) => hi, _ := c[1], carry
// mutant: stream.go: maxGroups, ^c[0]/groupBlocks)) => maxGroups))
func TestKernelsCarry(t *testing.T) {
	f := newFence(t, 8<<10)
	r := random(t)
	for _, k := range usable() {
		for _, first := range carries {
			for _, off := range []int64{0, 1, 16, 17, 240, 255, 256, 496, 511, 512, 513, 2048, 2049} {
				for _, n := range []int{1, 16, 33, 512, 1024, 4608, 5000} {
					try(t, k, f, trial{key: random16(r), first: first, off: off, n: n, atEnd: true, flip: r.IntN(1 << 30)})
				}
			}
		}
	}
}

// Every length up to a few groups, at every offset in a block, against the pages
// on both sides.
func TestKernelsStayInside(t *testing.T) {
	f := newFence(t, page)
	r := random(t)
	for _, k := range usable() {
		for n := range 2*groupSize + 40 {
			c := trial{key: random16(r), off: int64(n % 17), n: n, atEnd: true, flip: r.IntN(1 << 30)}
			try(t, k, f, c)
			c.atEnd = false
			try(t, k, f, c)
		}
	}
}

// No offset is too far: the last bytes that an int64 reaches.
func TestKernelsAtTheEnd(t *testing.T) {
	f := newFence(t, page)
	for _, k := range usable() {
		for _, n := range []int{1, 16, 511, 512, 1031} {
			for _, first := range carries {
				try(t, k, f, trial{first: first, off: math.MaxInt64 - int64(n), n: n, flip: n / 2})
			}
		}
	}
}

// Every single bit of a group is looked at.
//
// mutant: vaes512_amd64.s: VPTERNLOGQ $0xfe, Z18, Z17, Z16 => VPTERNLOGQ $0xfe, Z18, Z18, Z16
// mutant: vaes512_amd64.s: VPTERNLOGQ $0xfe, Z23, Z22, Z16 => VPTERNLOGQ $0xfe, Z22, Z22, Z16
// mutant: vaes256_amd64.s: VPOR  Y1, Y0, Y0 => VPOR  Y0, Y0, Y0
// mutant: vaes256_amd64.s: VPOR  Y3, Y2, Y2 => VPOR  Y2, Y2, Y2
// mutant: vaes256_amd64.s: VPOR  Y5, Y4, Y4 => VPOR  Y4, Y4, Y4
// mutant: vaes256_amd64.s: VPOR  Y7, Y6, Y6 => VPOR  Y6, Y6, Y6
// mutant: vaes256_amd64.s: VPOR  Y2, Y0, Y0 => VPOR  Y0, Y0, Y0
func TestCheckSeesEveryBit(t *testing.T) {
	for _, k := range usable() {
		s := streamOf(t, k, [16]byte{4}, [16]byte{})
		p := make([]byte, 3*groupSize)
		s.Fill(p, 0)
		for bit := range 8 * len(p) {
			p[bit/8] ^= 1 << (bit % 8)
			if i := s.Check(p, 0); i != bit/8 {
				t.Fatalf("%s: Check with bit %d flipped = %d; want %d", k, bit, i, bit/8)
			}
			p[bit/8] ^= 1 << (bit % 8)
		}
	}
}

// The best kernel is used, and it is one of those that were tested.
//
// mutant: kernel.go: k := Kernel(numKernels - 1) => k := Standard
func TestBest(t *testing.T) {
	all := usable()
	if Best() != all[len(all)-1] {
		t.Errorf("Best() = %s of %v", Best(), all)
	}
	s, err := New([16]byte{}, [16]byte{})
	if err != nil || s.kernel != Best() {
		t.Errorf("New uses %v, %v; want %v", s.kernel, err, Best())
	}
	t.Log(all)
}

// A machine that announces a kernel's instructions and does them wrongly gets
// another one.
//
// mutant: kernel.go: !(usable(k) && right(k)) => !usable(k)
func TestWrongKernelIsNotChosen(t *testing.T) {
	yes := func(Kernel) bool { return true }
	for _, wrong := range []Kernel{VAES512, VAES256} {
		if k := choose(yes, func(k Kernel) bool { return k < wrong }); k != wrong-1 {
			t.Errorf("with %s wrong, %s is chosen; want %s", wrong, k, wrong-1)
		}
	}
	for _, k := range usable() {
		if !k.right() {
			t.Errorf("%s is not right", k)
		}
		if k == Standard {
			continue
		}
		s := streamOf(t, k, [16]byte{}, [16]byte{})
		s.keys[10][15] ^= 1
		if s.agrees() {
			t.Errorf("%s with a wrong key schedule agrees with crypto/aes", k)
		}
	}
}

// FIPS 197 appendix A.1.
func TestExpand(t *testing.T) {
	key := [16]byte{0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6, 0xab, 0xf7, 0x15, 0x88, 0x09, 0xcf, 0x4f, 0x3c}
	s := expand(key)
	last := [16]byte{0xd0, 0x14, 0xf9, 0xa8, 0xc9, 0xee, 0x25, 0x89, 0xe1, 0x3f, 0x0c, 0xc8, 0xb6, 0x63, 0x0c, 0xa6}
	if s[0] != key || s[10] != last {
		t.Errorf("expand = %x … %x; want %x … %x", s[0], s[10], key, last)
	}
}

// NIST SP 800-38A F.5.1, CTR-AES128: the key stream is "output block".
func TestVector(t *testing.T) {
	key := [16]byte{0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6, 0xab, 0xf7, 0x15, 0x88, 0x09, 0xcf, 0x4f, 0x3c}
	first := [16]byte{0xf0, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0xfa, 0xfb, 0xfc, 0xfd, 0xfe, 0xff}
	want := []byte{0xec, 0x8c, 0xdf, 0x73, 0x98, 0x60, 0x7c, 0xb0, 0xf2, 0xd2, 0x16, 0x75, 0xea, 0x9e, 0xa1, 0xe4,
		0x36, 0x2b, 0x7c, 0x3c, 0x67, 0x73, 0x51, 0x63, 0x18, 0xa0, 0x77, 0xd7, 0xfc, 0x50, 0x73, 0xae}
	for _, k := range usable() {
		got := make([]byte, groupSize)
		streamOf(t, k, key, first).Fill(got, 0)
		if !bytes.Equal(got[:32], want) {
			t.Errorf("%s: %x; want %x", k, got[:32], want)
		}
	}
}

func TestAllocatesNothing(t *testing.T) {
	if Best() == Standard {
		return // cipher.NewCTR allocates
	}
	s := streamOf(t, Best(), [16]byte{}, [16]byte{})
	p := make([]byte, 100_000)
	n := testing.AllocsPerRun(20, func() {
		s.Fill(p, 5)
		_ = s.Check(p, 5)
	})
	if n != 0 {
		t.Errorf("%v allocations a run; want 0", n)
	}
}

func FuzzKernels(f *testing.F) {
	for _, c := range carries {
		f.Add([]byte("0123456789abcdef"), c[:], int64(0), uint16(2048), uint8(3), uint32(700))
		f.Add([]byte{}, c[:], int64(241), uint16(5000), uint8(0), uint32(1))
	}
	f.Add([]byte{}, []byte{}, int64(math.MaxInt64), uint16(513), uint8(128), uint32(512))
	f.Add([]byte{1}, []byte{}, int64(1<<40), uint16(65535), uint8(64), uint32(65534))
	mem := newFence(f, 80<<10)
	f.Fuzz(func(t *testing.T, key, first []byte, off int64, n uint16, place uint8, flip uint32) {
		c := trial{off: off & math.MaxInt64, n: int(n), gap: int(place & 0x7f), atEnd: place&0x80 != 0, flip: int(flip)}
		copy(c.key[:], key)
		copy(c.first[:], first)
		for _, k := range usable() {
			try(t, k, mem, c)
		}
	})
}
