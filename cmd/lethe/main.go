// Command lethe erases the drives of a retired server, proves it, and leaves
// signed certificates. One static binary is the agent in the boot image, the
// worker that holds one drive, and the operator's tool on a host.
//
// Synopsis:
//
//	lethe COMMAND [flags] [arguments]
//
// `lethe --help` lists the commands and the exit statuses.
package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"

	"lethe/cmd/internal/cli"
	"lethe/cmd/internal/sysinit"
)

// version is set by the build (-X main.version).
var version = "0.1.0-dev"

const about = `lethe erases drives, proves it, and leaves signed certificates.

Nothing is erased without a signed order, or a serial number that a person types.`

func main() { os.Exit(run(os.Args)) }

func run(argv []string) int {
	// In the image the same binary is called by other names too.
	if status, ok := sysinit.Applet(argv); ok {
		return status
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return cli.Main(ctx, cli.System("lethe"), about, commands(), argv[1:])
}

func commands() []cli.Command {
	return []cli.Command{
		listCommand(), planCommand(), eraseCommand(), verifyCommand(), abortCommand(), recoverCommand(), doctorCommand(),
		orderCommand(), keyCommand(), stickCommand(), enrollCommand(),
		bootCommand(), workerCommand(), lookerCommand(), versionCommand(),
	}
}

// signalled turns the end of a cancelled context into the exit status of a signal.
func signalled(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return errors.Join(cli.ErrSignal, err)
	}
	return err
}
