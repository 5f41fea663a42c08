package sysinit

import (
	"fmt"
	"os"
	"strings"
)

// Modprobe is the kernel's helper (/proc/sys/kernel/modprobe, called as
// "modprobe -q -- NAME") and an operator's command. Names may be aliases, with
// - or _; options are ignored, -r (remove) is refused. It returns an exit
// status.
func Modprobe(args []string) int {
	var names []string
	quiet := false
	for _, a := range args {
		if a == "-r" || a == "--remove" {
			fmt.Fprintln(os.Stderr, "modprobe: removing is not supported")
			return 1
		}
		quiet = quiet || a == "-q"
		if !strings.HasPrefix(a, "-") {
			names = append(names, a)
		}
	}
	status := 0
	l, err := newLoader(serial(func(e Event) {
		status = 1
		if !quiet {
			fmt.Fprintln(os.Stderr, "modprobe:", e)
		}
	}))
	if err != nil {
		fmt.Fprintln(os.Stderr, "modprobe:", err)
		return 1
	}
	l.load(names...)
	return status
}
