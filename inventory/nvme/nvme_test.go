package nvme

import (
	"context"
	"encoding/binary"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func controller() []byte {
	b := make([]byte, 4096)
	le := binary.LittleEndian
	le.PutUint16(b, 0x1b36)
	copy(b[4:], "NVME-SER-6          ")
	copy(b[24:], "QEMU NVMe Ctrl                          ")
	copy(b[64:], "7.2.22  ")
	b[76] = 2
	le.PutUint16(b[78:], 7)
	le.PutUint32(b[80:], 0x010400)
	le.PutUint16(b[256:], 0x010b)
	le.PutUint64(b[280:], 1<<40)
	le.PutUint64(b[296:], 1<<30)
	le.PutUint32(b[312:], 0x00030002)
	le.PutUint32(b[328:], 5)
	le.PutUint32(b[516:], 256)
	le.PutUint16(b[520:], 0x15d)
	b[524], b[525] = 6, 7
	copy(b[768:], "nqn.2019-08.org.qemu:spike-subs0\x00")
	return b
}

func namespace() []byte {
	b := make([]byte, 4096)
	le := binary.LittleEndian
	le.PutUint64(b, 131072)
	le.PutUint64(b[8:], 131071)
	le.PutUint64(b[16:], 5)
	b[24], b[25], b[26], b[30], b[33] = 1, 7, 4, 1, 1
	for i := range 16 {
		b[104+i] = byte(i + 1)
	}
	copy(b[120:], []byte{0x00, 0x25, 0x38, 0, 0, 0, 0, 1})
	copy(b[128+16:], []byte{8, 0, 12, 0})
	return b
}

func TestParseController(t *testing.T) {
	got, err := ParseController(controller())
	want := Controller{
		VID: 0x1b36, Serial: "NVME-SER-6", Model: "QEMU NVMe Ctrl", Firmware: "7.2.22", CMIC: 2, CNTLID: 7,
		Version: 0x010400, OACS: 0x10b, Total: 1 << 40, Unused: 1 << 30, RPMB: 0x30002, Sanicap: 5, NN: 256,
		ONCS: 0x15d, FNA: 6, VWC: 7, SubNQN: "nqn.2019-08.org.qemu:spike-subs0",
	}
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("ParseController (-want +got):\n%s", d)
	}
	if !got.OACS.Security() || !got.OACS.Format() || !got.OACS.Management() ||
		!got.Sanicap.Crypto() || got.Sanicap.Block() || !got.Sanicap.Overwrite() ||
		got.FNA.AllFormatted() || !got.FNA.AllErased() || !got.FNA.Crypto() {
		t.Error("bit fields mistaken")
	}
	if got.RPMB.Units() != 2 || got.RPMB.Bytes() != 2*4*128<<10 {
		t.Errorf("RPMB = %d units, %d bytes", got.RPMB.Units(), got.RPMB.Bytes())
	}
	for _, b := range [][]byte{nil, make([]byte, 4096), make([]byte, 4095)} {
		if _, err := ParseController(b); err == nil {
			t.Errorf("ParseController took %d bytes of zeros", len(b))
		}
	}
}

func TestParseNamespace(t *testing.T) {
	got, err := ParseNamespace(namespace())
	want := Namespace{
		NSZE: 131072, NCAP: 131071, NUSE: 5, Thin: true, Shared: true, DLFEAT: 1, LBAF: 4, LogicalSize: 4096,
		Metadata: 8, NGUID: "0102030405060708090a0b0c0d0e0f10", EUI64: "0025380000000001",
	}
	if err != nil || got != want {
		t.Errorf("ParseNamespace = %+v, %v; want %+v", got, err, want)
	}
	if n, err := got.Size(); err != nil || n != 131072*4096 {
		t.Errorf("Size = %d, %v", n, err)
	}
	if _, err := (Namespace{NSZE: 1 << 60, LogicalSize: 4096}).Size(); err == nil {
		t.Error("Size of 2^72 bytes is not an error")
	}
}

func TestParseNamespaceRefuses(t *testing.T) {
	for name, edit := range map[string]func([]byte){
		"not active":       func(b []byte) { clear(b) },
		"format past list": func(b []byte) { b[26] = 8 },
		"block of 2^0":     func(b []byte) { b[26] = 1 },
		"block of 2^63":    func(b []byte) { b[128+18] = 63 },
	} {
		b := namespace()
		edit(b)
		if n, err := ParseNamespace(b); err == nil {
			t.Errorf("%s: ParseNamespace = %+v; want an error", name, n)
		}
	}
	// Bits 6:5 of FLBAS count only where there are more than 16 formats.
	b := namespace()
	b[26] |= 0x60
	if n, err := ParseNamespace(b); err != nil || n.LBAF != 4 {
		t.Errorf("ParseNamespace with reserved bits: format %d, %v; want 4", n.LBAF, err)
	}
	b[25], b[26] = 63, 0x24
	copy(b[128+4*20:], []byte{0, 0, 9, 0})
	if n, err := ParseNamespace(b); err != nil || n.LBAF != 20 || n.LogicalSize != 512 {
		t.Errorf("ParseNamespace with 64 formats: %+v, %v; want format 20", n, err)
	}
}

