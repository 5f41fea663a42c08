//go:build long

package demo_test

import (
	"context"
	"testing"
	"time"

	"lethe/cmd/internal/demo"
)

// noNetwork is how long the machine is left without a cable after it complained.
const noNetwork = 5 * time.Minute

// The machine boots without a network cable: it lists its drives, says what to do,
// touches nothing, since nobody can acknowledge the intent (law 8), and stays on.
// The cable comes: everything goes its way.
func TestNetworkComesLate(t *testing.T) {
	o := options(t, image(t, "bin/lethe"), 32<<20)
	o.BootTime = 10*time.Minute + noNetwork
	o.During = func(ctx context.Context, m *demo.Running) error {
		if err := m.Cable(ctx, false); err != nil {
			return err
		}
		if _, err := m.Expect(ctx, `eth\d: no cable`); err != nil {
			return err
		}
		said, err := m.Expect(ctx, `NO NETWORK for [^\n]*plug in a network cable[^\n]*`)
		if err != nil {
			return err
		}
		t.Logf("%s", said[0])
		if err := stays(ctx, m, noNetwork); err != nil {
			return err
		}
		if err := untouched(m); err != nil {
			return err
		}
		plugged := time.Now()
		if err := m.Cable(ctx, true); err != nil {
			return err
		}
		if _, err := m.Expect(ctx, `intent acknowledged by the depot`); err != nil {
			return err
		}
		t.Logf("acknowledged %.0f s after the cable came", time.Since(plugged).Seconds())
		return m.Wait(ctx)
	}
	if res := run(t, o); !res.Proven {
		t.Errorf("not proven: %+v", res.Drives)
	}
}
