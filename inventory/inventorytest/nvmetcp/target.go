package nvmetcp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"

	"lethe/inventory/inventorytest/simnvme"
)

// Subsystem is what a target serves. An error is a command that is never answered: the
// target then drops the host, as a drive does that lost its power.
type Subsystem interface {
	Admin(ctx context.Context, controller uint16, e simnvme.Entry, data []byte) (status uint16, result uint32, err error)
	IO(ctx context.Context, controller uint16, e simnvme.Entry, data []byte) (status uint16, result uint32, err error)
}

// Options is the line that makes a Linux host connect when it is written to
// /dev/nvme-fabrics. There is one I/O queue.
func Options(address, port, nqn string) string {
	return fmt.Sprintf("transport=tcp,traddr=%s,trsvcid=%s,nqn=%s,nr_io_queues=1,keep_alive_tmo=30", address, port, nqn)
}

// Target is one controller of a subsystem behind one port.
type Target struct {
	sub        Subsystem
	nqn        string
	controller uint16
	listener   net.Listener
	ctx        context.Context
	stop       context.CancelFunc

	mu    sync.Mutex
	conns map[net.Conn]bool
	wait  sync.WaitGroup
	cc    uint32 // controller configuration, as the host set it
}

// Serve listens on address, of the loopback interface, until Close.
func Serve(address string, sub Subsystem, nqn string, controller uint16) (*Target, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("serve drive: %w", err)
	}
	t := &Target{sub: sub, nqn: nqn, controller: controller, listener: l, conns: map[net.Conn]bool{}}
	t.ctx, t.stop = context.WithCancel(context.Background())
	t.wait.Add(1)
	go t.accept()
	return t, nil
}

// Addr is where it listens.
func (t *Target) Addr() *net.TCPAddr { return t.listener.Addr().(*net.TCPAddr) }

// Close ends it and waits until no host is served.
func (t *Target) Close() error {
	t.stop()
	err := t.listener.Close()
	t.Drop()
	t.wait.Wait()
	return err
}

// Drop cuts off every host, as a reset of the controller does. A host connects again.
func (t *Target) Drop() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.drop()
}

func (t *Target) drop() {
	for c := range t.conns {
		c.Close()
	}
	clear(t.conns)
}

// failed cuts off every host after a command of c was not answered, once for all that
// were cut off together: a host that is back already keeps its connection.
func (t *Target) failed(c net.Conn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.conns[c] {
		t.drop()
	}
}

func (t *Target) accept() {
	defer t.wait.Done()
	for {
		c, err := t.listener.Accept()
		if err != nil {
			return
		}
		t.mu.Lock()
		t.conns[c] = true
		t.mu.Unlock()
		t.wait.Add(1)
		go t.serve(c)
	}
}

func (t *Target) serve(c net.Conn) {
	defer t.wait.Done()
	defer func() {
		c.Close()
		t.mu.Lock()
		delete(t.conns, c)
		t.mu.Unlock()
	}()
	q := &queue{t: t, conn: c, transfers: map[uint16]*transfer{}}
	if err := q.run(); errors.Is(err, errDrive) {
		t.failed(c) // what happened to the drive, happened to all of its queues
	}
}

// configure sets the controller configuration, and configuration tells it.
func (t *Target) configure(v uint32) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.cc = v
}

func (t *Target) configuration() uint32 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.cc
}
