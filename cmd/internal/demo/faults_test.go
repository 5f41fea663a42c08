package demo_test

import (
	"encoding/base64"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lethe/certs/record"
	"lethe/cmd/internal/demo"
	"lethe/image/boottest"
)

// chance is a random source: LETHE_SEED where a run is to be repeated, else new
// each time. The log has it.
func chance(t *testing.T) *rand.Rand {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	if v := os.Getenv("LETHE_SEED"); v != "" {
		var err error
		if seed, err = strconv.ParseUint(v, 10, 64); err != nil {
			t.Fatalf("LETHE_SEED: %v", err)
		}
	}
	t.Logf("seed %d (LETHE_SEED=%d repeats this run)", seed, seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// scattered picks n logical sectors of a drive: the first, the last, the middle
// one and others at random. It returns the 512-byte sectors in them.
func scattered(r *rand.Rand, size int64, logical, n int) []int64 {
	per := max(int64(logical)/512, 1)
	end := size / 512 / per
	picked := map[int64]bool{0: true, end - 1: true, end / 2: true}
	for len(picked) < n {
		picked[r.Int64N(end)] = true
	}
	var out []int64
	for s := range picked {
		for i := range per {
			out = append(out, s*per+i)
		}
	}
	slices.Sort(out)
	return out
}

// failing makes drives whose sectors fail, each n of them: a drive of 512-byte
// sectors on every bus, one of 4096-byte sectors, and one that has 512-byte
// sectors on the wire and 4096-byte ones on the medium. QEMU's errors are its
// logical sectors' on the last one, too.
func failing(t *testing.T, size int64) (plugs []demo.Plug) {
	r := chance(t)
	for _, p := range []demo.Plug{
		{Name: "sata", Bus: boottest.SATA},
		{Name: "nvme", Bus: boottest.NVMe},
		{Name: "scsi", Bus: boottest.SCSI},
		{Name: "scsi-4kn", Bus: boottest.SCSI, Logical: 4096},
		{Name: "sata-512e", Bus: boottest.SATA, Physical: 4096},
	} {
		bad := scattered(r, size, p.Logical, scatteredSectors)
		t.Logf("%s: %v", p.Name, bad)
		p.Serial, p.Faults = "BAD-"+strings.ToUpper(p.Name), faults(bad)
		plugs = append(plugs, p)
	}
	return plugs
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

// Sectors that fail under three buses and of three shapes: the notice names these
// and no others, and everything else is gone.
//
// Turns red when sectors of package traverse counts the sector as good.
func TestFailingSectors(t *testing.T) {
	o := options(t, image(t, "bin/lethe"), 64<<20)
	o.Drives, o.BootTime = failing(t, o.Size), 20*time.Minute
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
		if said := kernelRetries(rec.After); o.Drives[i].Bus != boottest.NVMe && said != "0" {
			t.Errorf("%s: the kernel sent failed commands again: max_retries %q", d.Name, said)
		}
		t.Logf("%s: %d sectors, %.1f s: %v", d.Name, len(want), time.Duration(rec.Nanos).Seconds(), rec.Verdict.Reasons)
	}
}

// kernelRetries is what the evidence says of the kernel's own retries.
func kernelRetries(o *record.Opened) string {
	if o == nil {
		return "nothing was read"
	}
	for _, e := range o.Evidence {
		if e.Name == "Linux sd max_retries" {
			b, _ := base64.StdEncoding.DecodeString(e.Response)
			return strings.TrimSpace(string(b))
		}
	}
	return "not limited"
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
