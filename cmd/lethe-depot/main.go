// Lethe-depot keeps the papers of erased machines: it takes certificates, notices
// and summaries by HTTPS, judges each again before it keeps it, and answers with a
// signed receipt.
//
// Synopsis:
//
//	lethe-depot serve  --dir DIR --cert FILE --key FILE --trust FILE [--listen ADDR]
//	lethe-depot verify --dir DIR --trust FILE
//
// Exit status: 0 done, 1 failed or a paper does not hold, 2 wrong usage.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

const (
	exitOK    = 0
	exitFail  = 1
	exitUsage = 2
)

const usage = `lethe-depot keeps the papers of erased machines.

  lethe-depot serve    take papers by HTTPS, judge them again, keep them, give receipts
  lethe-depot verify   judge every paper that is kept once more
  lethe-depot COMMAND --help

EXIT STATUS
  0  done; verify: every paper holds
  1  failed, or a paper does not hold; one line on standard error says why
  2  wrong usage
`

// usageError is a mistake in the command line.
type usageError struct{ msg string }

func (e *usageError) Error() string { return e.msg }

// errQuiet is a failure that the output has told already.
var errQuiet = errors.New("told already")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	err := dispatch(ctx, args, stdout, stderr)
	var bad *usageError
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return exitOK
	case errors.Is(err, errQuiet):
		return exitFail
	case errors.As(err, &bad):
		fmt.Fprintf(stderr, "lethe-depot: %v (see lethe-depot --help)\n", err)
		return exitUsage
	}
	fmt.Fprintf(stderr, "lethe-depot: %s\n", strings.ReplaceAll(err.Error(), "\n", "; "))
	return exitFail
}

func dispatch(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	if len(args) == 0 {
		return &usageError{"no command given"}
	}
	switch args[0] {
	case "serve":
		return serveCmd(ctx, args[1:], stdout, stderr)
	case "verify":
		return verifyCmd(args[1:], stdout)
	case "help", "--help", "-help", "-h":
		_, err := io.WriteString(stdout, usage)
		return err
	}
	return &usageError{fmt.Sprintf("no command %q", args[0])}
}

// parse reads flags, prints help to stdout when asked, and insists on the flags
// named.
func parse(fs *flag.FlagSet, help string, args []string, stdout io.Writer, required ...string) error {
	fs.SetOutput(io.Discard)
	err := fs.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(stdout, help)
		fs.SetOutput(stdout)
		fs.PrintDefaults()
		return err
	}
	if err != nil {
		return &usageError{err.Error()}
	}
	if fs.NArg() > 0 {
		return &usageError{fmt.Sprintf("%s: unexpected argument %q", fs.Name(), fs.Arg(0))}
	}
	for _, name := range required {
		if fs.Lookup(name).Value.String() == "" {
			return &usageError{fmt.Sprintf("%s: --%s is required", fs.Name(), name)}
		}
	}
	return nil
}
