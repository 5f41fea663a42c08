package scsi

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestCommandBytes holds every CDB against the byte layout of the standards.
func TestCommandBytes(t *testing.T) {
	for _, c := range []struct {
		cmd  *Command
		want string
		data int
	}{
		{InquiryCommand(), "12 00 00 00 24 00", 36},
		{VPDCommand(0x83, 0x1234), "12 01 83 12 34 00", 0x1234},
		{Capacity10Command(), "25 00 00 00 00 00 00 00 00 00", 8},
		{Capacity16Command(), "9e 10 00 00 00 00 00 00 00 00 00 00 00 20 00 00", 32},
		{SupportCommand(0x04, -1), "a3 0c 01 04 00 00 00 00 00 40 00 00", 64},
		{SupportCommand(0x48, 2), "a3 0c 02 48 00 02 00 00 00 40 00 00", 64},
	} {
		if got := hex.EncodeToString(c.cmd.CDB); got != strings.ReplaceAll(c.want, " ", "") {
			t.Errorf("%s: CDB = %s; want %s", c.cmd.Name, got, c.want)
		}
		if len(c.cmd.Data) != c.data || c.cmd.Dir != FromDevice {
			t.Errorf("%s: %d bytes, direction %d; want %d from the device", c.cmd.Name, len(c.cmd.Data), c.cmd.Dir, c.data)
		}
	}
}

// The sense bytes are captured: QEMU 7.2 drives under Linux 6.1.
func TestParseSense(t *testing.T) {
	for _, c := range []struct {
		name, in string
		want     Sense
	}{
		{"libata, success with registers", "72 01 00 1d 00 00 00 0e 09 0c 01 00 00 00 00 ff 00 ff 00 01 40 50",
			Sense{Descriptor: true, Key: KeyRecovered, ASCQ: 0x1d}},
		{"libata, aborted, fixed", "70 00 0b 00 00 00 00 0a 04 41 40 00 00 00 00 00 80 00", Sense{Key: KeyAborted}},
		{"libata, filtered", "70 00 05 00 00 00 00 12 00 00 00 00 24 00 00 c0 00 0e 00 00 00 00 00 00",
			Sense{Key: KeyIllegalRequest, ASC: 0x24}},
		{"megasas", "f0 00 04 00 00 00 00 0a 00 00 00 00 44 00 00 00 00 00", Sense{Key: KeyHardware, ASC: 0x44}},
		{"sanitize in progress, fixed", "70 00 02 00 00 00 00 0a 00 00 00 00 04 1b 00 80 40 00",
			Sense{Key: KeyNotReady, ASC: 4, ASCQ: 0x1b, HasProgress: true, Progress: 0x4000}},
		{"format in progress, descriptor", "72 02 04 04 00 00 00 08 02 06 00 00 80 12 34 00",
			Sense{Descriptor: true, Key: KeyNotReady, ASC: 4, ASCQ: 4, HasProgress: true, Progress: 0x1234}},
		{"cut to three bytes", "70 00 03", Sense{Key: KeyMedium}},
		{"stale bytes after the length", "70 00 06 00 00 00 00 00 00 00 00 00 29 00", Sense{Key: KeyUnitAttention}},
		{"deferred", "71 00 03 00 00 00 00 0a 00 00 00 00 0c 00 00 00 00 00", Sense{Deferred: true, Key: KeyMedium, ASC: 0xc}},
	} {
		got, err := ParseSense(unhex(t, c.in))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, d)
		}
	}
	for _, in := range []string{"", "70", "72 01", "00 00 00 00", "7f 00 00 00"} {
		if s, err := ParseSense(unhex(t, in)); err == nil {
			t.Errorf("ParseSense(%s) = %v; want an error", in, s)
		}
	}
}

