package scsi

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestEraseBytes holds the commands that erase against what sg_sanitize and sg_format
// of sg3_utils send for the same request (sg_format lets the drive forget its grown
// defects, CMPLST; these do not).
//
// mutant: sanitize.go: if !s.Wait && s.Action => if s.Wait && s.Action
// mutant: sanitize.go: if s.Unrestricted && s.Action => if s.Action
// mutant: sanitize.go: c.Data[0] = byte(s.Passes) => c.Data[0] = 0
// mutant: format.go: f.Protection<<6 | 0x10 => f.Protection<<6 | 0x18
// mutant: format.go: c.Data[1] |= 0x88 => c.Data[1] |= 0x80
// mutant: mode.go: be.PutUint64(c.Data[8:], d.Blocks) => be.PutUint64(c.Data[8:], d.Blocks+1)
func TestEraseBytes(t *testing.T) {
	san := func(s Sanitize) func() (*Command, error) { return s.Command }
	sel := func(d BlockDescriptor, long bool) func() (*Command, error) {
		return func() (*Command, error) { return d.Command(long) }
	}
	for _, c := range []struct {
		name      string
		make      func() (*Command, error)
		cdb, data string
	}{
		{"sg_sanitize --block", san(Sanitize{Action: SanitizeBlock}), "48 82 00 00 00 00 00 00 00 00", ""},
		{"sg_sanitize --crypto --ause", san(Sanitize{Action: SanitizeCrypto, Unrestricted: true}),
			"48 a3 00 00 00 00 00 00 00 00", ""},
		{"sg_sanitize --block --wait", san(Sanitize{Action: SanitizeBlock, Wait: true}), "48 02 00 00 00 00 00 00 00 00", ""},
		{"sg_sanitize --overwrite --zero", san(Sanitize{Action: SanitizeOverwrite, Passes: 1, Pattern: make([]byte, 4)}),
			"48 81 00 00 00 00 00 00 08 00", "01 00 00 04 00 00 00 00"},
		{"sg_sanitize --overwrite --count=31 --invert --ipl=2",
			san(Sanitize{Action: SanitizeOverwrite, Passes: 31, Invert: true, Pattern: []byte{0xaa, 0x55}}),
			"48 81 00 00 00 00 00 00 06 00", "9f 00 00 02 aa 55"},
		// It sets IMMED, which means nothing here.
		{"sg_sanitize --fail", san(Sanitize{Action: SanitizeExit, Unrestricted: true}), "48 1f 00 00 00 00 00 00 00 00", ""},
		{"sg_format --format", Format{}.Command, "04 10 00 00 00 00", "00 02 00 00"},
		{"sg_format --format --wait", Format{Wait: true}.Command, "04 10 00 00 00 00", "00 00 00 00"},
		{"sg_format --format --security", Format{Secure: true}.Command, "04 10 00 00 00 00", "00 8a 00 00 20 00 00 00"},
		{"sg_format --format --fmtpinfo=3 --ffmt=1", Format{Protection: 3, Fast: 1}.Command, "04 d0 00 00 01 00", "00 02 00 00"},
		{"all blocks of 512", sel(BlockDescriptor{AllBlocks, 512}, true), "55 10 00 00 00 00 00 00 18 00",
			"00 00 00 00 01 00 00 10 ff ff ff ff ff ff ff ff 00 00 00 00 00 00 02 00"},
		{"all blocks of 512, short", sel(BlockDescriptor{AllBlocks, 512}, false), "55 10 00 00 00 00 00 00 10 00",
			"00 00 00 00 00 00 00 08 ff ff ff ff 00 00 02 00"},
	} {
		cmd, err := c.make()
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if want := unhex(t, c.cdb); !bytes.Equal(cmd.CDB, want) {
			t.Errorf("%s: CDB % x, want % x", c.name, cmd.CDB, want)
		}
		if want := unhex(t, c.data); !bytes.Equal(cmd.Data, want) || (cmd.Dir == ToDevice) != (len(want) > 0) {
			t.Errorf("%s: data % x in direction %d, want % x", c.name, cmd.Data, cmd.Dir, want)
		}
		if cmd.Timeout < time.Minute {
			t.Errorf("%s: %v to accept it", c.name, cmd.Timeout)
		}
	}
}

