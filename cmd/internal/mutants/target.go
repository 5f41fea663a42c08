package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// target is the test binary of one package.
type target struct {
	root, dir string // the module; a folder of its own for what is temporary
	pkg, tags string
	overlay   string  // path, or empty
	apart     uintptr // the namespaces its commands get for themselves
}

func (t target) binary() string { return filepath.Join(t.dir, "package.test") }

// flags go by the environment, so that a test that builds a command of the product
// builds the changed one.
func (t target) flags() []string {
	env := append(os.Environ(), "TMPDIR="+t.dir)
	if t.overlay != "" {
		env = append(env, "GOFLAGS="+strings.TrimSpace(os.Getenv("GOFLAGS")+" -overlay="+t.overlay))
	}
	return env
}

func (t target) build(ctx context.Context) error {
	cmd := t.command(ctx, t.root, "go", "test", "-c", "-vet=off", "-ldflags=-s -w", "-tags="+t.tags, "-o", t.binary(), "./"+t.pkg)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("not compiled: %w\n%s", err, tail(out))
	}
	if _, err := os.Stat(t.binary()); err != nil {
		return errors.New("the package has no tests")
	}
	return nil
}

type outcome struct {
	red, hung bool
	why       string // the tests that failed, or the end of the output
	err       error  // the test was not run
}

// test runs one test function.
func (t target) test(ctx context.Context, timeout time.Duration, name string) outcome {
	const grace = 10 * time.Second // to say where it hangs
	ctx, cancel := context.WithTimeout(ctx, timeout+grace)
	defer cancel()
	t.apart = syscall.CLONE_NEWNS // a broken product may leave mounts
	cmd := t.command(ctx, filepath.Join(t.root, t.pkg), t.binary(), "-test.run=^"+name+"$",
		"-test.v", "-test.failfast", "-test.paniconexit0", "-test.timeout="+timeout.String())
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return outcome{red: true, hung: true, why: "no end"}
	case bytes.Contains(out, []byte("panic: test timed out after")):
		return outcome{red: true, hung: true, why: "ran out of time"}
	case err != nil && !errors.As(err, &exit):
		return outcome{err: fmt.Errorf("run %s: %w", name, err)}
	case !bytes.Contains(out, []byte("=== RUN   "+name)):
		return outcome{err: fmt.Errorf("%s was not run: %s", name, tail(out))}
	case bytes.Contains(out, []byte("--- SKIP: "+name+" ")):
		return outcome{err: fmt.Errorf("%s was skipped", name)}
	case err == nil:
		return outcome{}
	}
	if r := reds(string(out)); len(r) > 0 {
		return outcome{red: true, why: strings.Join(r[:min(len(r), 3)], ", ")}
	}
	return outcome{red: true, why: "crashed: " + tail(out)}
}

// command is run at low priority, and ended with all that it started.
func (t target) command(ctx context.Context, dir string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "nice", append([]string{"-n", "10"}, args...)...)
	cmd.Dir, cmd.Env = dir, t.flags()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Unshareflags: t.apart}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 5 * time.Second
	return cmd
}

// tail is the end of an output.
func tail(out []byte) string {
	const most = 600
	out = bytes.TrimSpace(out)
	if len(out) > most {
		out = append([]byte("... "), out[len(out)-most:]...)
	}
	return string(out)
}
