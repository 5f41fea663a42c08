package tui

import (
	"context"
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// keyPoll is how long a wait for keys may outlive its context, in milliseconds.
const keyPoll = 200

// Keys hears the keyboard of a terminal key by key until ctx ends, and calls abort
// with each task that a person wants ended. Ctrl-C stays what it is. It returns when
// the terminal is as it was. A screen that does not draw live hears none.
func (s *Screen) Keys(ctx context.Context, f *os.File, abort func(task string)) (err error) {
	if !s.live {
		return nil
	}
	fd := int(f.Fd())
	before, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return fmt.Errorf("read terminal: %w", err)
	}
	keys := *before
	keys.Lflag &^= unix.ICANON | unix.ECHO
	keys.Cc[unix.VMIN], keys.Cc[unix.VTIME] = 1, 0
	if err := unix.IoctlSetTermios(fd, unix.TCSETS, &keys); err != nil {
		return fmt.Errorf("set terminal: %w", err)
	}
	defer func() { err = errors.Join(err, unix.IoctlSetTermios(fd, unix.TCSETS, before)) }()
	s.hear(true)
	defer s.hear(false)
	for ctx.Err() == nil {
		p := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		n, err := unix.Poll(p, keyPoll)
		if errors.Is(err, unix.EINTR) || err == nil && n == 0 {
			continue
		}
		var b [1]byte
		if err == nil {
			n, err = unix.Read(fd, b[:])
		}
		if err != nil || n == 0 { // hung up: nobody is there
			return err
		}
		if task := s.Key(b[0]); task != "" {
			abort(task)
		}
	}
	return nil
}

// hear notes whether keys are heard: then the screen says which there are.
func (s *Screen) hear(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hears, s.dialog = on, dialog{}
}
