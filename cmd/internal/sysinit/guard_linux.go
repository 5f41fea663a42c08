package sysinit

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

const (
	console   = "/dev/console"
	letheBin  = "/bin/lethe"
	shellPath = "/bin/defaultsh"
)

// Guard is the process that u-root's init starts as /bin/uinit. It starts
// "lethe ARGS" on a real console and then, whatever became of it, keeps the machine
// on: without a login, see hold, unless the site permits a shell and the command
// line asks for one. It never returns while the machine runs; outside of an image it
// does nothing and returns 1.
//
// It exists because of two things in u-root v0.16. With console= on the command
// line, init gives its children a pipe for output, so that they see no terminal.
// And when uinit ends as the leader of the console's session, the kernel hangs
// up the terminal under init's feet, the shells that init tries next die, init
// ends, and the kernel panics (u-root issue 3645). A crash of Lethe must not
// take the machine and its undelivered papers along: then "lethe ARGS rescue"
// is started, which erases nothing and delivers what there is.
func Guard(args []string) int {
	if !InImage() {
		return 1 // it would take over the console of an ordinary machine
	}
	// Notify, not Ignore: an ignored signal would stay ignored in the children.
	signal.Notify(make(chan os.Signal, 1), unix.SIGHUP, unix.SIGINT, unix.SIGTERM,
		unix.SIGQUIT, unix.SIGPIPE, unix.SIGTSTP)
	status, crashed := onConsole(letheBin, args...)
	for range rescues {
		if !crashed {
			break
		}
		tell("\nlethe " + status + ": it is started again to deliver papers; nothing is erased\n")
		time.Sleep(time.Second)
		status, crashed = onConsole(letheBin, append(slices.Clone(args), Rescue)...)
	}
	if shellPermitted() {
		shells(status)
	}
	hold(status)
	return 1
}

// Rescue is the word after "lethe boot" that only delivers.
const Rescue = "rescue"

// rescues is how often a Lethe that crashes is started again.
const rescues = 3

// shellPermitted reports whether a shell is asked for and the site names it.
func shellPermitted() bool {
	st, err := loadSite()
	if err != nil {
		return false
	}
	c, err := loadCmdline()
	if err != nil {
		return false
	}
	c.Restrict(st.Permit)
	return c.Shell
}

// shells gives the operator a shell on every console, again and again.
func shells(status string) {
	st, _ := loadSite() // it was read a moment ago
	for _, spec := range otherConsoles(Consoles(), st.Consoles) {
		go shellOn(status, func() (*os.File, error) { return openConsole(spec) })
	}
	shellOn(status, openMain)
}

func shellOn(status string, open func() (*os.File, error)) {
	for {
		if f, err := open(); err == nil {
			fmt.Fprintf(f, "\nlethe %s\nThis is a shell; lethe --help, poweroff and reboot are there.\n", status)
			runOn(f, shellPath)
		}
		time.Sleep(time.Second) // a shell that cannot run must not spin
	}
}

func openMain() (*os.File, error) { return os.OpenFile(console, os.O_RDWR|unix.O_NOCTTY, 0) }

func tell(s string) {
	if f, err := os.OpenFile(console, os.O_WRONLY|unix.O_NOCTTY, 0); err == nil {
		io.WriteString(f, s)
		f.Close()
	}
}

// onConsole is runOn for /dev/console.
func onConsole(name string, args ...string) (how string, crashed bool) {
	f, err := openMain()
	if err != nil {
		return err.Error(), false
	}
	return runOn(f, name, args...)
}

// runOn runs a program as the leader of a session of its own that owns the console
// f, closes f, and returns how the program ended, for people, and whether a signal
// ended it or a panic of its own, which Go ends with status 2.
func runOn(f *os.File, name string, args ...string) (how string, crashed bool) {
	defer f.Close()
	cmd := exec.Command(name, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = f, f, f
	cmd.SysProcAttr = &unix.SysProcAttr{Setsid: true, Setctty: true, Ctty: 0}
	err := cmd.Run()
	if err == nil {
		return "ended: done", false
	}
	code := cmd.ProcessState.ExitCode()
	return "ended: " + err.Error(), code == -1 || code == 2
}
