package aesctr

import (
	"bytes"
	"syscall"
	"testing"
)

// fence is memory between two pages that nobody may touch: a read or write
// across its ends dies there and then.
type fence struct{ mem []byte }

const page = 4096

func newFence(t testing.TB, size int) fence {
	t.Helper()
	size = (size + page - 1) / page * page
	all, err := syscall.Mmap(-1, 0, size+2*page, syscall.PROT_READ|syscall.PROT_WRITE,
		syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Munmap(all) })
	for _, p := range [][]byte{all[:page], all[page+size:]} {
		if err := syscall.Mprotect(p, syscall.PROT_NONE); err != nil {
			t.Fatal(err)
		}
	}
	return fence{all[page : page+size]}
}

// guardByte fills what is left inside of the fence.
const guardByte = 0x5c

// cut returns n bytes, gap bytes away from the fence's end or its beginning, and
// a look at whether all others are what they were.
func (f fence) cut(n, gap int, atEnd bool) (p []byte, untouched func() bool) {
	for i := range f.mem {
		f.mem[i] = guardByte
	}
	first := gap
	if atEnd {
		first = len(f.mem) - n - gap
	}
	end := first + n
	return f.mem[first:end:end], func() bool {
		guard := byte(guardByte)
		return bytes.Count(f.mem[:first], []byte{guard}) == first &&
			bytes.Count(f.mem[end:], []byte{guard}) == len(f.mem)-end
	}
}
