package boottest

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// monitor listens to QEMU's events: its exit status alone does not tell a
// power-off from a panic (QEMU QMP reference, event SHUTDOWN).
type monitor struct {
	mu   sync.Mutex
	why  string
	over chan struct{}
}

func watch(sock string, done <-chan struct{}) *monitor {
	m := &monitor{over: make(chan struct{})}
	go func() {
		defer close(m.over)
		c := dial(sock, done)
		if c == nil {
			return
		}
		defer c.Close()
		m.listen(c)
	}()
	return m
}

func dial(sock string, done <-chan struct{}) net.Conn {
	for range 200 {
		if c, err := net.Dial("unix", sock); err == nil {
			return c
		}
		select {
		case <-done:
			return nil
		case <-time.After(50 * time.Millisecond):
		}
	}
	return nil
}

func (m *monitor) listen(c net.Conn) {
	if _, err := c.Write([]byte(`{"execute":"qmp_capabilities"}` + "\n")); err != nil {
		return
	}
	for d := json.NewDecoder(c); ; {
		var e struct {
			Event string
			Data  struct{ Reason string }
		}
		if d.Decode(&e) != nil {
			return
		}
		if e.Event == "SHUTDOWN" {
			m.mu.Lock()
			m.why = e.Data.Reason
			m.mu.Unlock()
		}
	}
}

// reason waits shortly for the last event after QEMU has ended.
func (m *monitor) reason() string {
	select {
	case <-m.over:
	case <-time.After(2 * time.Second):
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.why
}

// turn takes the host's lock for one emulated machine.
func turn(ctx context.Context) (func(), error) {
	name := filepath.Join(os.TempDir(), "lethe-boottest.lock")
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("wait for a turn: %w", err)
	}
	for unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) != nil {
		select {
		case <-ctx.Done():
			f.Close()
			return nil, fmt.Errorf("wait for a turn: %w", context.Cause(ctx))
		case <-time.After(200 * time.Millisecond):
		}
	}
	return func() { f.Close() }, nil
}
