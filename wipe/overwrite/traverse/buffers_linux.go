package traverse

import (
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// hugePage is what amd64 and arm64 join pages to, in bytes.
const hugePage = 2 << 20

// buffers are equal pieces of one anonymous mapping. Each begins on a page,
// which is what O_DIRECT asks for on every device, and none moves or is
// scanned by the garbage collector.
type buffers struct {
	mapping      []byte
	mem          []byte // of it, from a huge page's begin where that pays
	size, stride int
}

func allocate(n, size int) (buffers, error) {
	page := os.Getpagesize()
	stride := (size + page - 1) / page * page
	b := buffers{size: size, stride: stride}
	length, slack := n*stride, 0
	if length >= hugePage {
		length, slack = (length+hugePage-1)/hugePage*hugePage, hugePage // what is not touched takes no memory
	}
	mem, err := unix.Mmap(-1, 0, length+slack,
		unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if err != nil {
		return buffers{}, fmt.Errorf("map %d buffers of %d bytes: %w", n, size, err)
	}
	b.mapping, b.mem = mem, mem
	if slack > 0 {
		begin := uintptr(unsafe.Pointer(unsafe.SliceData(mem)))
		b.mem = mem[(hugePage-begin%hugePage)%hugePage:][:length]
	}
	// O_DIRECT pins every page of a transfer: fewer, larger ones where the
	// kernel has them. A refusal costs speed only.
	_ = unix.Madvise(b.mem, unix.MADV_HUGEPAGE)
	return b, nil
}

func (b buffers) at(i int) []byte { return b.mem[i*b.stride:][:b.size:b.size] }

func (b buffers) free() { _ = unix.Munmap(b.mapping) }