// A drive takes 0 passes for a number of its own: none is sent.
//
// mutant: sanitize.go: if s.Passes < 1 || => if
// mutant: sanitize.go: || s.Passes > 31 =>
func TestEraseRefuses(t *testing.T) {
	for name, s := range map[string]Sanitize{
		"no action":        {},
		"unknown action":   {Action: 4},
		"no pass":          {Action: SanitizeOverwrite, Pattern: []byte{0}},
		"32 passes":        {Action: SanitizeOverwrite, Passes: 32, Pattern: []byte{0}},
		"no pattern":       {Action: SanitizeOverwrite, Passes: 1},
		"a long pattern":   {Action: SanitizeOverwrite, Passes: 1, Pattern: make([]byte, 1<<16)},
		"block, a pattern": {Action: SanitizeBlock, Pattern: []byte{0}},
		"crypto, a pass":   {Action: SanitizeCrypto, Passes: 1},
	} {
		if c, err := s.Command(); err == nil {
			t.Errorf("%s: % x", name, c.CDB)
		}
	}
	for _, f := range []Format{{Protection: 4}, {Fast: 3}} {
		if c, err := f.Command(); err == nil {
			t.Errorf("%+v: % x", f, c.CDB)
		}
	}
	if c, err := (BlockDescriptor{1 << 32, 512}).Command(false); err == nil {
		t.Errorf("2^32 blocks in 32 bits: % x", c.Data)
	}
}

