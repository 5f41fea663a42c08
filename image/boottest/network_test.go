package boottest_test

import (
	"bytes"
	"encoding/binary"
	"net"
	"regexp"
	"strings"
	"testing"
	"time"

	"lethe/image/boottest"
	"lethe/image/initramfs"
)

// wire is the far end of the guest's network cable: raw Ethernet frames.
type wire struct {
	*net.UDPConn
	guest *net.UDPAddr
}

// newWire returns the QEMU arguments of a card with this cable, too.
func newWire(t *testing.T) (wire, []string) {
	t.Helper()
	free := func() *net.UDPConn {
		c, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	c, g := free(), free()
	guest := g.LocalAddr().(*net.UDPAddr)
	g.Close() // QEMU binds it in a moment
	t.Cleanup(func() { c.Close() })
	_, ours, _ := net.SplitHostPort(c.LocalAddr().String())
	_, theirs, _ := net.SplitHostPort(guest.String())
	return wire{c, guest}, []string{
		"-netdev", "dgram,id=w0,local.type=inet,local.host=127.0.0.1,local.port=" + theirs +
			",remote.type=inet,remote.host=127.0.0.1,remote.port=" + ours,
		"-device", "e1000,netdev=w0,mac=52:54:00:00:00:42,romfile="}
}

// lldpFrame says: switch tor7, port Gi1/0/7 (IEEE 802.1AB).
var lldpFrame = []byte("\x01\x80\xc2\x00\x00\x0e\x02\x00\x00\x00\x00\x01\x88\xcc" +
	"\x02\x07\x04\x00\x1b\x21\x01\x02\x03" + "\x04\x08\x05Gi1/0/7" + "\x06\x02\x00\x78" + "\x0a\x04tor7" + "\x00\x00" +
	strings.Repeat("\x00", 20))

// talk sends LLDP until the test ends and reports the first tagged frame (802.1Q) of
// the guest.
func (w wire) talk(t *testing.T) <-chan []byte {
	go func() {
		for {
			if _, err := w.WriteToUDP(lldpFrame, w.guest); err != nil && t.Context().Err() != nil {
				return
			}
			time.Sleep(100 * time.Millisecond)
			if t.Context().Err() != nil {
				return
			}
		}
	}()
	tagged := make(chan []byte, 1)
	go func() {
		buf := make([]byte, 4096)
		for {
			n, _, err := w.ReadFromUDP(buf)
			if err != nil {
				return
			}
			if n > 18 && binary.BigEndian.Uint16(buf[12:]) == 0x8100 {
				tagged <- bytes.Clone(buf[:n])
				return
			}
		}
	}()
	return tagged
}

// TestNoLogin: with a static address in a VLAN and a second serial line, which the
// kernel cannot have as a console beside the first, an agent that
// has ended leaves no shell on either, whatever the command line says; two words
// still work, on any of them.
func TestNoLogin(t *testing.T) {
	w, args := newWire(t)
	tagged := w.talk(t)
	over, err := initramfs.Pack(initramfs.Fast, initramfs.File{Path: "etc/lethe/site.json", Mode: 0o600, Data: []byte(
		`{"version":1,"network":{"nic":"52:54:00:00:00:42","vlan":42,"address":["192.0.2.10/24"],"gateway":["192.0.2.1"]},` +
			`"consoles":["ttyS1,115200n8","ttyS0"]}`)})
	if err != nil {
		t.Fatal(err)
	}
	second, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	args = append(args, "-chardev", "socket,id=two,host=127.0.0.1,port="+port(second), "-serial", "chardev:two")
	vm, ctx := boot(t, boottest.Config{Overlays: [][]byte{over}, Append: "lethe.list lethe.shell agent_wait=4s", Extra: args})
	conn, err := second.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	other := &lines{}
	go other.read(conn)
	expect(t, ctx, vm, `there is no login here`)
	for _, want := range []string{`WordRefused: command line: lethe\.shell`, `AGENT ready`,
		`Leased: eth\d\.42: address 192\.0\.2\.10/24, router 192\.0\.2\.1`,
		`connected: eth\d to tor7 \(00:1b:21:01:02:03\), port Gi1/0/7`} {
		if !regexp.MustCompile(want).MatchString(vm.Output()) {
			t.Errorf("no line matches %s", want)
		}
	}
	expect(t, ctx, vm, `press Enter: $`)
	if err := vm.Send("ls -l /etc/lethe\n"); err != nil {
		t.Fatal(err)
	}
	expect(t, ctx, vm, `press Enter: $`)
	if strings.Contains(vm.Output(), "site.json\r") {
		t.Error("somebody listed a folder")
	}
	select {
	case f := <-tagged:
		if id := binary.BigEndian.Uint16(f[14:]) & 0xfff; id != 42 {
			t.Errorf("a frame of VLAN %d left", id)
		}
	case <-time.After(20 * time.Second):
		t.Error("no tagged frame left the machine")
	}
	for end := time.Now().Add(20 * time.Second); !strings.Contains(other.String(), "no login here"); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("the second console says %q", other.String())
		}
	}
	if _, err := conn.Write([]byte("poweroff\r")); err != nil {
		t.Fatal(err)
	}
	if err := vm.Wait(ctx); err != nil {
		t.Error(err)
	}
}
