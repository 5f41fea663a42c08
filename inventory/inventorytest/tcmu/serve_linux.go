package tcmu

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// server carries the commands of one backend to its drive.
type server struct {
	uio    *os.File
	mu     sync.Mutex // the ring and the file
	ring   *ring
	target Target
}

// Serve shows a drive to the kernel and carries its commands until ctx ends or the ring
// breaks. up is called with the name of the disk, such as sda, once it is there. The
// kernel's disk is not taken away at the end: the machine is.
func Serve(ctx context.Context, d Disk, t Target, up func(name string)) error {
	uio, size, err := d.backend(ctx)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(uio, os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("serve %s: %w", d.Name, err)
	}
	defer f.Close()
	mem, err := unix.Mmap(int(f.Fd()), 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return fmt.Errorf("serve %s: %w", d.Name, err)
	}
	// The memory stays mapped: commands may still be under way when this returns.
	s := &server{uio: f, target: t}
	if s.ring, err = newRing(mem); err != nil {
		return fmt.Errorf("serve %s: %w", d.Name, err)
	}
	shown := make(chan error, 1)
	go func() {
		name, err := d.show(ctx)
		if err == nil {
			up(name)
		}
		shown <- err
	}()
	served := make(chan error, 1)
	go func() { served <- s.loop(ctx) }()
	for {
		select {
		case err = <-shown:
			if err == nil {
				shown = nil
				continue
			}
		case err = <-served:
		case <-ctx.Done():
			err = ctx.Err()
		}
		return fmt.Errorf("serve %s: %w", d.Name, err)
	}
}

// loop takes commands whenever the kernel says that there are some.
func (s *server) loop(ctx context.Context) error {
	var count [4]byte
	for {
		for {
			s.mu.Lock()
			c, err := s.ring.take()
			s.mu.Unlock()
			if err != nil {
				return err
			}
			if c == nil {
				break
			}
			// A command that is held for hours must not hold the others.
			go s.run(ctx, c)
		}
		if _, err := io.ReadFull(s.uio, count[:]); err != nil {
			return fmt.Errorf("wait for commands: %w", err)
		}
	}
}

// run carries out one command. One that the drive does not answer is never completed.
func (s *server) run(ctx context.Context, c *command) {
	status, sense, data, err := s.target.Do(ctx, c.cdb, c.out(), c.in)
	if err != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.ring.complete(c, status, sense, data); err != nil {
		return // loop meets the same ring
	}
	_, err = s.uio.Write([]byte{1, 0, 0, 0})
	if err != nil && !errors.Is(err, os.ErrClosed) {
		return // the kernel looks at the ring again when the next one is done
	}
}
