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

// Best returns the fastest kernel that this machine can run.
func Best() Kernel { return best }

var best = func() Kernel {
	k := Kernel(numKernels - 1)
	for !k.usable() {
		k--
	}
	return k
}()
