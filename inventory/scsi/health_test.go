package scsi

import (
	"context"
	"testing"
)

func TestDefects(t *testing.T) {
	for _, c := range []struct {
		in   string
		want int64
	}{
		{"00 0c 00 00 00 00 00 18", 3}, // bytes from index
		{"00 08 00 01 00 00 00 18", 6}, // short block, though not asked for
		{"00 1d 00 00 00 00 00 00", 0},
	} {
		if n, err := ParseDefects(unhex(t, c.in)); err != nil || n != c.want {
			t.Errorf("%s: %d, %v; want %d", c.in, n, err, c.want)
		}
	}
	for _, in := range []string{"00 08 00 00", "00 14 00 00 00 00 00 08"} {
		if n, err := ParseDefects(unhex(t, in)); err == nil {
			t.Errorf("%s: %d", in, n)
		}
	}
}

// TestHealth answers as drives do, the Informational Exceptions page with what
// scsi_debug sends (inhex/logs_sdeb_aa.hex of sg3_utils).
func TestHealth(t *testing.T) {
	no := Response{Status: 2, Sense: unhex(t, "70 00 05 00 00 00 00 0a 00 00 00 00 20 00 00 00 00 00")}
	scan := unhex(t, "15 00 00 40"+
		"00 00 03 0c 00 00 10 00 00 08 00 05 00 00 00 01"+
		"00 01 03 14 00 00 10 00 13 11 00 00 00 00 00 00 00 00 00 00 00 00 00 07"+ // pending
		"00 02 03 14 00 00 10 00 23 11 00 00 00 00 00 00 00 00 00 00 00 00 00 08") // put right
	test := append(unhex(t, "10 00 01 90 00 01 03 10 27 00 12 34 00 00 00 00 00 00 12 34 03 11 00 00"), make([]byte, 380)...)
	s := &script{
		answers: []Response{{}, {}, {}, {}, {}, {}},
		data: [][]byte{
			unhex(t, "00 0c 00 00 00 00 00 10"),
			unhex(t, "02 00 00 08 00 06 03 04 00 00 00 00"),
			unhex(t, "03 00 00 14 00 03 03 04 00 00 01 00 00 06 03 08 00 00 00 00 00 00 00 02"),
			unhex(t, "2f 00 00 07 00 00 03 03 5d 10 26"),
			scan, test,
		},
	}
	want := Health{Grown: 2, WriteUncorrected: 0, ReadUncorrected: 2, ReadCorrected: 256, Exception: 0x5d10, Suspect: 1, SelfTest: 7}
	if got, err := ReadHealth(context.Background(), s); err != nil || got != want {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
	s = &script{answers: []Response{no, no, no, no, no, no}, data: make([][]byte, 6)}
	if got, err := ReadHealth(context.Background(), s); err != nil || got != NoHealth {
		t.Errorf("a drive that tells nothing: %+v, %v", got, err)
	}
	s = &script{answers: []Response{{}}, data: [][]byte{unhex(t, "00 0c 00 00 00 00 00 08")}}
	if got, err := ReadHealth(context.Background(), s); err == nil || got.Grown != 1 {
		t.Errorf("a drive that went away: %+v, %v; want an error and what was read", got, err)
	}
}

// A page of another drive's, or of another kind, tells nothing.
func TestParseLog(t *testing.T) {
	for _, in := range []string{"", "02 00 00", "03 00 00 00", "42 01 00 00", "02 01 00 00"} {
		if p, err := ParseLog(LogWriteErrors, unhex(t, in)); err == nil {
			t.Errorf("%s: %v", in, p)
		}
	}
	p, err := ParseLog(LogWriteErrors, unhex(t, "02 00 00 0c 00 06 03 04 00 00 00 07 00 07 03 04"))
	if err != nil || len(p) != 1 || p[0].Code != 6 {
		t.Errorf("cut short: %v, %v; want one parameter", p, err)
	}
	if v, ok := (LogParameter{Value: make([]byte, 9)}).Uint(); ok {
		t.Errorf("9 bytes are %d", v)
	}
}
