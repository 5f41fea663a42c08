//go:build long

package demo_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"path/filepath"
	"testing"
	"time"
)

// A stick that fills up is told in one line; the machine keeps the papers, stays
// on and tries again. Nothing that lay on the stick suffers.
func TestStickFull(t *testing.T) {
	s := newStickStage(t, twoTargets...)
	s.makeStick(360<<10, 0)
	s.sign()
	free := 360<<10 - 60_000 - 40<<10
	s.put("::filler.bin", bytes.Repeat([]byte("f"), free-24<<10))
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	vm := s.boot(ctx)
	s.expect(ctx, vm, `intent is on the stick`,
		`delivery stick `+stickSerial+` is full; take it out, make room, put it back`,
		`3 papers are not delivered .* tried again in 30s`)
	select {
	case <-vm.Done():
		t.Error("the machine went off with undelivered papers")
	case <-time.After(2 * time.Second):
	}
	vm.Close()
	s.intact()
	if files, _ := filepath.Glob(filepath.Join(s.papers(), "*.pdf")); len(files) != 0 {
		t.Errorf("half papers on the stick: %v", files)
	}
}

// A stick that is pulled during the run is told; the papers wait in memory and the
// machine for the stick. Back again, and proved again, it takes them all.
func TestStickPulled(t *testing.T) {
	s := newStickStage(t, twoTargets...)
	s.makeStick(48<<20, 1<<20)
	s.sign()
	ctx, cancel := context.WithTimeout(t.Context(), 6*time.Minute)
	defer cancel()
	sock := filepath.Join(s.dir, "monitor")
	vm := s.boot(ctx, "-monitor", "unix:"+sock+",server=on,wait=off")
	s.expect(ctx, vm, `intent is on the stick`)
	if err := vm.Unplug(ctx, 0); err != nil {
		t.Fatal(err)
	}
	s.expect(ctx, vm, `delivery stick `+stickSerial+` is not there or does not answer; put it back`,
		`3 papers are not delivered .* tried again in 30s`)
	s.monitor(sock, fmt.Sprintf("drive_add 0 if=none,id=again,file=%s,format=raw,cache=writeback", s.img),
		"device_add usb-storage,bus=xhci.0,drive=again,removable=on,serial="+stickSerial)
	s.expect(ctx, vm, `written and read back`, `the stick may be removed`)
	s.delivered(ctx, vm)
}

// monitor types commands into QEMU's monitor.
func (s *stickStage) monitor(sock string, commands ...string) {
	s.t.Helper()
	c, err := net.Dial("unix", sock)
	if err != nil {
		s.t.Fatal(err)
	}
	defer c.Close()
	for _, w := range commands {
		if _, err := fmt.Fprintln(c, w); err != nil {
			s.t.Fatal(err)
		}
		time.Sleep(time.Second) // its answers are echoes for people
	}
	b := make([]byte, 64<<10)
	n, _ := c.Read(b)
	s.t.Logf("monitor: %q", b[:n])
}
