package nvmetcp

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"lethe/inventory/inventorytest/simnvme"
	"lethe/inventory/nvme"
)

const (
	nqn  = "nqn.2026-01.test:drive"
	size = 1 << 20
)

func serve(t *testing.T) (*Target, *simnvme.Subsystem, *simnvme.Manual, simnvme.Memory) {
	t.Helper()
	clock, m := simnvme.NewManual(), make(simnvme.Memory, size)
	d := simnvme.New(simnvme.Config{Model: "SIM", Serial: "SN", NQN: nqn, Sanicap: 7, OACS: 2, Capacity: size,
		Takes: simnvme.Durations{Block: 10 * time.Second}}, []simnvme.Namespace{{ID: 1, Size: size, Attached: []uint16{1}}}, m, clock)
	x, err := Serve("127.0.0.1:0", d, nqn, 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { x.Close() })
	return x, d, clock, m
}

func dial(t *testing.T, x *Target, queue uint16) *Host {
	t.Helper()
	h, err := Dial(x.Addr().String(), nqn, queue)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Close() })
	return h
}

func transfer1(op byte, block uint32, data []byte) *nvme.Command {
	c := &nvme.Command{Opcode: op, NSID: 1, CDW10: block, CDW12: uint32(len(data)/512 - 1), Dir: nvme.ToDevice, Data: data}
	if op == 2 {
		c.Dir = nvme.FromDevice
	}
	return c
}

// TestDrive: the product's own codecs over the wire, and what they did to the medium.
func TestDrive(t *testing.T) {
	ctx := context.Background()
	x, _, clock, m := serve(t)
	admin, io := dial(t, x, 0), dial(t, x, 1)
	c, err := nvme.ReadController(ctx, admin)
	if err != nil || c.Serial != "SN" || c.SubNQN != nqn || !c.Sanicap.Block() {
		t.Fatalf("controller %+v, %v", c, err)
	}
	for _, n := range []int{512, 4096, 8192, 100 << 10, 128 << 10} { // in the capsule, and asked for
		p := bytes.Repeat([]byte{byte(n >> 9)}, n)
		if r, err := io.Do(ctx, transfer1(1, 8, p)); err != nil || !r.Status.OK() {
			t.Fatalf("write of %d: %s, %v", n, r.Status, err)
		}
		q := make([]byte, n)
		if r, err := io.Do(ctx, transfer1(2, 8, q)); err != nil || !r.Status.OK() || !bytes.Equal(p, q) || !bytes.Equal(m[4096:4096+n], p) {
			t.Fatalf("read of %d: %s, %v", n, r.Status, err)
		}
	}
	if r, err := io.Do(ctx, transfer1(2, size/512, make([]byte, 512))); err != nil || r.Status != 0x4080 {
		t.Errorf("read past the end: %s, %v", r.Status, err)
	}
	san, err := nvme.Sanitize{Action: nvme.BlockErase}.Command()
	if err != nil {
		t.Fatal(err)
	}
	if r, err := admin.Do(ctx, san); err != nil || !r.Status.OK() {
		t.Fatalf("sanitize: %s, %v", r.Status, err)
	}
	clock.Add(5 * time.Second)
	if l, err := nvme.ReadSanitizeLog(ctx, admin); err != nil || l.State != nvme.Sanitizing || l.Progress != 32768 {
		t.Errorf("log %+v, %v", l, err)
	}
	if r, err := io.Do(ctx, transfer1(2, 0, make([]byte, 512))); err != nil || r.Status != 0x1d {
		t.Errorf("read meanwhile: %s, %v", r.Status, err)
	}
	// The host goes, the drive stays, and another host finds it at work.
	admin.Close()
	clock.Add(5 * time.Second)
	if l, err := nvme.ReadSanitizeLog(ctx, dial(t, x, 0)); err != nil || l.State != nvme.Sanitized || !l.Erased {
		t.Errorf("log %+v, %v", l, err)
	}
}

