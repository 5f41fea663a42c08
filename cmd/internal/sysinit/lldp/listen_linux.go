package lldp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"golang.org/x/sys/unix"
)

// groups are the addresses LLDP is sent to (clause 7.1).
var groups = [][6]byte{
	{0x01, 0x80, 0xc2, 0, 0, 0x0e}, // nearest bridge
	{0x01, 0x80, 0xc2, 0, 0, 0x03}, // nearest non-TPMR bridge
	{0x01, 0x80, 0xc2, 0, 0, 0x00}, // nearest customer bridge
}

// Listen calls found for each frame that comes in on the interface, which must be
// up, until ctx ends. Switches send one every 30 seconds or so. It needs
// CAP_NET_RAW and opens no port.
func Listen(ctx context.Context, nic string, found func(Neighbour)) error {
	i, err := net.InterfaceByName(nic)
	if err != nil {
		return fmt.Errorf("listen for LLDP: %w", err)
	}
	fd, err := open(i.Index)
	if err != nil {
		return fmt.Errorf("listen for LLDP on %s: %w", nic, err)
	}
	defer unix.Close(fd)
	buf := make([]byte, 2048)
	for ctx.Err() == nil {
		k, _, err := unix.Recvfrom(fd, buf, 0)
		switch {
		case errors.Is(err, unix.EAGAIN), errors.Is(err, unix.EINTR):
		case errors.Is(err, unix.ENETDOWN): // no cable, or it was pulled
			time.Sleep(time.Second)
		case err != nil:
			return fmt.Errorf("listen for LLDP on %s: %w", nic, err)
		default:
			if n, err := Parse(buf[:k]); err == nil {
				found(n)
			}
		}
	}
	return context.Cause(ctx)
}

func open(index int) (int, error) {
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, int(big(EtherType)))
	if err != nil {
		return -1, err
	}
	err = unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: big(EtherType), Ifindex: index})
	for _, g := range groups {
		if err != nil {
			break
		}
		m := unix.PacketMreq{Ifindex: int32(index), Type: unix.PACKET_MR_MULTICAST, Alen: 6}
		copy(m.Address[:], g[:])
		err = unix.SetsockoptPacketMreq(fd, unix.SOL_PACKET, unix.PACKET_ADD_MEMBERSHIP, &m)
	}
	if err == nil { // so that the end of ctx is seen
		err = unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Usec: 500_000})
	}
	if err != nil {
		unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

// big is in network byte order, as packet(7) wants protocols.
func big(v uint16) uint16 { return v<<8 | v>>8 }
