// Lethe-image builds the boot image: Debian's signed kernel and an initramfs
// with u-root, the kernel modules of a profile and the lethe binary.
//
// Synopsis:
//
//	lethe-image build --lethe FILE --out DIR [--profile vm|full] [--kernel 6.1|6.12] [--add PATH=FILE[,MODE]]...
//	lethe-image keys --owner NAME --out DIR [--also CERT]...
//	lethe-image kernel show | update [--kernel 6.1|6.12]
//	lethe-image overlay --out FILE [--onto INITRD] --add PATH=FILE[,MODE]...
//
// Exit status: 0 done, 1 failed, 2 wrong usage.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

const (
	exitOK    = 0
	exitFail  = 1
	exitUsage = 2
)

const usage = `lethe-image builds what Lethe boots.

  lethe-image build --lethe FILE --out DIR   the boot image in all its forms
  lethe-image keys --owner NAME --out DIR    your own Secure Boot keys
  lethe-image kernel show                    the locked Debian kernel
  lethe-image kernel update                  move the lock to the newest one
  lethe-image overlay --out FILE --add ...   an archive of site files or keys
  lethe-image COMMAND --help                 flags of a command

EXIT STATUS
  0  done
  1  failed; one line on standard error says why
  2  wrong usage
`

// usageError is a mistake in the command line.
type usageError struct{ msg string }

func (e *usageError) Error() string { return e.msg }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	err := dispatch(ctx, args, stdout)
	var bad *usageError
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return exitOK
	case errors.As(err, &bad):
		fmt.Fprintf(stderr, "lethe-image: %v (see lethe-image --help)\n", err)
		return exitUsage
	}
	fmt.Fprintf(stderr, "lethe-image: %v\n", err)
	return exitFail
}

func dispatch(ctx context.Context, args []string, stdout io.Writer) error {
	if len(args) == 0 {
		return &usageError{"no command given"}
	}
	switch args[0] {
	case "build":
		return buildCmd(ctx, args[1:], stdout)
	case "keys":
		return keysCmd(args[1:], stdout)
	case "kernel":
		return kernelCmd(ctx, args[1:], stdout)
	case "overlay":
		return overlayCmd(args[1:], stdout)
	case "help", "-h", "--help", "-help":
		_, err := io.WriteString(stdout, usage)
		return err
	}
	return &usageError{fmt.Sprintf("unknown command %q", args[0])}
}

// newFlags returns a flag set whose help goes to stdout and whose mistakes are
// returned, not printed.
func newFlags(name, about string) *flag.FlagSet {
	fs := flag.NewFlagSet("lethe-image "+name, flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.Usage = func() {
		fmt.Fprintf(fs.Output(), "lethe-image %s: %s\n\nFLAGS\n", name, about)
		fs.PrintDefaults()
	}
	return fs
}

// parse refuses words that are not flags.
func parse(fs *flag.FlagSet, args []string, stdout io.Writer) error {
	err := fs.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		fs.SetOutput(stdout)
		fs.Usage()
		return err
	}
	if err != nil {
		return &usageError{err.Error()}
	}
	if fs.NArg() > 0 {
		return &usageError{fmt.Sprintf("%q is not a flag", fs.Arg(0))}
	}
	return nil
}
