package aesctr

import "golang.org/x/sys/cpu"

// hasVAES is asked for here: x/sys/cpu looks for VAES only where there is AVX-512.
var hasVAES = cpuHasVAES()

// usable reports whether this machine can run k. For the flags of AVX2 and
// AVX-512, x/sys/cpu asks XGETBV too whether the operating system keeps the
// registers.
func (k Kernel) usable() bool {
	switch k {
	case VAES256:
		return hasVAES && cpu.X86.HasAES && cpu.X86.HasAVX2
	case VAES512:
		return hasVAES && cpu.X86.HasAES && cpu.X86.HasAVX512F && cpu.X86.HasAVX512BW
	}
	return k == Standard
}

// fill writes the groups of the stream from counter c on to dst. The low word of
// c must not carry in them.
func (k Kernel) fill(keys *schedule, c *counter, dst *byte, groups int) {
	if k == VAES512 {
		fillVAES512(keys, c, dst, groups)
	} else {
		fillVAES256(keys, c, dst, groups)
	}
}

// check compares the groups of the stream from counter c on with src and returns
// how many are the same before the first that is not. The low word of c must not
// carry in them.
func (k Kernel) check(keys *schedule, c *counter, src *byte, groups int) int {
	if k == VAES512 {
		return checkVAES512(keys, c, src, groups)
	}
	return checkVAES256(keys, c, src, groups)
}

// cpuHasVAES reports whether CPUID names VAES.
func cpuHasVAES() bool

//go:noescape
func fillVAES512(keys *schedule, c *counter, dst *byte, groups int)

//go:noescape
func checkVAES512(keys *schedule, c *counter, src *byte, groups int) int

//go:noescape
func fillVAES256(keys *schedule, c *counter, dst *byte, groups int)

//go:noescape
func checkVAES256(keys *schedule, c *counter, src *byte, groups int) int