func TestParseDescriptors(t *testing.T) {
	b := make([]byte, 4096)
	n := copy(b, []byte{1, 8, 0, 0, 0, 0x25, 0x38, 0, 0, 0, 0, 1})
	n += copy(b[n:], append([]byte{3, 16, 0, 0}, make([]byte, 16)...))
	copy(b[n:], []byte{4, 1, 0, 0, 2})
	d, err := ParseDescriptors(b)
	if err != nil || d != (Descriptors{EUI64: "0025380000000001", CommandSet: CommandSetZoned}) {
		t.Errorf("ParseDescriptors = %+v, %v", d, err)
	}
	if _, err := ParseDescriptors([]byte{2, 16, 0, 0, 1}); err == nil {
		t.Error("ParseDescriptors took a descriptor past its list")
	}
}

func TestParseList(t *testing.T) {
	b := make([]byte, 4096)
	b[0], b[4] = 1, 3
	if l, err := ParseList(b); err != nil || !cmp.Equal(l, []uint32{1, 3}) {
		t.Errorf("ParseList = %v, %v; want 1 3", l, err)
	}
	b[8] = 3
	if _, err := ParseList(b); err == nil {
		t.Error("ParseList took a list that does not ascend")
	}
}

func TestStatus(t *testing.T) {
	for _, c := range []struct {
		s    Status
		ok   bool
		want string
	}{
		{0, true, "0/00h"},
		{0x2000, true, "0/00h"}, // More, but success
		{0x4001, false, "0/01h (invalid opcode)"},
		{0x4286, false, "2/86h (access denied)"},
		{0x10a, false, "1/0Ah (invalid format)"},
	} {
		if c.s.OK() != c.ok || c.s.String() != c.want {
			t.Errorf("Status %04X = %v %s; want %v %s", uint16(c.s), c.s.OK(), c.s, c.ok, c.want)
		}
	}
}

type fake struct {
	data   []byte
	status Status
	asked  []Command
}

func (f *fake) Do(_ context.Context, c *Command) (Response, error) {
	f.asked = append(f.asked, Command{Opcode: c.Opcode, NSID: c.NSID, CDW10: c.CDW10})
	copy(c.Data, f.data)
	return Response{Status: f.status}, nil
}

func TestRead(t *testing.T) {
	ctx := context.Background()
	f := &fake{data: controller()}
	if c, err := ReadController(ctx, f); err != nil || c.Serial != "NVME-SER-6" {
		t.Errorf("ReadController = %+v, %v", c, err)
	}
	f.data = namespace()
	if n, err := ReadNamespace(ctx, f, 3); err != nil || n.NSZE != 131072 {
		t.Errorf("ReadNamespace = %+v, %v", n, err)
	}
	f.data = make([]byte, 4096)
	if _, err := ReadDescriptors(ctx, f, 3); err != nil {
		t.Error(err)
	}
	if _, err := ReadActive(ctx, f); err != nil {
		t.Error(err)
	}
	if _, err := ReadAllocated(ctx, f); err != nil {
		t.Error(err)
	}
	want := []Command{{Opcode: 6, CDW10: 1}, {Opcode: 6, NSID: 3}, {Opcode: 6, NSID: 3, CDW10: 3}, {Opcode: 6, CDW10: 2}, {Opcode: 6, CDW10: 0x10}}
	if d := cmp.Diff(want, f.asked); d != "" {
		t.Errorf("commands (-want +got):\n%s", d)
	}
	// mutant: command.go: return c.Data, r.Err(c) => _ = r; return c.Data, nil
	// Data that came with a failed status is not data.
	f.data, f.status = controller(), 0x4002
	var se *StatusError
	if c, err := ReadController(ctx, f); !errors.As(err, &se) {
		t.Errorf("ReadController of a failed command = %+v, %v; want a StatusError", c, err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(controller()[:1024])
	f.Add(namespace()[:1024])
	f.Fuzz(func(t *testing.T, head []byte) {
		_, _ = ParseDescriptors(head)
		b := make([]byte, 4096)
		copy(b, head)
		_, _ = ParseController(b)
		_, _ = ParseSmartKelvin(b[:512])
		_, _ = ParseList(b)
		_, _ = ParseDescriptors(b)
		if n, err := ParseNamespace(b); err == nil && (n.LogicalSize < 512 || n.LBAF > 63) {
			t.Errorf("namespace %+v", n)
		}
	})
}