// TestResponseErr is a safety test.
//
// mutant: command.go: && err == nil && !s.Deferred && s.Key <= KeyRecovered =>
// mutant: command.go: && s.Key <= KeyRecovered =>
// mutant: command.go: && !s.Deferred =>
func TestResponseErr(t *testing.T) {
	c := InquiryCommand()
	for _, x := range []struct {
		name   string
		r      Response
		wantOK bool
	}{
		{"good", Response{}, true},
		{"recovered", Response{Status: 2, Sense: unhex(t, "72 01 00 1d 00 00 00 00")}, true},
		{"aborted", Response{Status: 2, Sense: unhex(t, "70 00 0b 00 00 00 00 0a 04 41 40 00 00 00 00 00 80 00")}, false},
		{"no sense bytes", Response{Status: 2}, false},
		{"sense that is no sense", Response{Status: 2, Sense: make([]byte, 18)}, false},
		{"deferred", Response{Status: 2, Sense: unhex(t, "71 00 01 00 00 00 00 00")}, false},
		{"busy", Response{Status: StatusBusy}, false},
		{"reservation conflict", Response{Status: StatusConflict}, false},
	} {
		if err := x.r.Err(c); (err == nil) != x.wantOK {
			t.Errorf("%s: Err = %v; want success %v", x.name, err, x.wantOK)
		}
	}
}

func TestInquiry(t *testing.T) {
	// QEMU 7.2 ide-hd behind libata.
	b := unhex(t, "00 00 05 02 1f 00 00 02") // header
	b = append(b, "ATA     QEMU HARDDISK   2.5+"...)
	got, err := ParseInquiry(b)
	want := Inquiry{Version: 5, Vendor: "ATA", Product: "QEMU HARDDISK", Revision: "2.5+"}
	if err != nil || !cmp.Equal(got, want) || !got.IsATA() {
		t.Errorf("ParseInquiry = %+v, %v; want %+v", got, err, want)
	}
	if _, err := ParseInquiry(b[:35]); err == nil {
		t.Error("ParseInquiry took 35 bytes")
	}
}

func TestPageData(t *testing.T) {
	if b, err := PageData(0x80, unhex(t, "00 80 00 02 41 42 43")); err != nil || string(b) != "AB" {
		t.Errorf("PageData = %q, %v; want AB", b, err)
	}
	for name, in := range map[string]string{
		"standard INQUIRY instead": "00 00 05 02 1f 00 00 02",
		"cut short":                "00 80 00 09 41",
		"no header":                "00 80",
	} {
		if b, err := PageData(0x80, unhex(t, in)); err == nil {
			t.Errorf("%s: PageData = %x; want an error", name, b)
		}
	}
}

func TestDesignators(t *testing.T) {
	page := unhex(t, "02 01 00 04 51 45 4d 55"+ // T10 vendor
		"01 03 00 08 50 00 c5 00 aa aa 00 01"+ // NAA 5, logical unit
		"61 93 00 08 50 00 c5 00 aa aa 00 02"+ // NAA 5 of the port: not the drive's
		"01 02 00 08 00 25 38 00 00 00 00 01")
	ds, err := ParseDesignators(page)
	if err != nil || len(ds) != 4 {
		t.Fatalf("ParseDesignators = %d, %v; want 4", len(ds), err)
	}
	naa, eui := Names(ds)
	if naa != "5000c500aaaa0001" || eui != "0025380000000001" {
		t.Errorf("Names = %q, %q", naa, eui)
	}
	if ds, err := ParseDesignators(page[:len(page)-1]); err == nil || len(ds) != 3 {
		t.Errorf("cut page: %d designators, %v; want 3 and an error", len(ds), err)
	}
	zero, _ := ParseDesignators(unhex(t, "01 03 00 08 00 00 00 00 00 00 00 00 01 03 00 02 50 00"))
	if naa, _ := Names(zero); naa != "" {
		t.Errorf("Names of a zero and a cut name = %q; want none", naa)
	}
}

func TestPages(t *testing.T) {
	c, err := ParseCharacteristics(unhex(t, "1c 20 00 a3 20"))
	want := Characteristics{Rotation: 7200, FormFactor: 3, AfterBlock: 2, AfterCrypt: 2, Zoned: 2}
	if err != nil || c != want {
		t.Errorf("ParseCharacteristics = %+v, %v; want %+v", c, err, want)
	}
	p, err := ParseProvisioning(unhex(t, "00 e4 02 00"))
	if err != nil || p != (Provisioning{Unmap: true, WriteSame: true, WriteSame10: true, ReadsZero: 1, Type: 2}) {
		t.Errorf("ParseProvisioning = %+v, %v", p, err)
	}
	l, err := ParseLimits(append(unhex(t, "00 00 00 00 00 00 ff ff 00 00 00 00 00 00 00 00 00 40 00 00"),
		append(make([]byte, 12), 0, 0, 0, 1, 0, 0, 0, 0)...))
	if err != nil || l != (Limits{MaxTransfer: 0xffff, MaxUnmap: 0x400000, MaxWriteSame: 1 << 32}) {
		t.Errorf("ParseLimits = %+v, %v", l, err)
	}
}

