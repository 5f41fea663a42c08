package erasescsi

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"lethe/certs/record"
	"lethe/inventory/inventorytest/simscsi"
	"lethe/inventory/scsi"
)

// TestConformance runs every act into every fault. It asserts what is observed, and on
// the side what is true; no verdict is drawn here.
//
// mutant: poll.go: case s.SanitizeFailed() || s.FormatFailed() || s.FormatCorrupt(): => case s.FormatFailed() || s.FormatCorrupt():
// mutant: poll.go: if err != nil || c == running || c == failed || c == attention { => if true {
// mutant: poll.go: if !silent { => if !silent && false {
// mutant: tracker.go: if still := now.Sub(t.moved); still > o.Stall { => if still := now.Sub(t.moved); still > 1<<62 {
// mutant: tracker.go: now.Sub(t.began) > longest => false
func TestConformance(t *testing.T) {
	const all = media / 512
	failed := map[bool]string{false: "03/31/03", true: "03/31/01"}
	type want struct {
		err        error // errors.Is, or a *FailedError with code
		code       string
		work       bool // seen at work, or kept waiting until the end
		most, less int  // blocks with old data afterwards: at most, at least
		after      string
	}
	for _, c := range []struct {
		name string
		f    simscsi.Faults
		want func(a record.Act) want
	}{
		{"none", simscsi.Faults{}, func(record.Act) want { return want{work: true} }},
		{"reject", simscsi.Faults{Reject: &simscsi.Sense{Key: 5, ASC: 0x26}},
			func(record.Act) want { return want{err: &scsi.StatusError{}, code: "05/26/00", most: all, less: all} }},
		{"ignore", simscsi.Faults{Ignore: true}, func(a record.Act) want { return want{work: a == record.SCSISanitizeCrypto, most: all, less: all} }},
		{"hollow", simscsi.Faults{Hollow: true}, func(record.Act) want { return want{work: true, most: all, less: all} }},
		{"fails midway", simscsi.Faults{FailAt: 0.5}, func(a record.Act) want {
			if a == record.SCSISanitizeCrypto {
				return want{err: &scsi.StatusError{}, code: "03/31/03", work: true, most: all / 2, less: all / 2}
			}
			return want{err: &FailedError{}, code: failed[a == record.SCSIFormatUnit], work: true, most: all / 2, less: all / 2}
		}},
		{"fails midway, quietly", simscsi.Faults{FailAt: 0.5, Quiet: true}, func(a record.Act) want {
			if a == record.SCSISanitizeCrypto {
				return want{err: &scsi.StatusError{}, code: "03/31/03", work: true, most: all / 2, less: all / 2}
			}
			return want{err: &FailedError{}, code: failed[a == record.SCSIFormatUnit], work: true, most: all / 2, less: all / 2}
		}},
		{"quiet", simscsi.Faults{Quiet: true}, func(record.Act) want { return want{work: true} }},
		{"no progress told", simscsi.Faults{NoProgress: true}, func(record.Act) want { return want{work: true} }},
		{"stuck", simscsi.Faults{StuckAt: 0.5}, func(a record.Act) want {
			return want{err: ErrStuck, work: true, most: all / 2, less: all / 2}
		}},
		{"stuck, no progress told", simscsi.Faults{StuckAt: 0.5, NoProgress: true}, func(a record.Act) want {
			return want{err: ErrStuck, work: true, most: all / 2, less: all / 2}
		}},
		{"power cut", simscsi.Faults{CutAt: 0.5}, func(a record.Act) want {
			if a == record.SCSIFormatUnit {
				return want{err: &FailedError{}, code: "03/31/00", work: true, most: all / 2, less: all / 2}
			}
			return want{work: true}
		}},
		{"reset", simscsi.Faults{ResetAt: 0.5}, func(record.Act) want { return want{work: true} }},
		{"vanishes", simscsi.Faults{VanishAt: 0.5}, func(a record.Act) want {
			if a == record.SCSISanitizeCrypto {
				return want{err: simscsi.ErrGone, work: true, most: all / 2, less: all / 2}
			}
			return want{err: ErrSilent, work: true, most: all / 2, less: all / 2}
		}},
		{"busy", simscsi.Faults{Busy: 5}, func(record.Act) want { return want{work: true} }},
		{"garbage", simscsi.Faults{Garbage: true}, func(a record.Act) want {
			return want{err: ErrUnclear, work: a == record.SCSISanitizeCrypto, most: all}
		}},
		{"10 percent survive", simscsi.Faults{Survive: 0.1}, func(record.Act) want { return want{work: true, most: all / 10, less: all / 10} }},
		{"1 percent survives, spread", simscsi.Faults{Survive: 0.01, Spread: true}, func(record.Act) want { return want{work: true, most: 40, less: 8} }},
		{"0.1 percent survives", simscsi.Faults{Survive: 0.001}, func(record.Act) want { return want{work: true, most: 2, less: 2} }},
		{"another drive", simscsi.Faults{NewSerial: "X"}, func(record.Act) want { return want{work: true} }},
	} {
		for _, a := range []record.Act{record.SCSISanitizeCrypto, record.SCSISanitizeBlock, record.SCSISanitizeOverwrite, record.SCSIFormatUnit} {
			t.Run(fmt.Sprintf("%s/%s", c.name, a), func(t *testing.T) {
				t.Parallel()
				k := config()
				k.Faults = c.f
				w := c.want(a)
				if a == record.SCSISanitizeCrypto && errors.Is(w.err, ErrStuck) {
					t.Logf("%s answers when it is done: such a drive holds the command", a)
					return
				}
				r := newRig(t, a, k, Options{})
				err := r.act()
				r.hold(t, a, err, w.err, w.code, w.work)
				if n := r.left(); n > w.most || n < w.less {
					t.Errorf("%d blocks hold old data, want %d to %d", n, w.less, w.most)
				}
			})
		}
	}
}

