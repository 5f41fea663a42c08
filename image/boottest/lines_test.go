package boottest_test

import (
	"bytes"
	"io"
	"net"
	"sync"
)

// lines collects what a second console says.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) read(r io.Reader) {
	buf := make([]byte, 4096)
	for {
		n, err := r.Read(buf)
		l.mu.Lock()
		l.b.Write(buf[:n])
		l.mu.Unlock()
		if err != nil {
			return
		}
	}
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func port(l net.Listener) string {
	_, p, _ := net.SplitHostPort(l.Addr().String())
	return p
}
