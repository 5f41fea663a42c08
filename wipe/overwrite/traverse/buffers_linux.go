package traverse

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// buffers are equal pieces of one anonymous mapping. Each begins on a page,
// which is what O_DIRECT asks for on every device, and none moves or is
// scanned by the garbage collector.
type buffers struct {
	mem          []byte
	size, stride int
}

func allocate(n, size int) (buffers, error) {
	page := os.Getpagesize()
	stride := (size + page - 1) / page * page
	mem, err := unix.Mmap(-1, 0, n*stride,
		unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if err != nil {
		return buffers{}, fmt.Errorf("map %d buffers of %d bytes: %w", n, size, err)
	}
	// O_DIRECT pins every page of a transfer: fewer, larger ones where the
	// kernel has them. A refusal costs speed only.
	_ = unix.Madvise(mem, unix.MADV_HUGEPAGE)
	return buffers{mem: mem, size: size, stride: stride}, nil
}

func (b buffers) at(i int) []byte { return b.mem[i*b.stride:][:b.size:b.size] }

func (b buffers) free() { _ = unix.Munmap(b.mem) }
