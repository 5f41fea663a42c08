package erasenvme

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"lethe/certs/record"
	"lethe/inventory/inventorytest/simnvme"
	"lethe/inventory/inventorytest/simtcg"
	"lethe/inventory/nvme"
)

func facts(t *testing.T, b *bench) Facts {
	t.Helper()
	f, err := Read(context.Background(), b.d.AdminConn(1), b.tell)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestSupports is on what the drive says of itself, and on nothing else.
//
// mutant: kind.go: if !has(f.Active, id) => if false
// mutant: kind.go: case !c.OACS.Format(): => case false:
// mutant: kind.go: case k == FormatCrypto && !c.FNA.Crypto(): => case false:
func TestSupports(t *testing.T) {
	honest := facts(t, newBench(t, config(), simnvme.Faults{}))
	if len(honest.Reaches()) != 2 || honest.Controller.Unused != capacity/4 {
		t.Errorf("facts %+v", honest)
	}
	apart := newBench(t, config(), simnvme.Faults{})
	do(t, apart.d.AdminConn(1), attach(t, 2, false, 1))
	for _, c := range []struct {
		name string
		f    Facts
		no   string // kinds that are refused, by the last word
	}{
		{"all", honest, ""},
		{"none", edit(honest, func(c *nvme.Controller) { c.Sanicap, c.OACS = 0, 0 }), "crypto block overwrite crypto user"},
		{"no crypto", edit(honest, func(c *nvme.Controller) { c.Sanicap, c.FNA = 6, 0 }), "crypto crypto"},
		{"a namespace is not attached", facts(t, apart), "crypto user"},
		{"and all are erased at once", edit(facts(t, apart), func(c *nvme.Controller) { c.FNA = 6 }), ""},
	} {
		var no []string
		for k := SanitizeCrypto; k <= FormatUser; k++ {
			err := k.Supports(c.f)
			var u *UnsupportedError
			if err != nil && !errors.As(err, &u) {
				t.Errorf("%s: %v", c.name, err)
			}
			if err != nil && c.no == "" {
				t.Errorf("%s: %v", c.name, err)
			}
			if err != nil {
				no = append(no, k.String()[strings.LastIndexByte(k.String(), '-')+1:])
			}
		}
		if got := strings.Join(no, " "); got != c.no {
			t.Errorf("%s: refused %q, want %q", c.name, got, c.no)
		}
	}
	if Kind(9).Supports(honest) == nil {
		t.Error("no such way was supported")
	}
}

func edit(f Facts, change func(*nvme.Controller)) Facts {
	change(&f.Controller)
	return f
}

func attach(t *testing.T, nsid uint32, on bool, controllers ...uint16) *nvme.Command {
	t.Helper()
	c, err := nvme.AttachCommand(nsid, on, controllers)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func do(t *testing.T, conn nvme.Conn, c *nvme.Command) {
	t.Helper()
	if r, err := conn.Do(context.Background(), c); err != nil || !r.Status.OK() {
		t.Fatalf("%s: %s, %v", c.Name, r.Status, err)
	}
}

func TestLeaves(t *testing.T) {
	f := facts(t, newBench(t, config(), simnvme.Faults{}))
	f.Controller.RPMB, f.Controller.BPCAP, f.Unlisted = 1, 1, true
	if san, form := f.Leaves(SanitizeBlock), f.Leaves(FormatUser); len(san) != 3 || len(form) != 4 {
		t.Errorf("sanitize leaves %q, format %q", san, form)
	}
}

// TestTold: every command is told before the next one, and a veto is for good.
//
// mutant: tell.go: if t.vetoed != nil => if false
func TestTold(t *testing.T) {
	ctx := context.Background()
	b := newBench(t, config(), simnvme.Faults{})
	e := b.eraser(SanitizeBlock)
	if err := e.Start(ctx, Options{NoDeallocate: true}); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, x := range b.told {
		names = append(names, strings.Fields(x.Request)[0])
		if x.Status != "ok" || (x.Response == "") != strings.HasPrefix(x.Request, "84") {
			t.Errorf("told %+v", x)
		}
	}
	if got := strings.Join(names, " "); got != "06 02 02 84" {
		t.Errorf("told %s", got)
	}
	if x := b.told[3]; x.Request != "84 nsid 00000000 cdw10-15 00000202 00000000 00000000 00000000 00000000 00000000" || x.Name != "NVMe SANITIZE, block erase" {
		t.Errorf("told %+v", x)
	}
	if e.Start(ctx, Options{}) != ErrBegun {
		t.Error("it was started twice")
	}

	b = newBench(t, config(), simnvme.Faults{})
	b.veto = errors.New("no room")
	e = b.eraser(SanitizeBlock)
	if err := e.Start(ctx, Options{}); !errors.Is(err, ErrVetoed) || !errors.Is(err, b.veto) {
		t.Errorf("Start = %v", err)
	}
	b.veto = nil
	if err := e.Start(ctx, Options{}); !errors.Is(err, ErrVetoed) {
		t.Errorf("after a veto: %v", err)
	}
	if got := b.d.Commands(); len(got) != 0 {
		t.Errorf("the drive was given %v", got)
	}

	// A veto of the command itself: not even a question follows.
	b = newBench(t, config(), simnvme.Faults{})
	e = b.eraser(SanitizeBlock)
	e.conn.tell = func(x record.Exchange) error {
		if strings.HasPrefix(x.Request, "84") {
			return errors.New("no room")
		}
		return nil
	}
	if err := e.Start(ctx, Options{}); !errors.Is(err, ErrVetoed) {
		t.Errorf("Start = %v", err)
	}
	if p, err := e.Poll(ctx); !errors.Is(err, ErrVetoed) {
		t.Errorf("Poll = %+v, %v", p, err)
	}
}

// TestPollsAreCompact: a day of polls is a few lines.
func TestPollsAreCompact(t *testing.T) {
	ctx, b := context.Background(), newBench(t, config(), simnvme.Faults{})
	e := b.eraser(SanitizeOverwrite)
	if _, err := e.Poll(ctx); err != ErrNotBegun {
		t.Errorf("Poll of nothing = %v", err)
	}
	if err := e.Start(ctx, Options{Passes: 2, Pattern: 0x5a5a5a5a}); err != nil {
		t.Fatal(err)
	}
	told, seen := len(b.told), []Progress{}
	if err := e.Wait(ctx, 10*time.Second, func(p Progress) { seen = append(seen, p) }); err != nil {
		t.Fatal(err)
	}
	if n := len(b.told) - told; len(seen) < 200 || n != 3 { // pass 1, pass 2, done
		t.Errorf("%d polls, %d told", len(seen), n)
	}
	if p := seen[50]; p.Estimate != 2000*time.Second || p.Allow != 4000*time.Second || p.Share != 65536*500/2000 || p.Left < 1490*time.Second || p.Left > 1510*time.Second {
		t.Errorf("progress %+v", p)
	}
	if b.med[0] != 0x5a || b.med[capacity-1] != 0x5a {
		t.Error("the pattern is not on the medium")
	}
}

// TestPowerCut: what the host and the drive do after power is back.
func TestPowerCut(t *testing.T) {
	ctx := context.Background()
	b := newBench(t, config(), simnvme.Faults{PowerCutAt: 50})
	if got := b.run(SanitizeBlock, Options{}); got != "0/false start ok wait power after power" {
		t.Fatal(got)
	}
	b.clock.Add(24 * time.Hour) // no time for the drive
	saved, err := b.d.Save()
	if err != nil {
		t.Fatal(err)
	}
	if b.d, err = simnvme.Restore(saved, b.med, b.clock); err != nil {
		t.Fatal(err)
	}
	if kept, _ := b.kept(); kept != 512 {
		t.Errorf("%d units kept, want half", kept)
	}
	if r, err := b.eraser(SanitizeCrypto).Recover(ctx); r != Foreign || err != nil {
		t.Errorf("Recover of another kind = %s, %v", r, err)
	}
	if err := b.eraser(SanitizeBlock).Start(ctx, Options{}); err != ErrRunning {
		t.Errorf("Start while one runs = %v", err)
	}
	e := b.eraser(SanitizeBlock)
	if r, err := e.Recover(ctx); r != Attached || err != nil {
		t.Fatalf("Recover = %s, %v", r, err)
	}
	if err := e.Wait(ctx, time.Second, nil); err != nil {
		t.Error(err)
	}
	if kept, _ := b.kept(); kept != 0 {
		t.Errorf("%d units kept", kept)
	}
	if r, err := b.eraser(SanitizeBlock).Recover(ctx); r != Idle || err != nil {
		t.Errorf("Recover when done = %s, %v", r, err)
	}
}

// TestFailure: a restricted failure is left by another sanitize only.
//
// mutant: recover.go: case l.Dword10>>3&1 == 0: => case false:
func TestFailure(t *testing.T) {
	ctx := context.Background()
	for _, c := range []struct {
		unrestricted bool
		want         Recovery
		commands     int
	}{{false, Rerun, 1}, {true, Exited, 1}} {
		b := newBench(t, config(), simnvme.Faults{FailAt: 30})
		b.run(SanitizeBlock, Options{Unrestricted: c.unrestricted})
		told := len(b.told)
		e := b.eraser(SanitizeBlock)
		r, err := e.Recover(ctx)
		if r != c.want || err != nil {
			t.Errorf("Recover = %s, %v; want %s", r, err, c.want)
		}
		if exit := strings.HasPrefix(b.told[len(b.told)-1].Request, "84"); exit != c.unrestricted || len(b.told) == told {
			t.Errorf("exit failure mode sent: %v", exit)
		}
		b.d.SetFaults(simnvme.Faults{})
		if err := e.Start(ctx, Options{}); err != nil {
			t.Error(err)
		}
		if err := e.Wait(ctx, time.Second, nil); err != nil {
			t.Error(err)
		}
	}
}

// TestNoDeallocate: kept blocks read what is on the media; a drive that deallocates
// all the same says 4, which is done and no more evidence.
func TestNoDeallocate(t *testing.T) {
	for name, c := range map[string]struct {
		faults simnvme.Faults
		cap    uint32
		want   string
	}{
		"kept":      {simnvme.Faults{}, 7, "0/false start ok wait ok 1/true kept 0 read 0"},
		"forced":    {simnvme.Faults{Forced: true}, 7, "0/false start ok wait ok 4/true kept 0 read 0"},
		"inhibited": {simnvme.Faults{}, 7 | 1<<29, "0/false start 0/02h (invalid field) wait - 0/false kept 1024 read 768"},
	} {
		conf := config()
		conf.Sanicap = c.cap
		b := newBench(t, conf, c.faults)
		if got := b.run(SanitizeBlock, Options{NoDeallocate: true}); got != c.want {
			t.Errorf("%s: %s", name, got)
		}
		p := make([]byte, unit)
		do := &nvme.Command{Opcode: 2, NSID: 1, CDW12: 7, Dir: nvme.FromDevice, Data: p}
		if _, err := b.d.IOConn(1).Do(context.Background(), do); err != nil {
			t.Error(err)
		}
		if want := map[string]byte{"kept": 0xff, "forced": 0, "inhibited": b.old[0]}[name]; p[0] != want {
			t.Errorf("%s: reads %02x", name, p[0])
		}
	}
}

// TestFormat: block size and metadata are kept, and where all namespaces go at once
// one command is enough.
//
// mutant: eraser.go: if c.CDW10 != cs[0].CDW10 => if c.CDW10 != cs[0].CDW10 && false
// mutant: eraser.go: if !e.facts.FNA.NoBroadcast() => if true
func TestFormat(t *testing.T) {
	ctx := context.Background()
	for name, c := range map[string]struct {
		fna    byte
		faults simnvme.Faults
		second byte // format of namespace 2
		sent   string
		read   int
	}{
		"each":           {4, simnvme.Faults{}, 0, "00000001/00000401 00000002/00000400", 0},
		"erased at once": {6, simnvme.Faults{}, 0, "00000001/00000401 00000002/00000400", 0},
		"all at once":    {7, simnvme.Faults{}, 1, "ffffffff/00000401", 0},
		"no broadcast":   {15, simnvme.Faults{}, 1, "00000001/00000401", 0},
		"different":      {7, simnvme.Faults{}, 0, "", 768},
		"one only":       {7, simnvme.Faults{FormatOne: true}, 1, "ffffffff/00000401", 256},
	} {
		conf := config()
		conf.FNA, conf.Formats = c.fna, []simnvme.Format{{Shift: 9}, {Shift: 9, Metadata: 8}}
		b := newBench(t, conf, c.faults)
		b.d = simnvme.New(conf, []simnvme.Namespace{{ID: 1, Size: capacity / 2, Format: 1, Attached: []uint16{1, 2}},
			{ID: 2, Offset: capacity / 2, Size: capacity / 4, Format: c.second, Attached: []uint16{1, 2}}}, b.med, b.clock)
		b.d.SetFaults(c.faults)
		e := b.eraser(FormatCrypto)
		err := e.Start(ctx, Options{})
		if (err == nil) != (c.sent != "") {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil {
			if err := e.Wait(ctx, time.Second, nil); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		var sent []string
		for _, x := range b.told {
			if w := strings.Fields(x.Request); w[0] == "80" {
				sent = append(sent, w[2]+"/"+w[4])
			}
		}
		if got := strings.Join(sent, " "); got != c.sent {
			t.Errorf("%s: sent %s, want %s", name, got, c.sent)
		}
		if _, read := b.kept(); read != c.read {
			t.Errorf("%s: %d units still read, want %d", name, read, c.read)
		}
	}
}

// TestLocked: a drive somebody owns takes no erase until it is reverted, which is one.
func TestLocked(t *testing.T) {
	b := newBench(t, config(), simnvme.Faults{})
	v := &simtcg.TPer{Owned: true, Encrypts: true, PSID: "P"}
	b.d.SetTPer(v)
	if got := b.run(SanitizeBlock, Options{}); got != "0/false start 2/86h (access denied) wait - 0/false kept 1024 read 0" {
		t.Error(got)
	}
	var told record.Exchange
	if len(b.told) > 0 {
		told = b.told[len(b.told)-1]
	}
	if told.Status != "ok" {
		t.Errorf("told %+v", told)
	}
}

// slowFormat answers a format at once and works on: FPI tells how much is left.
type slowFormat struct {
	nvme.Conn
	left *int
}

func (s slowFormat) Do(ctx context.Context, c *nvme.Command) (nvme.Response, error) {
	r, err := s.Conn.Do(ctx, c)
	if c.Opcode == 0x06 && c.CDW10 == 0 && *s.left > 0 {
		c.Data[32] = 0x80 | byte(*s.left)
	}
	return r, err
}

// TestFormatThatGoesOn: a drive that answers early is waited for, and stands still no
// longer than it may.
//
// mutant: poll.go: if n.FormatProgress { => if false {
func TestFormatThatGoesOn(t *testing.T) {
	ctx, left := context.Background(), 75
	b := newBench(t, config(), simnvme.Faults{})
	e := b.eraser(FormatUser)
	e.conn.conn = slowFormat{e.conn.conn, &left}
	if err := e.Start(ctx, Options{}); err != nil {
		t.Fatal(err)
	}
	var seen []int
	told := len(b.told)
	err := e.Wait(ctx, time.Minute, func(p Progress) {
		seen = append(seen, p.Share)
		left = max(left-25, 0)
	})
	if err != nil || len(seen) != 4 || seen[0] != 16384 || seen[2] != 49152 || seen[3] != 65536 {
		t.Errorf("%v, progress %v", err, seen)
	}
	if n := len(b.told) - told; n != 2 { // once for each namespace
		t.Errorf("%d told", n)
	}
	left = 10
	e = b.eraser(FormatUser)
	e.conn.conn = slowFormat{e.conn.conn, &left}
	if err := e.Start(ctx, Options{}); err != nil {
		t.Fatal(err)
	}
	if err := e.Wait(ctx, time.Minute, nil); !errors.Is(err, ErrNoProgress) {
		t.Errorf("Wait = %v", err)
	}
}
