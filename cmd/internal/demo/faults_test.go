package demo_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lethe/certs/record"
	"lethe/cmd/internal/demo"
	"lethe/image/boottest"
)

// chance is a random source whose seed the log has.
func chance(t *testing.T) *rand.Rand {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// scattered picks n sectors of a drive: the first, the last, the middle one and
// others at random.
func scattered(r *rand.Rand, size int64, n int) []int64 {
	end := size / 512
	picked := map[int64]bool{0: true, end - 1: true, end / 2: true}
	for len(picked) < n {
		picked[r.Int64N(end)] = true
	}
	var out []int64
	for s := range picked {
		out = append(out, s)
	}
	slices.Sort(out)
	return out
}

func faults(sectors []int64) (fs []boottest.Fault) {
	for _, s := range sectors {
		fs = append(fs, boottest.Fault{Sector: s, Read: true, Write: true})
	}
	return fs
}

// listed are the sectors of a record's ranges.
func listed(rs []record.Range) (sectors []int64) {
	for _, r := range rs {
		for s := int64(r.First) / 512; s < int64(r.End)/512; s++ {
			sectors = append(sectors, s)
		}
	}
	return sectors
}

// Sectors that fail under three buses: the notice names these and no others, and
// everything else is gone.
//
// Turns red when giveUp of package traverse counts the sector as good.
func TestFailingSectors(t *testing.T) {
	r := chance(t)
	o := options(t, image(t, "bin/lethe"), 64<<20)
	for _, p := range []struct {
		bus boottest.Bus
		n   int
	}{{boottest.SATA, scatteredATA}, {boottest.NVMe, scatteredSectors}, {boottest.SCSI, scatteredSectors}} {
		bad := scattered(r, o.Size, p.n)
		t.Logf("%s: %v", p.bus, bad)
		o.Drives = append(o.Drives, demo.Plug{Name: string(p.bus), Bus: p.bus,
			Serial: "BAD-" + strings.ToUpper(string(p.bus)), Faults: faults(bad)})
	}
	res := run(t, o)
	for i, d := range res.Drives {
		var want []int64
		for _, f := range o.Drives[i].Faults {
			want = append(want, f.Sector)
		}
		if diff := cmp.Diff(want, d.Kept); diff != "" || d.Remains.Moved != len(want) {
			t.Errorf("%s: %v; sectors as they were (-injected +found):\n%s", d.Name, d.Remains, diff)
		}
		notice(t, d, record.Failed)
		if d.Paper == nil || d.Paper.Record == nil {
			continue
		}
		rec := d.Paper.Record
		if diff := cmp.Diff(want, listed(rec.Passes[0].Failed)); diff != "" {
			t.Errorf("%s: failed sectors of the notice (-injected +reported):\n%s", d.Name, diff)
		}
		if v := rec.Verification; v == nil {
			t.Errorf("%s: nothing was read back", d.Name)
		} else if diff := cmp.Diff(want, listed(v.Unreadable)); diff != "" || v.MismatchBytes != 0 {
			t.Errorf("%s: unreadable sectors (-injected +reported), %d bytes differ:\n%s", d.Name, v.MismatchBytes, diff)
		}
		t.Logf("%s: %d sectors, %.1f s: %v", d.Name, len(want), time.Duration(rec.Nanos).Seconds(), rec.Verdict.Reasons)
	}
}

// notice wants an authentic notice of this state for the drive.
func notice(t *testing.T, d demo.DriveResult, state record.State) {
	t.Helper()
	if p := d.Paper; p == nil || p.Kind != record.KindNotice || p.State != string(state) || !p.Authentic || p.Checked {
		t.Errorf("%s: paper %+v, want a notice of %s", d.Name, p, state)
	}
}

// certified wants an authentic certificate for a drive that is gone.
func certified(t *testing.T, d demo.DriveResult) {
	t.Helper()
	if p := d.Paper; p == nil || p.Kind != record.KindCertificate || !p.Checked || !p.Pdfsig || !p.Qpdf {
		t.Errorf("%s: paper %+v, want a certificate", d.Name, p)
	}
	if !d.Remains.Gone() {
		t.Errorf("%s: %v", d.Name, d.Remains)
	}
}
