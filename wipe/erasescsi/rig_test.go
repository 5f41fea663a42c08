package erasescsi

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"time"

	"lethe/certs/record"
	"lethe/inventory/inventorytest/simscsi"
	"lethe/inventory/scsi"
	"lethe/wipe"
)

const media = 1 << 20

// rig is an eraser in front of a simulated drive full of old data.
type rig struct {
	*Eraser
	t      *testing.T
	drive  *simscsi.Drive
	clock  *simscsi.Hands
	medium simscsi.Memory
	old    []byte
	lines  []line
	veto   string // refuse the exchange of that name
	course []wipe.Course
}

type line struct {
	step string
	x    record.Exchange
}

func config() simscsi.Config {
	return simscsi.Config{Vendor: "ACME", Product: "SIMULATED SAS", Revision: "0001", Serial: "SIM-SAS-1", NAA: 0x5000c500aaaa0001,
		Media: media, BlockLength: 512, Spare: 2, Rotation: 1, Overwrite: true, Block: true, Crypto: true, Format: true, SI: true,
		Takes: 10 * time.Hour}
}

func newRig(t *testing.T, a record.Act, c simscsi.Config, o Options) *rig {
	t.Helper()
	m := make(simscsi.Memory, media)
	for i := range m {
		m[i] = byte(i>>9) ^ 0xa5 | 1
	}
	r := &rig{t: t, medium: m, old: bytes.Clone(m), clock: simscsi.NewHands()}
	var err error
	if r.drive, err = simscsi.New(c, m, r.clock); err != nil {
		t.Fatal(err)
	}
	o.Clock, o.Every = patient{r.clock, r.clock.Now().Add(400 * time.Hour)}, time.Minute
	if r.Eraser, err = New(simscsi.Over(r.drive), a, o); err != nil {
		t.Fatal(err)
	}
	return r
}

// patient is a clock on which nobody sleeps for ever.
type patient struct {
	*simscsi.Hands
	end time.Time
}

func (p patient) Sleep(ctx context.Context, d time.Duration) error {
	if p.Now().After(p.end) {
		return errors.New("it never ends")
	}
	return p.Hands.Sleep(ctx, d)
}

var errVeto = errors.New("disk full")

func (r *rig) tell(step string, x record.Exchange) error {
	r.lines = append(r.lines, line{step, x})
	if r.veto != "" && strings.Contains(x.Name, r.veto) {
		return errVeto
	}
	return nil
}

func (r *rig) how(c wipe.Course) { r.course = append(r.course, c) }

// act is what the engine does, canaries left out. Its error is the eraser's.
func (r *rig) act() error {
	r.t.Helper()
	ctx := context.Background()
	for _, step := range []string{"before", "ready"} {
		if err := r.Observe(ctx, step, r.tell); err != nil {
			r.t.Fatalf("%s: %v", step, err)
		}
	}
	if err := r.Erase(ctx, r.tell, r.how); err != nil {
		return err
	}
	if err := r.Observe(ctx, "after", r.tell); err != nil {
		r.t.Fatalf("after: %v", err)
	}
	return nil
}

// old data in pieces of 512 bytes.
func (r *rig) left() (n int) {
	for i := 0; i < media; i += 512 {
		if bytes.Equal(r.medium[i:i+512], r.old[i:i+512]) {
			n++
		}
	}
	return n
}

// sense are the codes that were told in a step, each once, in order.
func (r *rig) sense(step string) (out []string) {
	for _, l := range r.lines {
		s, err := scsi.ParseSense(raw(l.x))
		if l.step != step || err != nil || l.x.Name == "INQUIRY" {
			continue
		}
		if w := s.String(); len(out) == 0 || out[len(out)-1] != w {
			out = append(out, w)
		}
	}
	return out
}

// sent counts the commands that begin with these bytes, in a step or in all.
func (r *rig) sent(step string, cdb ...byte) (n int) {
	for _, l := range r.lines {
		b, err := hex.DecodeString(l.x.Request)
		if err != nil {
			r.t.Fatal(err)
		}
		if (step == "" || l.step == step) && bytes.HasPrefix(b, cdb) {
			n++
		}
	}
	return n
}
