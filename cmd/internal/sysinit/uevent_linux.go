package sysinit

import (
	"context"
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// ueventSocket receives what the kernel tells about devices.
type ueventSocket struct{ f *os.File }

// ueventBuffer holds the storm of a machine with hundreds of drives, bytes.
const ueventBuffer = 8 << 20

// kernelGroup is the multicast group of the kernel's own messages; udev's are
// in group 2.
const kernelGroup = 1

func openUevents() (*ueventSocket, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK,
		unix.NETLINK_KOBJECT_UEVENT)
	if err != nil {
		return nil, fmt.Errorf("open uevent socket: %w", err)
	}
	_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, ueventBuffer) // the default serves, too
	if err := unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: kernelGroup}); err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("bind uevent socket: %w", err)
	}
	return &ueventSocket{os.NewFile(uintptr(fd), "uevent")}, nil
}

// lostUevents says that messages were dropped: /sys must be looked through.
var lostUevents = uevent{Action: "lost"}

// read hands on every message until ctx ends.
func (s *ueventSocket) read(ctx context.Context, each func(uevent)) {
	stop := context.AfterFunc(ctx, func() { s.f.Close() })
	defer stop()
	defer s.f.Close()
	buf := make([]byte, maxUevent)
	for {
		n, from, err := s.receive(buf)
		switch {
		case errors.Is(err, unix.ENOBUFS):
			each(lostUevents)
		case err != nil:
			return // closed
		case from != 0:
			// not from the kernel: a program with the right to send could make
			// us load modules
		default:
			if e, err := parseUevent(buf[:n]); err == nil {
				each(e)
			}
		}
	}
}

// receive waits for one message; from is the sender's port, 0 for the kernel.
func (s *ueventSocket) receive(buf []byte) (n int, from uint32, err error) {
	conn, err := s.f.SyscallConn()
	if err != nil {
		return 0, 0, err
	}
	var rerr error
	err = conn.Read(func(fd uintptr) bool {
		var sa unix.Sockaddr
		n, sa, rerr = unix.Recvfrom(int(fd), buf, 0)
		if nl, ok := sa.(*unix.SockaddrNetlink); ok {
			from = nl.Pid
		}
		return !errors.Is(rerr, unix.EAGAIN) && !errors.Is(rerr, unix.EINTR)
	})
	return n, from, errors.Join(err, rerr)
}
