package sysinit

import (
	"errors"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"lethe/image/site"
)

// OtherConsoles opens the consoles that Lethe speaks on beside /dev/console: the
// kernel's, which its command line names, and the site's. One that cannot be opened
// is not there. They are as open as the process.
func OtherConsoles(st site.Site) []*os.File {
	var out []*os.File
	for _, spec := range otherConsoles(Consoles(), st.Consoles) {
		if f, err := openConsole(spec); err == nil {
			out = append(out, f)
		}
	}
	return out
}

// otherConsoles are specs like ttyS1,115200 of all but the last active one, which
// is /dev/console; the speed stands only where the kernel has not set it.
func otherConsoles(active, named []string) []string {
	var out []string
	if len(active) > 0 {
		out = slices.Clone(active[:len(active)-1])
	}
	for _, spec := range named {
		name, _, _ := strings.Cut(spec, ",")
		if !slices.Contains(active, name) && !(name == "tty0" && slices.Contains(active, "tty1")) {
			out = append(out, spec)
		}
	}
	return out
}

// openConsole does not wait for a carrier, and sets the speed where one is given.
func openConsole(spec string) (*os.File, error) {
	name, mode, _ := strings.Cut(spec, ",")
	fd, err := unix.Open("/dev/"+name, unix.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	if err := setSpeed(fd, mode); err != nil {
		unix.Close(fd)
		return nil, err
	}
	if err := unix.SetNonblock(fd, false); err != nil {
		unix.Close(fd)
		return nil, err
	}
	return os.NewFile(uintptr(fd), "/dev/"+name), nil
}

var speeds = map[int]uint32{9600: unix.B9600, 19200: unix.B19200, 38400: unix.B38400,
	57600: unix.B57600, 115200: unix.B115200}

// setSpeed reads e.g. 115200n8; parity and bits stay as they are.
func setSpeed(fd int, mode string) error {
	digits := strings.TrimRightFunc(mode, func(r rune) bool { return r < '0' || r > '9' })
	if i := strings.IndexAny(digits, "neo"); i >= 0 {
		digits = digits[:i]
	}
	if digits == "" {
		return nil
	}
	n, err := strconv.Atoi(digits)
	code, ok := speeds[n]
	if err != nil || !ok {
		return errors.New("speed of console is not supported")
	}
	t, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return err
	}
	t.Cflag = t.Cflag&^unix.CBAUD | code | unix.CLOCAL | unix.CREAD
	return unix.IoctlSetTermios(fd, unix.TCSETS, t)
}