// hold compares what was observed.
func (r *rig) hold(t *testing.T, a record.Act, err, want error, code string, work bool) {
	t.Helper()
	var s *scsi.StatusError
	var f *FailedError
	got := ""
	switch {
	case errors.As(err, &f):
		got = f.Sense.String()
	case errors.As(err, &s):
		got = s.Sense.String()
	}
	as := code != "" && fmt.Sprintf("%T", want) == fmt.Sprintf("%T", err)
	if !errors.Is(err, want) && !as || (err == nil) != (want == nil) || got != code {
		t.Errorf("error %v (%s), want %v %s", err, got, want, code)
	}
	op, sa := byte(0x48), byte(0x80)|actions[a]
	switch a {
	case record.SCSIFormatUnit:
		op, sa = 0x04, 0x10
	case record.SCSISanitizeCrypto:
		sa = actions[a]
	}
	if n := r.sent("start", op, sa); n != 1 || r.sent("", op) != 1 {
		t.Errorf("the command was told %d times at its start, %d times in all", n, r.sent("", op))
	}
	seen := a == record.SCSISanitizeCrypto && work // it held the command
	for _, code := range append(r.sense("poll"), r.sense("start")...) {
		seen = seen || code == "02/04/1B" || code == "02/04/04"
	}
	if seen != work {
		t.Errorf("seen at work %v, want %v: %v", seen, work, r.sense("poll"))
	}
	if err != nil {
		return
	}
	last := r.lines[len(r.lines)-1]
	if sense := r.sense("after"); last.x.Name != "TEST UNIT READY" || last.x.Status != "ok" || sense[len(sense)-1] != "00/00/00" {
		t.Errorf("afterwards it says %v, and %s to %s", sense, last.x.Status, last.x.Name)
	}
	if r.sent("poll", 0x88)+r.sent("poll", 0x00) < 2 {
		t.Error("it was called ended without TEST UNIT READY and READ")
	}
}

// TestFewLines: ten hours of the same answer must not fill the transcript.
func TestFewLines(t *testing.T) {
	r := newRig(t, record.SCSISanitizeBlock, config(), Options{})
	if err := r.act(); err != nil {
		t.Fatal(err)
	}
	if n := len(r.lines); n > 50 {
		t.Errorf("%d lines", n)
	}
	if n := r.sent("poll", 0x03); n < 8 || n > 11 {
		t.Errorf("%d lines of polling, want one for each eighth", n)
	}
	if half := r.course[len(r.course)/2]; half.Done < 30000 || half.Done > 36000 {
		t.Errorf("half-way: %+v", half)
	}
	if end := r.course[len(r.course)-1]; end.Done != 65536 || end.Allow < 20*time.Hour {
		t.Errorf("at the end: %+v", end)
	}
}

// TestLeft: half-way, as much time is left as went by.
func TestLeft(t *testing.T) {
	r := newRig(t, record.SCSISanitizeBlock, config(), Options{})
	ctx := context.Background()
	if err := r.Observe(ctx, record.StepReady, r.tell); err != nil {
		t.Fatal(err)
	}
	if err := r.Start(ctx, r.tell); err != nil {
		t.Fatal(err)
	}
	p, err := r.Poll(ctx, r.tell)
	if err != nil || p.Left != -1 || p.Ended {
		t.Errorf("at the start: %+v, %v", p, err)
	}
	r.clock.Move(5 * time.Hour)
	if p, err = r.Poll(ctx, r.tell); err != nil || p.Left < 4*time.Hour || p.Left > 6*time.Hour || p.Ended {
		t.Errorf("half-way: %+v, %v", p, err)
	}
	r.clock.Move(5 * time.Hour)
	if p, err = r.Poll(ctx, r.tell); err != nil || !p.Ended {
		t.Errorf("at the end: %+v, %v", p, err)
	}
}

