package boottest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// monitor listens to QEMU's events and gives it commands: its exit status alone
// does not tell a power-off from a panic (QEMU QMP reference, event SHUTDOWN).
type monitor struct {
	mu      sync.Mutex
	why     string
	conn    net.Conn
	waiting map[int]chan message
	last    int
	ready   chan struct{} // closed when commands are taken
	over    chan struct{}
}

// message is all that QEMU may say, by the fields that matter here.
type message struct {
	ID    *int
	Error *struct{ Class, Desc string }
	Event string
	Data  struct{ Reason string }
}

func watch(sock string, done <-chan struct{}) *monitor {
	m := &monitor{over: make(chan struct{}), ready: make(chan struct{}), waiting: map[int]chan message{}}
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
	m.conn = c
	close(m.ready)
	for d := json.NewDecoder(c); ; {
		var e message
		if d.Decode(&e) != nil {
			return
		}
		m.mu.Lock()
		if e.Event == "SHUTDOWN" {
			m.why = e.Data.Reason
		}
		if e.ID != nil {
			if got := m.waiting[*e.ID]; got != nil {
				got <- e
			}
			delete(m.waiting, *e.ID)
		}
		m.mu.Unlock()
	}
}

// execute gives one command and waits for the answer to it.
func (m *monitor) execute(ctx context.Context, command string, arguments any) error {
	select {
	case <-m.ready:
	case <-m.over:
		return fmt.Errorf("%s: %w", command, ErrEnded)
	case <-ctx.Done():
		return fmt.Errorf("%s: %w", command, context.Cause(ctx))
	}
	got, err := m.ask(command, arguments)
	if err != nil {
		return fmt.Errorf("%s: %w", command, err)
	}
	select {
	case e := <-got:
		if e.Error != nil {
			return fmt.Errorf("%s: %s: %s", command, e.Error.Class, e.Error.Desc)
		}
		return nil
	case <-m.over:
		return fmt.Errorf("%s: %w", command, ErrEnded)
	case <-ctx.Done():
		return fmt.Errorf("%s: %w", command, context.Cause(ctx))
	}
}

func (m *monitor) ask(command string, arguments any) (<-chan message, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.last++
	b, err := json.Marshal(map[string]any{"execute": command, "arguments": arguments, "id": m.last})
	if err != nil {
		return nil, err
	}
	got := make(chan message, 1)
	m.waiting[m.last] = got
	_, err = m.conn.Write(append(b, '\n'))
	return got, err
}

// Unplug pulls drive i of the Config. Only USB and SCSI drives come off at once;
// elsewhere QEMU asks the guest politely. A UAS drive's bridge stays.
func (vm *VM) Unplug(ctx context.Context, i int) error {
	if err := vm.qmp.execute(ctx, "device_del", map[string]string{"id": deviceID(backend(i))}); err != nil {
		return fmt.Errorf("unplug drive %d: %w", i, err)
	}
	return nil
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

// turn takes the host's lock for one emulated machine. It waits in the kernel's
// line, where whoever came first is served first: asking now and then would lose
// to those who wait there.
func turn(ctx context.Context) (func(), error) {
	name := filepath.Join(os.TempDir(), "lethe-boottest.lock")
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("wait for a turn: %w", err)
	}
	got := make(chan error, 1)
	go func() { got <- lock(f) }()
	select {
	case err := <-got:
		if err != nil {
			f.Close()
			return nil, fmt.Errorf("wait for a turn: %w", err)
		}
		return func() { f.Close() }, nil
	case <-ctx.Done():
		go func() { <-got; f.Close() }() // its turn may still come
		return nil, fmt.Errorf("wait for a turn: %w", context.Cause(ctx))
	}
}

func lock(f *os.File) error {
	for {
		if err := unix.Flock(int(f.Fd()), unix.LOCK_EX); !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}
