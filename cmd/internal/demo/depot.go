package demo

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"lethe/certs/sign"
)

// depot is a lethe-depot of this run.
type depot struct {
	addr   string // on loopback
	dir    string // where it stores
	key    string
	cert   string
	log    string
	cmd    *exec.Cmd
	exited chan error
}

// newDepot makes its key and picks a free port.
func newDepot(root *sign.Authority, work string, life time.Duration) (*depot, error) {
	s, err := root.Leaf(sign.RoleDepot, "Lethe demo depot", sign.Lasting(time.Now(), life),
		hostFromGuest, "127.0.0.1", "localhost")
	if err != nil {
		return nil, err
	}
	d := &depot{dir: filepath.Join(work, "depot"), key: filepath.Join(work, "depot-key.pem"),
		cert: filepath.Join(work, "depot.pem"), log: filepath.Join(work, "depot.log")}
	if err := sign.WriteSigner(d.key, d.cert, s); err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	d.addr = l.Addr().String()
	return d, l.Close()
}

func (d *depot) url(host string) string {
	_, port, _ := net.SplitHostPort(d.addr)
	return "https://" + net.JoinHostPort(host, port)
}

// firstDepot makes the depot's folder and starts it, unless it is to come later.
func (s *stage) firstDepot() error {
	if err := os.MkdirAll(s.depot.dir, 0o755); err != nil || s.NoDepot {
		return err
	}
	return s.startDepot()
}

// startDepot starts the depot and waits until it answers.
func (s *stage) startDepot() error {
	d := s.depot
	log, err := os.OpenFile(d.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	d.cmd = exec.Command(filepath.Join(s.Bin, "lethe-depot"), "serve", "--listen", d.addr, "--dir", d.dir,
		"--cert", d.cert, "--key", d.key, "--trust", filepath.Join(s.Out, "root.pem"))
	d.cmd.Stdout, d.cmd.Stderr = log, log
	d.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	if err := d.cmd.Start(); err != nil {
		return err
	}
	d.exited = make(chan error, 1)
	go func() { d.exited <- d.cmd.Wait() }()
	return d.await(s.ctx)
}

func (d *depot) await(ctx context.Context) error {
	for range 100 {
		if c, err := net.DialTimeout("tcp", d.addr, time.Second); err == nil {
			return c.Close()
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case err := <-d.exited:
			d.exited <- err
			said, _ := os.ReadFile(d.log)
			return fmt.Errorf("lethe-depot ended at once: %s", strings.TrimSpace(string(said)))
		case <-time.After(100 * time.Millisecond):
		}
	}
	return errors.New("lethe-depot does not answer")
}

func (d *depot) stop() error {
	if d.cmd == nil || d.cmd.Process == nil || d.exited == nil {
		return nil
	}
	_ = d.cmd.Process.Signal(syscall.SIGTERM) // it may have ended already
	select {
	case <-d.exited:
	case <-time.After(10 * time.Second):
		_ = d.cmd.Process.Kill()
		<-d.exited
	}
	d.exited = nil
	return nil
}