// TestSensePredicates is a safety test: what is under way, failed and done must not
// be taken for one another.
//
// mutant: sense.go: return s.Key == KeyNoSense && s.Is(0, 0) => return s.Key == KeyNoSense
// mutant: sense.go: return s.Key == KeyMedium && s.Is(0x31, 0x03) => return s.Key == KeyMedium
func TestSensePredicates(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"nothing", "70 00 00 00 00 00 00 0a 00 00 00 00 00 00 00 00 00 00", "nothing"},
		{"nothing, with progress", "70 00 00 00 00 00 00 0a 00 00 00 00 00 00 00 80 12 34", ""},
		{"no sense, but a code", "70 00 00 00 00 00 00 0a 00 00 00 00 04 1b 00 00 00 00", ""},
		{"sanitizing", "70 00 02 00 00 00 00 0a 00 00 00 00 04 1b 00 80 00 00", "sanitizing"},
		{"sanitizing, descriptor", "72 02 04 1b 00 00 00 00", "sanitizing"},
		{"formatting", "70 00 02 00 00 00 00 0a 00 00 00 00 04 04 00 80 00 01", "formatting"},
		{"sanitize failed", "70 00 03 00 00 00 00 0a 00 00 00 00 31 03 00 00 00 00", "sanitize failed"},
		{"format failed", "72 03 31 01 00 00 00 00", "format failed"},
		{"format corrupt", "70 00 03 00 00 00 00 0a 00 00 00 00 31 00 00 00 00 00", "format corrupt"},
		{"self-test", "72 02 04 09 00 00 00 00", ""},
		{"read error", "72 03 11 00 00 00 00 00", ""},
	} {
		s, err := ParseSense(unhex(t, c.in))
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for word, is := range map[string]bool{"nothing": s.Nothing(), "sanitizing": s.Sanitizing(), "formatting": s.Formatting(),
			"sanitize failed": s.SanitizeFailed(), "format failed": s.FormatFailed(), "format corrupt": s.FormatCorrupt()} {
			if is {
				got += word
			}
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// TestMode decodes what scsi_debug sends (inhex/modes_sdeb.hex of sg3_utils), and the
// long form of it.
func TestMode(t *testing.T) {
	head := "00 80 00 00 00 00 02 00 01 0a c0 0b f0 00 00 00 05 00 ff ff"
	got, err := ParseMode(append(unhex(t, "00 1a 00 10 00 00 00 08"+head), 1, 2, 3)) // stale bytes
	want := Mode{Block: &BlockDescriptor{0x800000, 512}, Page: unhex(t, "01 0a c0 0b f0 00 00 00 05 00 ff ff")}
	if err != nil || !cmp.Equal(got, want) {
		t.Errorf("short: %+v, %v; want %+v", got, err, want)
	}
	got, err = ParseMode(unhex(t, "00 16 00 90 01 00 00 10 00 00 00 01 d1 c0 be b0 00 00 00 00 00 00 02 08"))
	want = Mode{WriteProtected: true, Long: true, Block: &BlockDescriptor{0x1d1c0beb0, 520}, Page: []byte{}}
	if err != nil || !cmp.Equal(got, want) {
		t.Errorf("long: %+v, %v; want %+v", got, err, want)
	}
	if got, err = ParseMode(unhex(t, "00 06 00 10 00 00 00 00")); err != nil || got.Block != nil {
		t.Errorf("no descriptor: %+v, %v", got, err)
	}
	for _, in := range []string{"", "00 06 00 10", "00 02 00 10 00 00 00 00", "00 06 00 10 00 00 00 08"} {
		if m, err := ParseMode(unhex(t, in)); err == nil {
			t.Errorf("%s: %+v", in, m)
		}
	}
	no := Response{Status: 2, Sense: unhex(t, "70 00 05 00 00 00 00 0a 00 00 00 00 24 00 00 00 00 00")}
	s := &script{answers: []Response{no, {}}, data: [][]byte{nil, unhex(t, "00 0e 00 10 00 00 00 08 00 80 00 00 00 00 02 00")}}
	if m, err := ReadMode(context.Background(), s); err != nil || m.Block == nil || m.Block.Length != 512 {
		t.Errorf("a drive without LLBAA: %+v, %v", m, err)
	}
}

func TestReadSense(t *testing.T) {
	busy := unhex(t, "70 00 02 00 00 00 00 0a 00 00 00 00 04 1b 00 80 40 00")
	s := &script{answers: []Response{{}}, data: [][]byte{busy}}
	if got, err := ReadSense(context.Background(), s); err != nil || !got.Sanitizing() || got.Progress != 0x4000 {
		t.Errorf("%+v, %v", got, err)
	}
	if want := []string{"03000000fc00"}; !cmp.Equal(s.asked, want) {
		t.Errorf("asked %v, want %v", s.asked, want)
	}
	// libata, for a drive behind it: nothing at all.
	s = &script{answers: []Response{{}}, data: [][]byte{make([]byte, 18)}}
	if got, err := ReadSense(context.Background(), s); err == nil {
		t.Errorf("18 zero bytes are %+v", got)
	}
}

func TestDetail(t *testing.T) {
	// SANITIZE/02h with IMMED, AUSE and the service action looked at, 5 s and 10 h.
	got, err := ParseDetail(unhex(t, "00 83 00 0a 48 bf 00 00 00 00 00 ff ff 00 00 0a 00 00 00 00 00 05 00 00 8c a0"))
	if err != nil || got.Support != SupportYes || !got.Uses(1, 0xa0) || got.Uses(1, 0x40) || got.Uses(10, 1) ||
		got.Nominal != 5*time.Second || got.Recommended != 10*time.Hour {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := ParseDetail(unhex(t, "00 01 00 00")); err != nil || got.Support != SupportNo || got.Uses(0, 0) {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := ParseDetail(unhex(t, "00 03 00 0a 48")); err == nil {
		t.Errorf("cut short: %+v", got)
	}
	no := Response{Status: 2, Sense: unhex(t, "70 00 05 00 00 00 00 0a 00 00 00 00 24 00 00 00 00 00")}
	s := &script{answers: []Response{no, {}}, data: [][]byte{nil, {0, 3, 0, 0}}}
	if d, err := ReadDetail(context.Background(), s, 0x48, 2); err != nil || d.Support != SupportYes {
		t.Errorf("a drive without RCTD: %+v, %v", d, err)
	}
	if want := []string{"a30c8248000200000040" + "0000", "a30c0248000200000040" + "0000"}; !cmp.Equal(s.asked, want) {
		t.Errorf("asked %v, want %v", s.asked, want)
	}
}
