package sysinit

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"time"

	"golang.org/x/sys/unix"
)

const (
	console   = "/dev/console"
	letheBin  = "/bin/lethe"
	shellPath = "/bin/defaultsh"
)

// Guard is the process that u-root's init starts as /bin/uinit. It starts
// "lethe ARGS" on a real console and then, whatever became of it, gives the
// operator a shell, again and again. It never returns while the machine runs;
// outside of an image it does nothing and returns 1.
//
// It exists because of two things in u-root v0.16. With console= on the command
// line, init gives its children a pipe for output, so that they see no terminal.
// And when uinit ends as the leader of the console's session, the kernel hangs
// up the terminal under init's feet, the shells that init tries next die, init
// ends, and the kernel panics (u-root issue 3645). A crash of Lethe must not
// take the machine and its undelivered papers along.
func Guard(args []string) int {
	if !InImage() {
		return 1 // it would take over the console of an ordinary machine
	}
	// Notify, not Ignore: an ignored signal would stay ignored in the children.
	signal.Notify(make(chan os.Signal, 1), unix.SIGHUP, unix.SIGINT, unix.SIGTERM,
		unix.SIGQUIT, unix.SIGPIPE, unix.SIGTSTP)
	status := onConsole(letheBin, args...)
	for {
		tell(fmt.Sprintf("\nlethe %s\nThis is a shell; lethe --help, poweroff and reboot are there.\n", status))
		onConsole(shellPath)
		time.Sleep(time.Second) // a shell that cannot run must not spin
	}
}

func tell(s string) {
	if f, err := os.OpenFile(console, os.O_WRONLY|unix.O_NOCTTY, 0); err == nil {
		io.WriteString(f, s)
		f.Close()
	}
}

// onConsole runs a program as the leader of a session of its own that owns the
// console, and returns how it ended, for people.
func onConsole(name string, args ...string) string {
	f, err := os.OpenFile(console, os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		return err.Error()
	}
	defer f.Close()
	cmd := exec.Command(name, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = f, f, f
	cmd.SysProcAttr = &unix.SysProcAttr{Setsid: true, Setctty: true, Ctty: 0}
	if err := cmd.Run(); err != nil {
		return "ended: " + err.Error()
	}
	return "ended: done"
}
