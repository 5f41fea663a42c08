package devio

import (
	"context"
	"errors"
	"testing"
	"time"
	"unsafe"

	"lethe/inventory/scsi"
)

// TestLayouts holds the structs that go to the kernel against its own headers.
func TestLayouts(t *testing.T) {
	var h sgHeader
	var p nvmePassthru
	for _, c := range []struct {
		name      string
		got, want uintptr
	}{
		{"sg_io_hdr", unsafe.Sizeof(h), 88},
		{"sg_io_hdr.dxferp", unsafe.Offsetof(h.Data), 16},
		{"sg_io_hdr.timeout", unsafe.Offsetof(h.Timeout), 40},
		{"sg_io_hdr.usr_ptr", unsafe.Offsetof(h.UserPtr), 56},
		{"sg_io_hdr.status", unsafe.Offsetof(h.Status), 64},
		{"sg_io_hdr.host_status", unsafe.Offsetof(h.Host), 68},
		{"sg_io_hdr.info", unsafe.Offsetof(h.Info), 80},
		{"nvme_passthru_cmd", unsafe.Sizeof(p), 72},
		{"nvme_passthru_cmd.addr", unsafe.Offsetof(p.Data), 24},
		{"nvme_passthru_cmd.cdw10", unsafe.Offsetof(p.CDW10), 40},
		{"nvme_passthru_cmd.result", unsafe.Offsetof(p.Result), 68},
	} {
		if c.got != c.want {
			t.Errorf("%s at or of %d bytes; want %d", c.name, c.got, c.want)
		}
	}
}

// TestCompletion is a safety test: an ioctl that succeeded says nothing about
// the command.
//
// mutant: sgio_linux.go: if h.Host != 0 || => if
// mutant: sgio_linux.go: (h.Driver != 0 && h.Driver != driverSense) => false
func TestCompletion(t *testing.T) {
	c := &scsi.Command{Name: "TEST"}
	for _, x := range []struct {
		name string
		h    sgHeader
		fail bool
	}{
		{"good", sgHeader{}, false},
		{"check condition with sense", sgHeader{Status: 2, Driver: 8}, false},
		{"adapter timed out", sgHeader{Host: 3}, true},
		{"adapter reset", sgHeader{Host: 8, Status: 0}, true},
		{"driver failed", sgHeader{Driver: 6}, true},
	} {
		_, err := x.h.response(c, nil)
		var te *TransportError
		if errors.As(err, &te) != x.fail {
			t.Errorf("%s: %v; want failure %v", x.name, err, x.fail)
		}
	}
	r, err := (&sgHeader{DataLen: 512, Resid: 500}).response(c, nil)
	if err != nil || r.Received != 12 {
		t.Errorf("short transfer: %d bytes, %v; want 12", r.Received, err)
	}
	r, _ = (&sgHeader{DataLen: 512, Resid: -4}).response(c, nil)
	if r.Received != 0 {
		t.Errorf("negative residue: %d bytes; want 0", r.Received)
	}
}

func TestTimeoutFollowsDeadline(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	if ms, err := timeoutMS(ctx, time.Hour); err != nil || ms > 3000 || ms < 1 {
		t.Errorf("timeoutMS = %d, %v; want at most 3000", ms, err)
	}
	if ms, err := timeoutMS(context.Background(), 0); err != nil || ms != 20000 {
		t.Errorf("timeoutMS = %d, %v; want 20000", ms, err)
	}
	if ms, err := timeoutMS(context.Background(), 1<<62); err != nil || ms != 1<<32-1 {
		t.Errorf("timeoutMS of for ever = %d, %v", ms, err)
	}
	cancel()
	if _, err := timeoutMS(ctx, 0); !errors.Is(err, context.Canceled) {
		t.Errorf("timeoutMS of a cancelled context: %v", err)
	}
}
