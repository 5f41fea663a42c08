package confine

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Instructions of classic BPF (include/uapi/linux/bpf_common.h) that a filter of
// system calls needs.
const (
	opLoad = 0x20 // BPF_LD|BPF_W|BPF_ABS: a word of struct seccomp_data
	opAnd  = 0x54 // BPF_ALU|BPF_AND|BPF_K
	opEq   = 0x15 // BPF_JMP|BPF_JEQ|BPF_K
	opRet  = 0x06 // BPF_RET|BPF_K
)

// Offsets in struct seccomp_data (include/uapi/linux/seccomp.h).
const (
	offCall = 0
	offArch = 4
	offArgs = 16 // six of eight bytes
)

// What a filter says (include/uapi/linux/seccomp.h).
const (
	kill  = 0x80000000 // SECCOMP_RET_KILL_PROCESS
	errno = 0x00050000 // SECCOMP_RET_ERRNO, with the number in the low half
	allow = 0x7fff0000 // SECCOMP_RET_ALLOW
)

// instruction is struct sock_filter; jumps count from the next one.
type instruction struct {
	op          uint16
	then, other uint8
	k           uint32
}

// rule is what becomes of one system call.
type rule struct {
	call  uint32
	say   uint32  // action of a call whose argument, if any is looked at, passes
	only  *limit  // nil: arguments are not looked at
	other *uint32 // action when it does not pass; EPERM when nil
}

// limit looks at the low 32 bits of one argument; every argument it is used for
// is an int or a set of flags, of which the kernel itself looks at no more.
type limit struct {
	arg    int
	mask   uint32
	values []uint32
}

var errTooLong = errors.New("filter too long")

// maxFilter is BPF_MAXINSNS.
const maxFilter = 4096

// assemble makes the filter: another architecture's calls, and calls without a rule
// end the process; so do those of x32, which have numbers of their own.
func assemble(arch uint32, rules []rule) ([]instruction, error) {
	p := []instruction{
		{op: opLoad, k: offArch},
		{op: opEq, k: arch, then: 1},
		{op: opRet, k: kill},
		{op: opLoad, k: offCall},
	}
	for _, r := range rules {
		body := r.body()
		if len(body) > 255 {
			return nil, fmt.Errorf("call %d: %w", r.call, errTooLong)
		}
		p = append(p, instruction{op: opEq, k: r.call, other: uint8(len(body))})
		p = append(p, body...)
	}
	if p = append(p, instruction{op: opRet, k: kill}); len(p) > maxFilter {
		return nil, errTooLong
	}
	return p, nil
}

// body is what follows when it is this rule's call; it always returns.
func (r rule) body() []instruction {
	if r.only == nil {
		return []instruction{{op: opRet, k: r.say}}
	}
	low := offArgs + 8*r.only.arg // both architectures are little-endian
	p := []instruction{{op: opLoad, k: uint32(low)}, {op: opAnd, k: r.only.mask}}
	for i, v := range r.only.values {
		// Past the values that follow, and the refusal.
		p = append(p, instruction{op: opEq, k: v, then: uint8(len(r.only.values) - i)})
	}
	refusal := uint32(errno | eperm)
	if r.other != nil {
		refusal = *r.other
	}
	return append(p, instruction{op: opRet, k: refusal}, instruction{op: opRet, k: r.say})
}

// bytes are the instructions as the kernel reads them.
func bytesOf(p []instruction) []byte {
	var b []byte
	for _, i := range p {
		b = binary.NativeEndian.AppendUint16(b, i.op)
		b = append(b, i.then, i.other)
		b = binary.NativeEndian.AppendUint32(b, i.k)
	}
	return b
}
