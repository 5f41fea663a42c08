package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"

	"lethe/certs/record"
	"lethe/cmd/internal/cli"
	"lethe/wipe/judge"
)

// hostTool says what is running here: version, digest of the running executable, kernel.
func hostTool() (record.Tool, error) {
	t := record.Tool{Name: "Lethe", Version: version}
	f, err := os.Open("/proc/self/exe")
	if err != nil {
		return t, fmt.Errorf("digest own executable: %w", err)
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return t, fmt.Errorf("digest own executable: %w", err)
	}
	t.Binary = hex.EncodeToString(h.Sum(nil))
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return t, fmt.Errorf("ask kernel release: %w", err)
	}
	t.Kernel = unix.ByteSliceToString(u.Sysname[:]) + " " + unix.ByteSliceToString(u.Release[:])
	return t, nil
}

// hostClock asks the kernel whether something disciplines its clock (adjtimex(2):
// TIME_ERROR means that nothing does).
func hostClock() record.Clock {
	var x unix.Timex
	state, err := unix.Adjtimex(&x)
	const timeError = 5
	if err != nil || state == timeError {
		return record.Clock{Source: "rtc", Quality: "unauthenticated"}
	}
	return record.Clock{Source: "kernel clock disciplined on this host", Quality: "synchronised"}
}

func versionCommand() cli.Command {
	return cli.Command{
		Name: "version", Short: "say which lethe this is",
		Flags: func(*flag.FlagSet) cli.Run {
			return func(_ context.Context, env cli.Env, _ []string) error {
				t, err := hostTool()
				if err != nil {
					return err
				}
				fmt.Fprintf(env.Stdout, "lethe %s (%s)\nbinary sha256 %s\n", t.Version, judge.Version, t.Binary)
				return nil
			}
		},
	}
}
