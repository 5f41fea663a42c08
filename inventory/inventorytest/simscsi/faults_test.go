package simscsi

import (
	"bytes"
	"context"
	"testing"
	"time"

	"lethe/inventory/scsi"
)

// TestFaults orders every fault and looks at what a host sees of it, and at what it
// does not see.
func TestFaults(t *testing.T) {
	const all = media / 512
	for _, c := range []struct {
		name   string
		f      Faults
		start  string // how the command ends
		middle string // what TEST UNIT READY says half-way
		asked  string // what REQUEST SENSE says then
		end    string // what TEST UNIT READY says an hour later
		least  int    // blocks with old data, at least and at most
		most   int
	}{
		{"none", Faults{}, "ok", "02/04/1B 50%", "02/04/1B 50%", "ok", 0, 0},
		{"reject", Faults{Reject: &Sense{5, 0x24, 0}}, "05/24/00", "ok", "00/00/00", "ok", all, all},
		{"ignore", Faults{Ignore: true}, "ok", "ok", "00/00/00", "ok", all, all},
		{"hollow", Faults{Hollow: true}, "ok", "02/04/1B 50%", "02/04/1B 50%", "ok", all, all},
		{"fail", Faults{FailAt: 0.25}, "ok", "03/31/03", "03/31/03", "03/31/03", all * 3 / 4, all * 3 / 4},
		{"stuck", Faults{StuckAt: 0.3}, "ok", "02/04/1B 30%", "02/04/1B 30%", "02/04/1B 30%", all * 6 / 10, all * 8 / 10},
		{"cut", Faults{CutAt: 0.4}, "ok", "06/29/01", "02/04/1B 50%", "ok", 0, 0},
		{"reset", Faults{ResetAt: 0.4}, "ok", "06/29/02", "02/04/1B 50%", "ok", 0, 0},
		{"10 percent in one piece", Faults{Survive: 0.1}, "ok", "02/04/1B 50%", "02/04/1B 50%", "ok", all / 10, all / 10},
		{"1 percent, spread", Faults{Survive: 0.01, Spread: true}, "ok", "02/04/1B 50%", "02/04/1B 50%", "ok", 8, 40},
		{"0.1 percent in one piece", Faults{Survive: 0.001}, "ok", "02/04/1B 50%", "02/04/1B 50%", "ok", 2, 2},
		{"no progress", Faults{NoProgress: true}, "ok", "02/04/1B", "02/04/1B", "ok", 0, 0},
		{"quiet", Faults{Quiet: true}, "ok", "02/04/1B 50%", "00/00/00", "ok", 0, 0},
		{"quiet failure", Faults{Quiet: true, FailAt: 0.3}, "ok", "03/31/03", "00/00/00", "03/31/03", all / 2, all},
		{"garbage", Faults{Garbage: true}, "ok", "noise", "noise", "ok", 0, 0},
		{"busy", Faults{Busy: 1}, "ok", "busy", "02/04/1B 50%", "ok", 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := usual()
			k.Faults = c.f
			b := newBench(t, k)
			b.want(erase, nil, 0, c.start)
			b.clock.Move(hour / 2)
			b.want(ready, nil, 0, c.middle)
			b.asks(c.asked)
			b.clock.Move(hour / 2)
			b.want(ready, nil, 0, c.end)
			if n := b.left(); n < c.least || n > c.most {
				t.Errorf("%d blocks are old, want %d to %d", n, c.least, c.most)
			}
		})
	}
}

func TestVanish(t *testing.T) {
	c := usual()
	c.Faults.VanishAt = 0.5
	b := newBench(t, c)
	b.want(erase, nil, 0, "ok")
	b.clock.Move(hour)
	b.want("12 00 00 00 60 00", nil, 96, "gone")
	b.PowerCycle()
	b.want(ready, nil, 0, "gone")
	if _, err := b.State(); err != nil {
		t.Error(err)
	}
}

func TestFormatCut(t *testing.T) {
	c := usual()
	c.Faults.CutAt = 0.5
	b := newBench(t, c)
	b.want("04 10 00 00 00 00", []byte{0, 2, 0, 0}, 0, "ok")
	b.clock.Move(hour)
	b.want(ready, nil, 0, "06/29/01")
	b.want(ready, nil, 0, "03/31/00")
	if n := b.left(); n != media/512/2 {
		t.Errorf("%d blocks are old, want half", n)
	}
	c.Faults = Faults{FailAt: 0.5}
	b = newBench(t, c)
	b.want("04 10 00 00 00 00", []byte{0, 2, 0, 0}, 0, "ok")
	b.clock.Move(hour)
	b.want(ready, nil, 0, "03/31/01")
	b.want(readOne, nil, 512, "03/31/01")
}

