package sysinit

import (
	"fmt"
	"os"
	"path/filepath"
)

// Applet runs what the image calls the lethe binary for under another name:
//
//	uinit     u-root's init starts it; see Guard
//	modprobe  the kernel calls /sbin/modprobe for drivers it wants; see Modprobe
//	reboot    an operator's command: sync, drain the console, restart
//
// It reports false for any other name, lethe itself among them. main must call
// it first, with os.Args, and exit with the status.
func Applet(args []string) (status int, ok bool) {
	if len(args) == 0 {
		return 0, false
	}
	switch filepath.Base(args[0]) {
	case "uinit":
		return Guard(args[1:]), true
	case "modprobe":
		return Modprobe(args[1:]), true
	case "reboot":
		fmt.Fprintln(os.Stderr, "reboot:", Reboot())
		return 1, true
	}
	return 0, false
}
