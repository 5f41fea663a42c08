package uncover

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"lethe/certs/record"
	"lethe/inventory/ata"
	"lethe/inventory/inventorytest/simata"
	"lethe/wipe/witness"
)

func config() simata.Config {
	return simata.Config{Model: "SIMULATED HDD", Serial: "SIM-ATA-1", Firmware: "1.0", Sectors: 4096,
		Rotation: 7200, Security: true, HPA: true, DCO: true}
}

func uncovered(t *testing.T, d *simata.Drive) (Result, []record.Exchange) {
	t.Helper()
	var told []record.Exchange
	r, err := Run(context.Background(), ata.Over(d.Conn()), func(x record.Exchange) error {
		told = append(told, x)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(d.Sent()); n != len(told) && n != len(told)-1 { // one is an attention that hides it from the drive
		t.Errorf("%d commands reached the drive, %d were told", n, len(told))
	}
	return r, told
}

// words is the findings, one a kind: outcome and sectors.
func words(r Result) string {
	var s []string
	for _, f := range r.Findings {
		s = append(s, fmt.Sprintf("%s %s %d%s", f.Kind, f.Outcome, f.Hidden, f.Masks))
	}
	return strings.Join(s, ", ")
}

// TestRun: every way in which a drive hides sectors, and in which it keeps them.
//
// mutant: uncover.go: if u.id.Sectors() == last+1 { => if true {
// mutant: uncover.go: case u.id.Security().Locked, u.id.SetMaxSecurity(): => case false:
// mutant: uncover.go: if u.stillHidden() > 0 { => if false {
// mutant: uncover.go: if u.found[DCO].Outcome == Removed { => if false {
// mutant: uncover.go: f.Masks = "Security" => f.Masks = ""
func TestRun(t *testing.T) {
	amax := config()
	amax.HPA, amax.AMAX = false, true
	plain := config()
	plain.HPA, plain.DCO = false, false
	hpa := func(n uint64) func(*simata.State) { return func(s *simata.State) { s.Accessible = n } }
	dco := func(n uint64) func(*simata.State) { return func(s *simata.State) { s.Configured = n } }
	both := func(s *simata.State) { s.Accessible, s.Configured = 2000, 3000 }
	for name, c := range map[string]struct {
		made    simata.Config
		faults  simata.Faults
		before  func(*simata.State)
		want    string
		sectors uint64
	}{
		"nothing":                       {config(), simata.Faults{}, nil, "HPA none 0, AMAX none 0, DCO none 0", 4096},
		"no such features":              {plain, simata.Faults{}, nil, "HPA none 0, AMAX none 0, DCO none 0", 4096},
		"HPA":                           {config(), simata.Faults{}, hpa(2000), "HPA removed 2096, AMAX none 0, DCO none 0", 4096},
		"volatile HPA":                  {config(), simata.Faults{}, func(s *simata.State) { s.Volatile.Accessible = 100 }, "HPA removed 3996, AMAX none 0, DCO none 0", 4096},
		"AMAX":                          {amax, simata.Faults{}, hpa(2000), "HPA none 0, AMAX removed 2096, DCO none 0", 4096},
		"DCO":                           {config(), simata.Faults{}, dco(3000), "HPA none 0, AMAX none 0, DCO removed 1096", 4096},
		"HPA over DCO":                  {config(), simata.Faults{}, both, "HPA removed 1000, AMAX none 0, DCO removed 1096", 4096},
		"HPA under DCO":                 {config(), simata.Faults{}, func(s *simata.State) { s.Accessible, s.Configured = 2500, 2000 }, "HPA removed 1596, AMAX none 0, DCO removed 2096", 4096},
		"DCO hides a feature":           {config(), simata.Faults{}, func(s *simata.State) { s.HidesSecurity = true }, "HPA none 0, AMAX none 0, DCO removed 0Security", 4096},
		"second SET MAX":                {config(), simata.Faults{KeepsPower: true}, hpa(2000), "HPA needs power cycle 2096, AMAX none 0, DCO none 0", 2000},
		"second SET MAX, over DCO":      {config(), simata.Faults{KeepsPower: true}, both, "HPA needs power cycle 1000, AMAX none 0, DCO blocked 1096", 2000},
		"AMAX taken once":               {amax, simata.Faults{KeepsPower: true}, hpa(2000), "HPA none 0, AMAX needs power cycle 2096, DCO none 0", 2000},
		"locked drive":                  {config(), simata.Faults{Locked: true}, hpa(2000), "HPA unreadable 0, AMAX none 0, DCO access denied 0", 2000},
		"DCO frozen":                    {config(), simata.Faults{DCOFrozen: true}, dco(3000), "HPA none 0, AMAX none 0, DCO frozen 0", 3000},
		"takes SET MAX, does nothing":   {config(), simata.Faults{KeepsEnd: true}, hpa(2000), "HPA ignored 2096, AMAX none 0, DCO none 0", 2000},
		"takes RESTORE, does nothing":   {config(), simata.Faults{KeepsEnd: true}, dco(3000), "HPA none 0, AMAX none 0, DCO ignored 1096", 3000},
		"adapter without registers":     {config(), simata.Faults{ZeroRegisters: true}, hpa(2000), "HPA unreadable 0, AMAX none 0, DCO blocked 2096", 2000},
		"garbage registers":             {config(), simata.Faults{GarbageRegisters: true}, hpa(2000), "", 2000},
		"a reset to report":             {config(), simata.Faults{}, func(s *simata.State) { s.Accessible, s.Volatile.Attention = 2000, true }, "HPA removed 2096, AMAX none 0, DCO none 0", 4096},
		"registers lost once":           {config(), simata.Faults{LoseRegisters: 1}, hpa(2000), "", 2000},
		"SET MAX locked by a password":  {config(), simata.Faults{HPALocked: true}, hpa(2000), "HPA access denied 2096, AMAX none 0, DCO none 0", 2000},
		"success in fixed format sense": {func() simata.Config { c := config(); c.FixedSuccess = true; return c }(), simata.Faults{}, hpa(2000), "HPA unreadable 0, AMAX none 0, DCO blocked 2096", 2000},
	} {
		t.Run(name, func(t *testing.T) {
			d := simata.New(c.made, c.faults, simata.NewMemory(c.made), &simata.Manual{})
			if c.before != nil {
				d.Set(c.before)
			}
			r, _ := uncovered(t, d)
			if got := words(r); c.want != "" && got != c.want {
				t.Errorf("%s; want %s", got, c.want)
			}
			if n := r.After.Sectors(); c.want != "" && n != c.sectors {
				t.Errorf("%d sectors; want %d", n, c.sectors)
			}
			for _, cmd := range d.Sent() {
				if cmd.Opcode == 0xb1 && cmd.Feature == 0xc0 && strings.Contains(c.want, "HPA needs power cycle") {
					t.Error("RESTORE was sent while an HPA is set")
				}
			}
			// Whatever the drive did, nothing hidden is ever called clear.
			if err := r.Clear(); err == nil && (r.After.Sectors() != 4096 || d.State().HidesSecurity) {
				t.Errorf("clear with %d sectors: %s", r.After.Sectors(), words(r))
			}
		})
	}
}

// TestSecondPowerCycle: what one power cycle leaves, the next one gives back.
func TestSecondPowerCycle(t *testing.T) {
	c := config()
	d := simata.New(c, simata.Faults{}, simata.NewMemory(c), &simata.Manual{})
	d.Set(func(s *simata.State) { s.Accessible, s.Volatile.MaxSet = 2000, true })
	r, _ := uncovered(t, d)
	var h *HiddenError
	if err := r.Clear(); !errors.As(err, &h) || !h.Needs(PowerCycle) || h.Needs(Denied) {
		t.Fatalf("%v", err)
	}
	d.PowerCycle()
	d2 := len(d.Sent())
	r, err := Run(context.Background(), ata.Over(d.Conn()), func(record.Exchange) error { return nil })
	if err != nil || r.Clear() != nil || !r.Changed() || len(d.Sent()) == d2 {
		t.Errorf("after a power cycle: %v, %s", err, words(r))
	}
}

// mutant: uncover.go: _, err := u.nativeMax() => var err error
// SET MAX ADDRESS comes directly after a READ NATIVE MAX ADDRESS of its own.
func TestSetMaxFollowsNativeMax(t *testing.T) {
	c := config()
	d := simata.New(c, simata.Faults{}, simata.NewMemory(c), &simata.Manual{})
	d.Set(func(s *simata.State) { s.Accessible = 2000 })
	_, _ = uncovered(t, d)
	sent := d.Sent()
	for i, s := range sent {
		if s.Opcode == 0x37 && (sent[i-1].Opcode != 0x27 || sent[i-2].Opcode != 0x27 || s.Count != 1 || s.LBA != 4095) {
			t.Errorf("%+v after %+v", s, sent[i-1])
		}
	}
}

// TestEndsWithTheTranscript: an exchange that is not taken down is the last one.
func TestEndsWithTheTranscript(t *testing.T) {
	for n := 1; n < 8; n++ {
		c := config()
		d := simata.New(c, simata.Faults{}, simata.NewMemory(c), &simata.Manual{})
		d.Set(func(s *simata.State) { s.Accessible, s.Configured = 2000, 3000 })
		full := errors.New("full")
		_, err := Run(context.Background(), ata.Over(d.Conn()), func(record.Exchange) error {
			if len(d.Sent()) == n {
				return full
			}
			return nil
		})
		if !errors.Is(err, witness.ErrVeto) || !errors.Is(err, full) || len(d.Sent()) != n {
			t.Errorf("%d taken down: %v, %d sent", n, err, len(d.Sent()))
		}
	}
}

func TestGone(t *testing.T) {
	c := config()
	d := simata.New(c, simata.Faults{Gone: true}, simata.NewMemory(c), &simata.Manual{})
	if _, err := Run(context.Background(), ata.Over(d.Conn()), func(record.Exchange) error { return nil }); err == nil {
		t.Error("a drive that is gone was uncovered")
	}
}

func TestArea(t *testing.T) {
	for want, f := range map[string]Finding{
		"none": {Kind: HPA, Outcome: None}, "removed": {Kind: HPA, Outcome: Removed, Hidden: 5},
		"present: needs power cycle":   {Kind: HPA, Outcome: PowerCycle, Hidden: 5},
		"not readable: unreadable: no": {Kind: HPA, Outcome: Unreadable, Err: errors.New("no")},
	} {
		a := f.Area(512)
		if a.State != want || (a.Bytes != 0) != (f.Outcome == PowerCycle) {
			t.Errorf("%+v; want %q", a, want)
		}
	}
}
