package boottest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"lethe/image/initramfs"
)

// ErrNotPowerOff is returned by Wait when the machine ended in another way than
// by switching itself off: a reset, a panic, a kill.
var ErrNotPowerOff = errors.New("machine did not power off")

// VM is a running machine.
type VM struct {
	cmd     *exec.Cmd
	dir     string
	command string
	con     *Console
	stdin   io.WriteCloser
	qmp     *monitor
	unlock  func()
	done    chan struct{}
	err     error // valid after done
	once    sync.Once
}

// Start boots the machine; everything the guest prints goes to console, which
// may be nil. One machine runs at a time on a host, since emulated ones starve
// each other: Start waits for its turn until ctx ends. When ctx ends later, the
// machine is killed. The caller must call Close.
func Start(ctx context.Context, c Config, console io.Writer) (*VM, error) {
	unlock, err := turn(ctx)
	if err != nil {
		return nil, err
	}
	vm := &VM{con: newConsole(console), unlock: unlock, done: make(chan struct{})}
	if err := vm.start(ctx, c); err != nil {
		vm.cleanup()
		return nil, err
	}
	go vm.reap()
	return vm, nil
}

func (vm *VM) start(ctx context.Context, c Config) error {
	var err error
	if vm.dir, err = os.MkdirTemp("", "lethe-vm-*"); err != nil {
		return fmt.Errorf("start machine: %w", err)
	}
	sock := filepath.Join(vm.dir, "qmp")
	words, err := c.command(vm.dir, sock)
	if err != nil {
		return err
	}
	vm.command = quote(words)
	vm.cmd = exec.CommandContext(ctx, words[0], words[1:]...)
	vm.cmd.Stdout, vm.cmd.Stderr = vm.con, vm.con
	// A group of its own: Ctrl-C at the terminal is for us to act on.
	vm.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	vm.cmd.WaitDelay = 5 * time.Second
	if vm.stdin, err = vm.cmd.StdinPipe(); err != nil {
		return fmt.Errorf("start machine: %w", err)
	}
	if err := vm.cmd.Start(); err != nil {
		return notStarted(words[0], err)
	}
	vm.qmp = watch(sock, vm.done)
	return nil
}

// command returns QEMU's command line, whose files are in dir.
func (c Config) command(dir, qmp string) ([]string, error) {
	f := files{qmp: qmp}
	var err error
	if f.initrd, err = c.initrd(dir); err != nil {
		return nil, err
	}
	if f.vars, err = c.vars(dir); err != nil {
		return nil, err
	}
	args, err := c.args(f)
	return append([]string{cmp.Or(c.QEMU, "qemu-system-x86_64")}, args...), err
}

func notStarted(prog string, err error) error {
	if errors.Is(err, exec.ErrNotFound) {
		return fmt.Errorf("%s is missing: apt-get install qemu-system-x86", prog)
	}
	return fmt.Errorf("start machine: %w", err)
}

// Attach runs the machine with its serial line on this program's own standard
// streams, for a person: Ctrl-A x pulls the plug, Ctrl-A h lists what else there
// is. It waits for no turn.
func Attach(ctx context.Context, c Config) error {
	dir, err := os.MkdirTemp("", "lethe-vm-*")
	if err != nil {
		return fmt.Errorf("start machine: %w", err)
	}
	defer os.RemoveAll(dir)
	words, err := c.command(dir, "")
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, words[0], words[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	if err := cmd.Start(); err != nil {
		return notStarted(words[0], err)
	}
	return cmd.Wait()
}

// initrd returns the path of the initrd with the overlays appended.
func (c Config) initrd(dir string) (string, error) {
	if len(c.Overlays) == 0 || c.Initrd == "" {
		return c.Initrd, nil
	}
	base, err := os.ReadFile(c.Initrd)
	if err != nil {
		return "", fmt.Errorf("read initrd: %w", err)
	}
	name := filepath.Join(dir, "initrd.img")
	// Overlays carry keys: for nobody else to read.
	f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return "", fmt.Errorf("write initrd: %w", err)
	}
	_, err = initramfs.Concat(f, append([][]byte{base}, c.Overlays...)...)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return name, err
}

func (vm *VM) reap() {
	err := vm.cmd.Wait()
	reason := vm.qmp.reason()
	switch {
	case err != nil:
		vm.err = fmt.Errorf("%w: %w", ErrNotPowerOff, err)
	case reason != "guest-shutdown":
		vm.err = fmt.Errorf("%w: %s", ErrNotPowerOff, cmp.Or(reason, "no reason given"))
	}
	vm.con.close()
	vm.cleanup()
	close(vm.done)
}

func (vm *VM) cleanup() {
	vm.once.Do(func() {
		if vm.dir != "" {
			os.RemoveAll(vm.dir)
		}
		vm.unlock()
	})
}

// Wait returns when the machine has ended: nil after a power-off by the guest,
// an error that wraps ErrNotPowerOff after anything else, or that of ctx.
func (vm *VM) Wait(ctx context.Context) error {
	select {
	case <-vm.done:
		return vm.err
	case <-ctx.Done():
		return fmt.Errorf("wait for power-off: %w", context.Cause(ctx))
	}
}

// Done is closed when the machine has ended.
func (vm *VM) Done() <-chan struct{} { return vm.done }

// Expect waits for a match; see Console.Expect.
func (vm *VM) Expect(ctx context.Context, pattern string) ([]string, error) {
	return vm.con.Expect(ctx, pattern)
}

// Output returns everything the guest has printed so far.
func (vm *VM) Output() string { return vm.con.String() }

// Send types text into the serial console.
func (vm *VM) Send(text string) error {
	if _, err := io.WriteString(vm.stdin, text); err != nil {
		return fmt.Errorf("type into console: %w", err)
	}
	return nil
}

// Command returns QEMU's command line, for a shell.
func (vm *VM) Command() string { return vm.command }

// PID is QEMU's.
func (vm *VM) PID() int { return vm.cmd.Process.Pid }

// Close kills the machine when it still runs, as pulling the plug does, waits
// for its end and removes its files.
func (vm *VM) Close() {
	select {
	case <-vm.done:
	default:
		_ = vm.cmd.Process.Kill() // it may have ended just now
		<-vm.done
	}
}
