package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"

	"lethe/cmd/internal/cli"
	"lethe/cmd/internal/demo"
	"lethe/image/boottest"
)

const bootUsage = `lethe-demo boot [FLAGS] DISK...   boots an image in QEMU, its serial line on this terminal

DISK is a file or a loop device of this machine, and becomes a drive of the emulated
one; with an order in the image it is ERASED. Any other device is refused. The machine
reaches this one's loopback at 10.0.2.2. Ctrl-A x pulls the plug; Ctrl-A h says more.

FLAGS
`

// bootFlags are those of lethe-demo boot.
type bootFlags struct {
	image, artefact, firmware, chipset, buses, work, vars string
	memory                                                int
}

func (b *bootFlags) parse(args []string) (*flag.FlagSet, error) {
	fs := flag.NewFlagSet("lethe-demo boot", flag.ContinueOnError)
	fs.Usage = func() {
		fmt.Fprint(fs.Output(), bootUsage)
		fs.PrintDefaults()
	}
	fs.StringVar(&b.image, "image", "out/image", "`folder` of lethe-image build")
	fs.StringVar(&b.artefact, "artefact", "kernel", "what of it: "+strings.Join(demo.Artefacts(), ", "))
	fs.StringVar(&b.firmware, "firmware", "", "bios, uefi or secureboot (Microsoft's keys); default: uefi for uki, else bios")
	fs.StringVar(&b.chipset, "chipset", "q35", "q35 or pc")
	fs.StringVar(&b.buses, "bus", "sata", "`list` of buses, one a disk, the last for the rest: "+strings.Trim(fmt.Sprint(boottest.Buses()), "[]"))
	fs.StringVar(&b.work, "work", "out/qemu", "`folder` for copies of sticks, which the machine may write to")
	fs.StringVar(&b.vars, "vars", "", "`file` of UEFI variables, which the machine changes; default: new ones")
	fs.IntVar(&b.memory, "memory", 1024, "`MiB`")
	return fs, fs.Parse(args)
}

func (b *bootFlags) config(disks []string) (c boottest.Config, err error) {
	firmware := map[string]boottest.Firmware{"bios": boottest.BIOS, "uefi": boottest.UEFI, "secureboot": boottest.SecureBoot}
	if b.firmware == "" {
		b.firmware = map[bool]string{true: "uefi", false: "bios"}[b.artefact == "uki"]
	}
	f, ok := firmware[b.firmware]
	if !ok {
		return c, cli.Usagef("no firmware %q: bios, uefi or secureboot", b.firmware)
	}
	drives, err := demo.TrialDrives(disks, strings.Split(b.buses, ","))
	if errors.Is(err, boottest.ErrRealDisk) {
		return c, cli.Refusedf("%v", err)
	} else if err != nil {
		return c, cli.Usagef("%v", err)
	}
	if err := os.MkdirAll(b.work, 0o755); err != nil {
		return c, err
	}
	if c, err = demo.StartFrom(b.artefact, f, b.image, b.work); errors.Is(err, demo.ErrArtefact) {
		return c, cli.Usagef("%v", err)
	}
	c.Drives, c.MemoryMiB, c.Vars = drives, b.memory, b.vars
	if b.chipset != "q35" {
		c.Chipset = boottest.Chipset(b.chipset)
	}
	return c, err
}

// bootImage is lethe-demo boot.
func bootImage(ctx context.Context, args []string) error {
	var b bootFlags
	fs, err := b.parse(args)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	} else if err != nil {
		return cli.Usagef("%v", err)
	}
	c, err := b.config(fs.Args())
	if err != nil {
		return err
	}
	return boottest.Attach(ctx, c)
}
