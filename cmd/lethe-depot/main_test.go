package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"lethe/certs/bundle"
	"lethe/certs/deliver"
	"lethe/certs/sign"
	"lethe/cmd/lethe-depot/internal/depottest"
	"lethe/cmd/lethe-depot/internal/identity"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"lethe-depot": main, "send": send})
}

// send delivers files to a depot: send [-intent] URL ROOT FILE…
func send() {
	intent := flag.Bool("intent", false, "")
	flag.Parse()
	err := func() error {
		roots, err := identity.ReadRoots(flag.Arg(1))
		if err != nil {
			return err
		}
		h, err := deliver.NewHTTPS(flag.Arg(0), roots, roots, time.Now)
		if err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		for _, f := range flag.Args()[2:] {
			b, err := os.ReadFile(f)
			if err != nil {
				return err
			}
			if *intent {
				if _, err = h.Acknowledge(ctx, b); err == nil {
					fmt.Println("acknowledged")
				}
			} else {
				var r bundle.Receipt
				if r, err = h.Deliver(ctx, bundle.Bundle{Name: filepath.Base(f), PDF: b}); err == nil {
					fmt.Println("delivered", r.ID, r.Kind, r.State)
				}
			}
			if err != nil {
				return err
			}
		}
		return nil
	}()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// Each script gets keys (depot.pem, depot.key, root.pem and the wrong ones beside
// them), papers (c.pdf, n.pdf, s.pdf, second.pdf) and a free PORT.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata", Setup: func(e *testscript.Env) error {
		k := depottest.New(t)
		dir := e.WorkDir
		k.Write(t, dir)
		c, n := k.Certificate(t, "S1"), k.Notice(t, "S2")
		for name, pdf := range map[string][]byte{"c.pdf": c.PDF, "n.pdf": n.PDF,
			"s.pdf": k.Summary(t, c, n).PDF, "second.pdf": k.Reissued(t, "S1").PDF, "broken.pdf": c.PDF[:len(c.PDF)-1]} {
			if err := os.WriteFile(filepath.Join(dir, name), pdf, 0o644); err != nil {
				return err
			}
		}
		at := func(base string) (string, string) {
			return filepath.Join(dir, base+".key"), filepath.Join(dir, base+".pem")
		}
		key, pem := at("machine")
		ended := k.Leaf(t, sign.Lasting(time.Now().Add(-time.Hour), time.Minute))
		endedKey, endedPEM := at("ended")
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		e.Setenv("PORT", fmt.Sprint(l.Addr().(*net.TCPAddr).Port))
		// Canonical JSON ends without a newline, which a script cannot write.
		intent := []byte(`{"plan":"00","tasks":["t1"]}`)
		return errors.Join(os.WriteFile(filepath.Join(dir, "intent.json"), intent, 0o644), sign.WriteSigner(key, pem, k.Desk.Machine),
			sign.WriteSigner(endedKey, endedPEM, ended), l.Close())
	}, Cmds: map[string]func(*testscript.TestScript, bool, []string){"waitport": waitPort, "terminate": terminate, "status": status}})
}

// waitPort waits until 127.0.0.1:PORT answers.
func waitPort(ts *testscript.TestScript, _ bool, _ []string) {
	ts.Check(answering("127.0.0.1:" + ts.Getenv("PORT")))
}

// answering waits until somebody listens.
func answering(addr string) error {
	for range 200 {
		c, err := net.Dial("tcp", addr)
		if err == nil {
			return c.Close()
		}
		time.Sleep(50 * time.Millisecond)
	}
	return fmt.Errorf("nobody listens on %s", addr)
}

// terminate sends SIGTERM to the background commands; wait tells how they ended.
func terminate(ts *testscript.TestScript, _ bool, _ []string) {
	for _, c := range ts.BackgroundCmds() {
		ts.Check(c.Process.Signal(os.Interrupt))
	}
}

// status runs a command and compares its exit status: status N COMMAND [ARG…]
func status(ts *testscript.TestScript, _ bool, args []string) {
	got := 0
	err := ts.Exec(args[1], args[2:]...)
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if fmt.Sprint(got) != args[0] {
		ts.Fatalf("exit status %d; want %s", got, args[0])
	}
}