func TestIdentityChanges(t *testing.T) {
	c := usual()
	c.Faults.NewSerial = "ANOTHER"
	b := newBench(t, c)
	for _, want := range []string{"SIM-SAS-1", "ANOTHER"} {
		if got, err := scsi.ReadSerial(context.Background(), Over(b)); err != nil || got != want {
			t.Errorf("serial %q, %v; want %q", got, err, want)
		}
		b.want(erase, nil, 0, map[string]string{"SIM-SAS-1": "ok", "ANOTHER": "02/04/1B 0%"}[want])
	}
}

// A cache that lies loses what was flushed.
func TestCacheLies(t *testing.T) {
	for _, lies := range []bool{false, true} {
		c := usual()
		c.Faults.CacheLies = lies
		b := newBench(t, c)
		mark := bytes.Repeat([]byte{0x42}, 512)
		b.want(writeOne, mark, 0, "ok")
		b.want("35 00 00 00 00 00 00 00 00 00", nil, 0, "ok")
		if !bytes.Equal(b.want(readOne, nil, 512, "ok"), mark) {
			t.Error("what was written does not read back")
		}
		b.PowerCycle()
		b.asks("06/29/01")
		if kept := bytes.Equal(b.want(readOne, nil, 512, "ok"), mark); kept == lies {
			t.Errorf("lies %v: kept over a loss of power %v", lies, kept)
		}
	}
}

func TestOpcodes(t *testing.T) {
	for answers, want := range map[string][3]scsi.Support{
		AnswersHonest: {3, 1, 3}, AnswersNo: {1, 1, 1}, AnswersNothing: {0, 0, 0},
	} {
		c := usual()
		c.Crypto, c.Faults.Opcodes = false, answers
		b := newBench(t, c)
		var got [3]scsi.Support
		for i, q := range [][2]int{{0x48, 2}, {0x48, 3}, {0x04, -1}} {
			d, err := scsi.ReadDetail(context.Background(), Over(b), byte(q[0]), q[1])
			if err != nil {
				t.Fatal(err)
			}
			got[i] = d.Support
			if d.Support == scsi.SupportYes && d.Recommended != hour+time.Minute {
				t.Errorf("recommended %v", d.Recommended)
			}
		}
		if got != want {
			t.Errorf("%q: %v, want %v", answers, got, want)
		}
	}
	c := usual()
	c.Faults.Opcodes = AnswersNone
	newBench(t, c).want("a3 0c 02 48 00 02 00 00 00 40 00 00", nil, 64, "05/20/00")
}

// TestHealth: what package scsi asks, a drive answers.
func TestHealth(t *testing.T) {
	c := usual()
	c.Grown = 7
	b := newBench(t, c)
	h, err := scsi.ReadHealth(context.Background(), Over(b))
	want := scsi.Health{Grown: 7, Suspect: -1, SelfTest: -1}
	if err != nil || h != want {
		t.Errorf("%+v, %v; want %+v", h, err, want)
	}
	m, err := scsi.ReadMode(context.Background(), Over(b))
	if err != nil || m.Block == nil || *m.Block != (scsi.BlockDescriptor{Blocks: media / 512, Length: 512}) {
		t.Errorf("%+v, %v", m, err)
	}
}

// FuzzDo sends any command with any data: no drive may panic, or give more than was
// asked for.
func FuzzDo(f *testing.F) {
	f.Add([]byte{0x48, 0x81, 0, 0, 0, 0, 0, 0, 6, 0}, []byte{1, 0, 0, 2, 1, 2}, 0)
	f.Add([]byte{0x55, 0x10, 0, 0, 0, 0, 0, 0, 16, 0}, []byte{0, 0, 0, 0, 0, 0, 0, 8, 255, 255, 255, 255, 0, 0, 2, 8}, 0)
	f.Add([]byte{0x88, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2}, []byte{}, 1024)
	f.Add([]byte{0x04, 0x10}, []byte{0, 2, 0, 0}, 0)
	f.Fuzz(func(t *testing.T, cdb, out []byte, in int) {
		d, err := New(Config{Media: 8 << 10, BlockLength: 512, Overwrite: true, Block: true, Crypto: true, Format: true,
			Takes: time.Second, WACEREQ: 3}, make(Memory, 8<<10), NewHands())
		if err != nil {
			t.Fatal(err)
		}
		for range 3 { // the first is a unit attention
			_, _, data, _ := d.Do(context.Background(), cdb, out, in)
			if len(data) > max(in, 0) {
				t.Errorf("%d bytes, %d were asked for", len(data), in)
			}
		}
		s, err := d.State()
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Restore(s); err != nil {
			t.Errorf("%s: %v", s, err)
		}
	})
}
