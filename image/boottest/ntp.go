package boottest

import (
	"encoding/binary"
	"fmt"
	"net"
	"time"
)

// NTPServer answers on loopback as a stratum-2 server whose clock is ahead (RFC 5905
// §7.3) until stop is called. It returns its UDP port; a machine with Network reaches
// it at 10.0.2.2.
func NTPServer(ahead time.Duration) (port int, stop func(), err error) {
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return 0, nil, fmt.Errorf("start NTP server: %w", err)
	}
	go func() {
		q := make([]byte, 512)
		for {
			n, from, err := c.ReadFromUDP(q)
			if err != nil {
				return
			}
			if n >= 48 {
				_, _ = c.WriteToUDP(ntpAnswer(q, time.Now().Add(ahead)), from)
			}
		}
	}()
	return c.LocalAddr().(*net.UDPAddr).Port, func() { _ = c.Close() }, nil
}

func ntpAnswer(q []byte, now time.Time) []byte {
	const epoch = 2208988800 // seconds from 1900 to 1970
	stamp := uint64(now.Unix()+epoch)<<32 | uint64(now.Nanosecond())<<32/1e9
	a := make([]byte, 48)
	a[0] = q[0]&0x38 | 4 // version of the question, server
	a[1], a[2], a[3] = 2, 6, 0xec
	copy(a[12:], "TEST")
	binary.BigEndian.PutUint64(a[16:], stamp)
	copy(a[24:32], q[40:48])
	binary.BigEndian.PutUint64(a[32:], stamp)
	binary.BigEndian.PutUint64(a[40:], stamp)
	return a
}
