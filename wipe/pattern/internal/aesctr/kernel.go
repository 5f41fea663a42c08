package aesctr

// Kernel is a way to make the stream.
type Kernel int

// The kernels, the best last.
const (
	Standard   Kernel = iota // the standard library's
	VAES256                  // VAES on 256-bit registers
	VAES512                  // VAES on 512-bit registers
	numKernels = iota
)

// String names k by the instructions it needs.
func (k Kernel) String() string {
	switch k {
	case VAES256:
		return "VAES+AVX2"
	case VAES512:
		return "VAES+AVX-512"
	}
	return "crypto/aes"
}

// Best returns the fastest kernel that this machine can run, and runs right.
func Best() Kernel { return best }

var best = choose(Kernel.usable, Kernel.right)

// choose returns the best kernel that is usable and right.
func choose(usable, right func(Kernel) bool) Kernel {
	k := Kernel(numKernels - 1)
	for k != Standard && !(usable(k) && right(k)) {
		k--
	}
	return k
}

// right reports whether k makes and compares what crypto/aes does. It is asked
// once, for some microseconds, because not every machine does what it says: QEMU
// before 8.1 announces VAES and emulates it wrongly on 256-bit registers.
func (k Kernel) right() bool {
	s, err := newStream(k, [16]byte{'l', 'e', 't', 'h', 'e'}, [16]byte{7: 1, 15: 0x11})
	return err == nil && s.agrees()
}

// agrees holds s against the standard kernel, in every cipher block of two groups
// and a part of a third.
func (s *Stream) agrees() bool {
	var want, got [2*groupSize + blockSize]byte
	s.fillStandard(want[:], 0)
	s.Fill(got[:], 0)
	if got != want || s.Check(want[:], 0) != -1 {
		return false
	}
	for i := 0; i < len(want); i += blockSize {
		want[i] ^= 1
		if s.Check(want[:], 0) != i {
			return false
		}
		want[i] ^= 1
	}
	return true
}