// TestCapacity holds the last block against wrap-around: a drive that answers
// all ones must not become a drive of zero bytes.
func TestCapacity(t *testing.T) {
	c, err := ParseCapacity16(unhex(t, "00 00 00 03 a3 81 2a af 00 00 02 00 01 03 c0 00"))
	if err != nil || c.Protection != 1 || c.PhysicalShift != 3 || !c.Thin || !c.ReadsZero {
		t.Errorf("ParseCapacity16 = %+v, %v", c, err)
	}
	if n, err := c.Size(); err != nil || n != 8001563222016 {
		t.Errorf("Size = %d, %v; want 8001563222016", n, err)
	}
	for _, c := range []Capacity{{LastLBA: 1<<64 - 1, BlockLength: 512}, {LastLBA: 1 << 62, BlockLength: 4096}} {
		if n, err := c.Size(); err == nil {
			t.Errorf("Size of %+v = %d; want an error", c, n)
		}
	}
	if _, ok, err := ParseCapacity10(unhex(t, "ff ff ff ff 00 00 02 00")); ok || err != nil {
		t.Errorf("ParseCapacity10 at its limit: ok %v, %v; want not ok", ok, err)
	}
}

// script answers commands in turn and keeps what it was asked.
type script struct {
	answers []Response
	data    [][]byte
	asked   []string
}

func (s *script) Do(_ context.Context, c *Command) (Response, error) {
	s.asked = append(s.asked, hex.EncodeToString(c.CDB))
	if len(s.answers) == 0 {
		return Response{}, errors.New("asked too often")
	}
	r := s.answers[0]
	r.Received = copy(c.Data, s.data[0])
	s.answers, s.data = s.answers[1:], s.data[1:]
	return r, nil
}

func TestReadRetriesUnitAttentionOnce(t *testing.T) {
	ua := Response{Status: 2, Sense: unhex(t, "70 00 06 00 00 00 00 0a 00 00 00 00 29 00 00 00 00 00")}
	inq := append(make([]byte, 8), []byte("ACME    DISK            1.00")...)
	s := &script{answers: []Response{ua, {}}, data: [][]byte{nil, inq}}
	if q, err := ReadInquiry(context.Background(), s); err != nil || q.Vendor != "ACME" {
		t.Errorf("ReadInquiry = %+v, %v; want the second answer", q, err)
	}
	s = &script{answers: []Response{ua, ua}, data: [][]byte{nil, nil}}
	if _, err := ReadInquiry(context.Background(), s); err == nil {
		t.Error("ReadInquiry took two unit attentions for an answer")
	}
}

func TestReadPageFetchesLongPage(t *testing.T) {
	long := append([]byte{0, 0x83, 1, 0x2c}, bytes.Repeat([]byte{7}, 300)...)
	s := &script{answers: []Response{{}, {}}, data: [][]byte{long, long}}
	b, err := ReadPage(context.Background(), s, 0x83)
	if err != nil || len(b) != 300 {
		t.Errorf("ReadPage = %d bytes, %v; want 300", len(b), err)
	}
	if want := []string{"12018300fc00", "120183013000"}; !cmp.Equal(s.asked, want) {
		t.Errorf("asked %v; want %v", s.asked, want)
	}
}

func TestReadCapacityCautious(t *testing.T) {
	s := &script{answers: []Response{{}}, data: [][]byte{unhex(t, "00 01 ff ff 00 00 02 00")}}
	c, err := ReadCapacity(context.Background(), s, true)
	if err != nil || c.LastLBA != 0x1ffff || len(s.asked) != 1 {
		t.Errorf("ReadCapacity = %+v, %v after %v; want one 10-byte command", c, err, s.asked)
	}
}
