// Command lethe-demo shows the main job: it boots the image in QEMU with four
// drives full of data, has them erased under a signed order, receives the papers
// and proves on the host that all of it is so. It touches nothing but its own
// files in out/demo and one loop device in front of one of them.
//
// Synopsis:
//
//	lethe-demo [--out out/demo] [--size 256] [--quiet]
//	lethe-demo --explain
//	lethe-demo boot [--artefact iso] [--firmware uefi] [--bus nvme,usb] DISK...
//
// The last boots any form of the image with files or loop devices of this machine
// as drives, for a person to try it out.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"lethe/cmd/internal/cli"
	"lethe/cmd/internal/demo"
)

const intro = `This installs the Debian packages it lacks (.ci/deps lists them), builds the boot
image in out/ (minutes the first time, seconds later), makes four scratch drives of
%d MiB in %s (one behind a loop device of this machine), fills them with file
systems and files, signs an order for exactly these four, boots the image in QEMU,
lets it erase them, receives the certificates from it over TLS on loopback, and
then reads every drive here on the host. It writes nowhere else. Ctrl-C cleans up.

`

func main() { os.Exit(run(os.Args[1:])) }

func run(args []string) int {
	env := cli.System("lethe-demo")
	if len(args) > 0 && args[0] == "boot" {
		return cli.Report(env, bootImage(context.Background(), args[1:]))
	}
	fs := flag.NewFlagSet("lethe-demo", flag.ContinueOnError)
	out := fs.String("out", "out/demo", "`folder` for papers, root.pem and summary.json")
	size := fs.Int64("size", 256, "size of each drive in `MiB`")
	img := fs.String("image", "out/image", "`folder` of the boot image (make image)")
	quiet := fs.Bool("quiet", false, "do not show the machine's console")
	explain := fs.Bool("explain", false, "only say what would be installed and touched")
	if err := fs.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return cli.ExitOK
		}
		return cli.ExitUsage
	}
	if fs.NArg() > 0 || *size < 32 {
		return cli.Report(env, cli.Usagef("no arguments; --size at least 32"))
	}
	if *explain {
		fmt.Fprintf(env.Stdout, intro, *size, *out)
		return cli.ExitOK
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	o := demo.Options{Out: *out, Image: *img, Size: *size << 20,
		Say: func(f string, a ...any) { fmt.Fprintf(env.Stdout, f+"\n", a...) }}
	if !*quiet {
		o.Console, o.Live = env.Stdout, env.TTY
	}
	err := show(ctx, env, o)
	if ctx.Err() != nil {
		err = fmt.Errorf("%w; loop device, depot and machine are gone", cli.ErrSignal)
	}
	return cli.Report(env, err)
}

func show(ctx context.Context, env cli.Env, o demo.Options) error {
	if os.Geteuid() != 0 {
		return cli.Refusedf("a loop device needs root: sudo make demo")
	}
	exe, err := os.Executable()
	if err != nil {
		return err
	}
	o.Bin = filepath.Dir(exe)
	res, err := demo.Run(ctx, o)
	if err != nil {
		return err
	}
	if err := res.Write(o.Out); err != nil {
		return err
	}
	res.Table(env.Stdout)
	fmt.Fprintf(env.Stdout, "\nLook: %s/*.pdf    Check: bin/lethe-check --trust %s/root.pem %s/*.pdf\n", o.Out, o.Out, o.Out)
	if !res.Proven {
		return cli.Failedf("the demonstration did not prove what it should")
	}
	return nil
}