// TestVeto: whatever is not taken down, nothing comes after it.
//
// mutant: port.go: if v.err != nil { => if false {
// mutant: port.go: v.err = fmt.Errorf("%w: %w", ErrVeto, terr) => terr = nil
func TestVeto(t *testing.T) {
	ctx := context.Background()
	for _, name := range []string{"READ DEFECT DATA", "LOG SENSE", "MODE SENSE", "READ CAPACITY", "REPORT SUPPORTED", "INQUIRY VPD", "REQUEST SENSE",
		"TEST UNIT READY", "SANITIZE", "READ(16)"} {
		r := newRig(t, record.SCSISanitizeBlock, config(), Options{})
		r.veto = name
		err := r.Observe(ctx, "before", r.tell)
		if err == nil {
			err = r.Observe(ctx, "ready", r.tell)
		}
		if err == nil {
			err = r.Erase(ctx, r.tell, r.how)
		}
		last := r.lines[len(r.lines)-1]
		if !errors.Is(err, ErrVeto) || !errors.Is(err, errVeto) || !strings.Contains(last.x.Name, name) {
			t.Errorf("%s: %v; the last thing told is %s", name, err, last.x.Name)
		}
		if name != "SANITIZE" && name != "READ(16)" && r.sent("", 0x48) > 0 {
			t.Errorf("%s: the erase was begun", name)
		}
	}
}

// TestNoData: a block that is read after the erase is not told: it may be somebody's.
//
// mutant: port.go: case c.CDB[0] == opRead: => case false:
func TestNoData(t *testing.T) {
	c := config()
	c.Faults.Hollow = true
	r := newRig(t, record.SCSISanitizeBlock, c, Options{})
	if err := r.act(); err != nil {
		t.Fatal(err)
	}
	for _, l := range r.lines {
		if len(raw(l.x)) >= 512 {
			t.Errorf("%s: %d bytes", l.x.Name, len(raw(l.x)))
		}
	}
}

// TestUnreadable: a drive may want every block written before it reads (WABEREQ,
// WACEREQ); one that says its blocks read, and does not read them, has not ended well.
//
// mutant: poll.go: case c.CDB[0] == opRead && !e.reads && => case c.CDB[0] == opRead &&
func TestUnreadable(t *testing.T) {
	for _, req := range []byte{2, 3} {
		for _, a := range []record.Act{record.SCSISanitizeBlock, record.SCSISanitizeCrypto} {
			c := config()
			c.WABEREQ, c.WACEREQ = req, req
			r := newRig(t, a, c, Options{})
			if err := r.act(); err != nil {
				t.Errorf("%s, %d: %v", a, req, err)
			}
			if !slices.Contains(r.sense("poll"), map[byte]string{2: "03/11/00", 3: "03/11/15"}[req]) {
				t.Errorf("%s, %d: told %v", a, req, r.sense("poll"))
			}
		}
	}
	r := newRig(t, record.SCSISanitizeBlock, config(), Options{})
	r.reads = true
	r.conn = answering{r.conn, opRead, []byte{0x72, 3, 0x11, 0, 0, 0, 0, 0}}
	if err := r.Observe(context.Background(), "ready", r.tell); err != nil {
		t.Fatal(err)
	}
	if err := r.Erase(context.Background(), r.tell, r.how); !errors.Is(err, ErrUnclear) {
		t.Errorf("%v, want ErrUnclear", err)
	}
}

// answering gives one command an answer of its own.
type answering struct {
	scsi.Conn
	opcode byte
	sense  []byte
}

func (a answering) Do(ctx context.Context, c *scsi.Command) (scsi.Response, error) {
	if c.CDB[0] == a.opcode {
		return scsi.Response{Status: 2, Sense: a.sense}, nil
	}
	return a.Conn.Do(ctx, c)
}

// TestNothingIsNoEnd: CHECK CONDITION with nothing in its sense data, as libata answers
// for what it does not know, is neither GOOD nor an end.
//
// mutant: poll.go: case got == quiet, got == attention && c.CDB[0] == opRead: => case got == attention && c.CDB[0] == opRead:
func TestNothingIsNoEnd(t *testing.T) {
	for _, op := range []byte{0x00, 0x03, opRead} {
		r := newRig(t, record.SCSISanitizeBlock, config(), Options{})
		if err := r.Observe(context.Background(), "ready", r.tell); err != nil {
			t.Fatal(err)
		}
		r.conn = answering{r.conn, op, []byte{0x70, 0, 0, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}}
		if err := r.Erase(context.Background(), r.tell, r.how); !errors.Is(err, ErrUnclear) {
			t.Errorf("%02Xh: %v, want ErrUnclear", op, err)
		}
	}
}

// TestReformat: from 520 to 512 bytes a block, in one act.
func TestReformat(t *testing.T) {
	c := config()
	c.BlockLength = 520
	r := newRig(t, record.SCSIFormatUnit, c, Options{BlockLength: 512, Secure: true})
	if err := r.act(); err != nil {
		t.Fatal(err)
	}
	k, err := scsi.ReadCapacity(context.Background(), r.conn, false)
	if err != nil || k.BlockLength != 512 || k.LastLBA != media/512-1 {
		t.Errorf("%+v, %v", k, err)
	}
	if r.left() != 0 || strings.Contains(string(r.drive.Spare()), "OLD") || r.sent("start", 0x55) != 1 {
		t.Errorf("%d blocks are left", r.left())
	}
}
