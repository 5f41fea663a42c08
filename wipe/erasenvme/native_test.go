package erasenvme

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"lethe/certs/record"
	"lethe/inventory/inventorytest/simnvme"
	"lethe/inventory/nvme"
	"lethe/wipe"
)

// native is an Eraser as an engine's worker drives it, a wipe.Eraser with its steps.
type native struct {
	e    *Eraser
	opts Options
	step string
	tell wipe.Tell
}

// forAct makes one for an act of a plan.
func forAct(act record.Act, conn nvme.Conn, o Options) (*native, error) {
	for k := SanitizeCrypto; k <= FormatUser; k++ {
		if k.String() == string(act) {
			n := &native{opts: o}
			n.e = New(k, conn, func(x record.Exchange) error { return n.tell(n.step, x) })
			return n, nil
		}
	}
	return nil, fmt.Errorf("%q is no act of an NVMe drive", act)
}

// Observe asks how the drive stands.
func (n *native) Observe(ctx context.Context, step string, tell wipe.Tell) error {
	n.step, n.tell = step, tell
	_, err := n.e.look(ctx)
	return err
}

// Erase gives the command and follows it.
func (n *native) Erase(ctx context.Context, tell wipe.Tell, how func(wipe.Course)) error {
	n.step, n.tell = record.StepStart, tell
	allow := mostSilence
	if n.e.kind.format() { // the drive answers when it is done
		allow = nvme.FormatTimeout
	}
	how(wipe.Course{Done: -1, Allow: allow})
	if err := n.e.Start(ctx, n.opts); err != nil {
		return err
	}
	n.step = record.StepPoll
	return n.e.Wait(ctx, time.Second, func(p Progress) {
		how(wipe.Course{Done: int64(p.Share), Allow: p.Allow})
	})
}

// TestNative: the steps under which the judge looks for each answer.
func TestNative(t *testing.T) {
	var _ wipe.Eraser = (*native)(nil)
	ctx := context.Background()
	for act, want := range map[record.Act]string{
		record.NVMeSanitizeBlock: "before 06 02 02, ready 06 02 02, start 06 02 02 84, poll 02 02, after 06 02 02",
		record.NVMeFormatUser:    "before 06 02 02, ready 06 02 02, start 06 02 02 06 06 06 80 80, poll 06 06, after 06 02 02",
	} {
		b := newBench(t, config(), simnvme.Faults{})
		n, err := forAct(act, b.d.AdminConn(1), Options{})
		if err != nil {
			t.Fatal(err)
		}
		e := b.eraser(n.e.kind)
		n.e.Now, n.e.Sleep = e.Now, e.Sleep
		var got []string
		last, seen := "", 0
		tell := func(step string, x record.Exchange) error {
			word := " " + strings.Fields(x.Request)[0]
			if step != last {
				word = step + word
				if last != "" {
					word = ", " + word
				}
			}
			last = step
			got = append(got, word)
			return nil
		}
		for _, err := range []error{n.Observe(ctx, record.StepBefore, tell), n.Observe(ctx, record.StepReady, tell),
			n.Erase(ctx, tell, func(c wipe.Course) {
				if seen++; c.Allow <= 0 || c.Done > 65536 {
					t.Errorf("course %+v", c)
				}
			}), n.Observe(ctx, record.StepAfter, tell)} {
			if err != nil {
				t.Error(err)
			}
		}
		if s := strings.Join(got, ""); s != want || seen < 2 {
			t.Errorf("%s: %d courses, told %s\nwant %s", act, seen, s, want)
		}
	}
	if n, err := forAct(record.ATASanitizeBlock, nil, Options{}); err == nil {
		t.Errorf("%+v", n)
	}
}
