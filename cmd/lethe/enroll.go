package main

import (
	"context"
	"errors"
	"flag"
	"fmt"

	"lethe/cmd/internal/cli"
	"lethe/cmd/internal/efi"
	"lethe/inventory"
)

func enrollCommand() cli.Command {
	return cli.Command{
		Name: "enroll", Short: "put your own Secure Boot keys into this machine's firmware",
		Help: `lethe enroll writes db, KEK and PK of lethe-image keys into the firmware, which must
be in setup mode (its menu calls it so, or "clear keys"). From the next start on the
machine refuses whatever you did not sign: other systems, and option ROMs of adapters
unless their signer is in db (lethe-image keys --also).

  lethe enroll                                   says what the firmware is in
  lethe enroll --keys DIR --confirm SERIAL       DIR has db.auth, KEK.auth, PK.auth;
                                                 SERIAL is the machine's serial number`,
		Flags: func(fs *flag.FlagSet) cli.Run {
			keys := fs.String("keys", "", "`folder` with db.auth, KEK.auth and PK.auth")
			confirm := fs.String("confirm", "", "the machine's `serial` number, typed by a person")
			return func(_ context.Context, env cli.Env, args []string) error {
				return enroll(env, *keys, *confirm, args)
			}
		},
	}
}

func enroll(env cli.Env, dir, confirm string, args []string) error {
	if len(args) > 0 || (dir == "") != (confirm == "") {
		return cli.Usagef("say: lethe enroll --keys DIR --confirm SERIAL")
	}
	s, err := efi.Read(efi.Dir)
	if err != nil {
		return err
	}
	serial := inventory.ReadMachine().Serial
	if dir == "" {
		fmt.Fprintf(env.Stdout, "UEFI %s, Secure Boot %s, setup mode %s; machine serial number %q\n%s\n",
			onOff(s.EFI), onOff(s.SecureBoot), onOff(s.SetupMode), serial, s.Sentence())
		return nil
	}
	k, err := efi.ReadKeys(dir)
	if err != nil {
		return cli.Usagef("%v", err)
	}
	if serial == "" || confirm != serial {
		return cli.Refusedf("this machine's serial number is %q, not %q: nothing was written", serial, confirm)
	}
	err = efi.Enrol(efi.Dir, k)
	if errors.Is(err, efi.ErrNotSetup) || errors.Is(err, efi.ErrNoEFI) {
		return cli.Refusedf("%v: nothing was written", err)
	}
	if err != nil {
		return err
	}
	fmt.Fprintln(env.Stdout, "the keys are in; from the next start on only what you signed starts")
	return nil
}

func onOff(b bool) string {
	if b {
		return "on"
	}
	return "off"
}
