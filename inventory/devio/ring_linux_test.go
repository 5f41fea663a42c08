package devio

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// The kernel does nothing through the ring but read and write.
//
// mutant: ring_linux.go: rules[i][2] = op => rules[i][2] = op * byte(i)
func TestRingIsRestricted(t *testing.T) {
	r, err := newRing(4)
	if err != nil {
		t.Fatal(err)
	}
	defer r.close()
	for _, op := range []uint8{0, 3, 13, 18, 22, 23, 45} { // no-op, fsync, accept, openat, read, write, socket
		if err := r.push(false, op, -1, nil, 0, uint64(op)); err != nil {
			t.Fatalf("request %d: %v", op, err)
		}
		if err := r.wait(false, time.Second); err != nil {
			t.Fatal(err)
		}
		want := -int32(unix.EACCES)
		if op == opRead || op == opWrite {
			want = -int32(unix.EBADF)
		}
		if c, ok := r.next(); !ok || c.user != uint64(op) || c.res != want {
			t.Errorf("request %d: ended %t, %d; want %d", op, ok, c.res, want)
		}
	}
	if _, _, e := unix.Syscall6(unix.SYS_IO_URING_REGISTER, uintptr(r.fd), 12, 0, 0, 0, 0); e == 0 {
		t.Error("the ring could be enabled twice")
	}
}
