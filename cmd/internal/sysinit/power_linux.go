package sysinit

import (
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// PowerOff writes back all caches, waits until the consoles have sent what was
// printed (a serial line else loses its last lines), and switches the machine
// off. It returns only when that fails, with ErrNotImage outside of an image.
// Callers see to it first that all papers are delivered.
func PowerOff() error { return restart(unix.LINUX_REBOOT_CMD_POWER_OFF) }

// Reboot is PowerOff with a restart instead.
func Reboot() error { return restart(unix.LINUX_REBOOT_CMD_RESTART) }

func restart(cmd int) error {
	if !InImage() {
		return ErrNotImage // never an ordinary machine, whoever calls
	}
	unix.Sync()
	drainConsoles()
	return os.NewSyscallError("reboot", unix.Reboot(cmd))
}

// Consoles returns the names of the active consoles in /dev, from
// /sys/class/tty/console/active; the last is what /dev/console stands for.
func Consoles() []string {
	b, err := os.ReadFile("/sys/class/tty/console/active")
	if err != nil {
		return nil
	}
	return strings.Fields(string(b))
}

// keepConsole takes from Ctrl-Alt-Del its power to restart the machine at once, and
// the papers in its memory with it.
func keepConsole() {
	if InImage() {
		_ = unix.Reboot(unix.LINUX_REBOOT_CMD_CAD_OFF) // then it restarts as before
	}
}

func drainConsoles() {
	for _, name := range Consoles() {
		fd, err := unix.Open("/dev/"+name, unix.O_WRONLY|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
		if err != nil {
			continue
		}
		// tcdrain(3) is TCSBRK with an argument other than 0.
		_ = unix.IoctlSetInt(fd, unix.TCSBRK, 1)
		unix.Close(fd)
	}
}