// TestBytes holds the wire to bytes written out by hand: what a Linux host sends first
// and what it wants back.
func TestBytes(t *testing.T) {
	x, _, _, _ := serve(t)
	c, err := net.Dial("tcp", x.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	say := func(send string, zeros int, want string) {
		t.Helper()
		b, err := hex.DecodeString(strings.ReplaceAll(send, " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Write(append(b, make([]byte, zeros)...)); err != nil {
			t.Fatal(err)
		}
		want = strings.ReplaceAll(want, " ", "")
		got := make([]byte, len(want)/2)
		if _, err := io.ReadFull(c, got); err != nil || hex.EncodeToString(got) != want {
			t.Fatalf("got  %x, %v\nwant %s", got, err, want)
		}
	}
	say("0000800080000000 0000 00 00 00000000", 112, "0100800080000000 0000 00 00 00000200"+strings.Repeat("00", 112))
	host := hex.EncodeToString(append([]byte(nqn), make([]byte, 256-len(nqn))...))
	say("0400484848040000 7f400500 01000000"+strings.Repeat("00", 24)+"00040000 00000001"+"0000 0000 1f00 0000"+strings.Repeat("00", 16)+
		strings.Repeat("00", 16)+"ffff"+strings.Repeat("00", 238)+host, 512,
		"0500180018000000 0100000000000000 0100 0000 0500 0000")
	say("0400480048000000 7f400600 04000000"+strings.Repeat("00", 32)+"01000000 00000000"+strings.Repeat("00", 16), 0,
		"0500180018000000 7f00011420000000 0200 0000 0600 0000")
}

// TestRefuses: no target is talked into anything by a broken host.
func TestRefuses(t *testing.T) {
	x, _, _, _ := serve(t)
	if h, err := Dial(x.Addr().String(), "nqn.another", 0); err == nil {
		h.Close()
		t.Error("another subsystem was connected")
	}
	for name, b := range map[string][]byte{
		"type":   {9, 0, 8, 0, 8, 0, 0, 0},
		"length": {0, 0, 128, 0, 0xff, 0xff, 0xff, 0x7f},
		"short":  {0, 0, 128, 0, 8, 0, 0, 0},
	} {
		c, err := net.Dial("tcp", x.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Write(b); err != nil {
			t.Fatal(err)
		}
		_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
		if n, err := c.Read(make([]byte, 1)); n != 0 || err != io.EOF {
			t.Errorf("%s: %d bytes, %v; want the end", name, n, err)
		}
		c.Close()
	}
}

// TestGone: a drive without power drops every host; with power it can be had again.
func TestGone(t *testing.T) {
	ctx := context.Background()
	x, d, _, _ := serve(t)
	admin, other := dial(t, x, 0), dial(t, x, 1)
	d.PowerOff()
	if _, err := nvme.ReadController(ctx, admin); err == nil {
		t.Error("a drive without power answered")
	}
	if _, err := other.Do(ctx, transfer1(2, 0, make([]byte, 512))); err == nil {
		t.Error("its other queue answered")
	}
	d.PowerOn()
	if _, err := nvme.ReadController(ctx, dial(t, x, 0)); err != nil {
		t.Error(err)
	}
	gone, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := nvme.ReadController(gone, admin); !errors.Is(err, context.Canceled) {
		t.Errorf("after it was called off: %v", err)
	}
}

func TestOptions(t *testing.T) {
	if got := Options("10.0.2.2", "4420", "nqn.x"); got != "transport=tcp,traddr=10.0.2.2,trsvcid=4420,nqn=nqn.x,nr_io_queues=1,keep_alive_tmo=30" {
		t.Error(got)
	}
}

// FuzzPDU holds that what is read is no longer than it says, and reads again.
func FuzzPDU(f *testing.F) {
	f.Add(icResponse().encode())
	f.Add(dataPDU(hostData, lastData, 1, 1, 0, 4, []byte("data")).encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := readPDU(bytes.NewReader(b))
		if err != nil {
			return
		}
		q, err := readPDU(bytes.NewReader(p.encode()))
		if err != nil || q.kind != p.kind || !bytes.Equal(q.data, p.data) || !bytes.Equal(q.head[8:], p.head[8:]) {
			t.Errorf("%+v became %+v, %v", p, q, err)
		}
	})
}
