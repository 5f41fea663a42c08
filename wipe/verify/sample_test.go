package verify_test

import (
	"context"
	"errors"
	"testing"

	"lethe/wipe/overwrite/overwritetest"
	"lethe/wipe/verify"
	"lethe/wipe/verify/sample"

	"github.com/google/go-cmp/cmp"
)

// drawn is a sample of tenth-of-the-medium size of a written device.
func drawn(t testing.TB, d *overwritetest.Mem, percent int64, seed byte) sample.Sample {
	t.Helper()
	s, err := sample.Draw(d.Size(), int64(d.LogicalSector()), percent, append(make([]byte, 15), seed))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// A sample reads its ranges, all of them and nothing else, in ascending order.
//
// mutant: verify.go: m.Only = append(m.Only, Range(r)) => m.Only = append(m.Only, Range{r.First, r.First + int64(m.Sector)})
func TestSampleReadsItsPlaces(t *testing.T) {
	s := keyed(t)
	for _, sectors := range []int64{20000, 20001, 39999, 41234} {
		d := written(t, sectors*512, 512, s)
		want := drawn(t, d, 10, 1)
		var read int64
		d.ReadFault = func(_ int64, n int) (int, error) { read += int64(n); return n, nil }
		o := verify.Options{Buffer: 64 << 10, InFlight: 1}
		res, err := verify.Sample(context.Background(), d, s, want, o)
		if err != nil || !res.Clean() || res.Compared != want.Bytes || res.Places != int64(len(want.Drawn)) || read != want.Bytes {
			t.Fatalf("%d sectors: %d read, %+v, %v; want %d", sectors, read, res, err, want.Bytes)
		}
		var got []sample.Range
		for _, r := range res.Covered {
			got = append(got, sample.Range(r))
		}
		if diff := cmp.Diff(want.Ranges, got); diff != "" {
			t.Errorf("%d sectors (-drawn +read):\n%s", sectors, diff)
		}
	}
}

// What differs inside of a place is seen to the sector; what differs outside is not
// looked at, which is what a sample is.
func TestSampleSeesItsPlacesOnly(t *testing.T) {
	r := random(t)
	s := keyed(t)
	d := written(t, 40000*512, 512, s)
	places := drawn(t, d, 10, byte(r.IntN(256)))
	inside := func(off int64) bool {
		for _, p := range places.Ranges {
			if off >= p.First && off < p.End {
				return true
			}
		}
		return false
	}
	for range 100 {
		at := r.Int64N(d.Size())
		d.Medium()[at] ^= 1
		res, err := verify.Sample(context.Background(), d, s, places, small)
		d.Medium()[at] ^= 1
		if seen := errors.Is(err, verify.ErrMismatch); seen != inside(at) || seen != (res.Mismatched == 512) {
			t.Errorf("byte %d, inside %v: %v, %d bytes", at, inside(at), err, res.Mismatched)
		}
	}
	for _, at := range []int64{0, d.Size() - 1} { // the first and the last sector, always
		d.Medium()[at] ^= 1
		if _, err := verify.Sample(context.Background(), d, s, places, small); !errors.Is(err, verify.ErrMismatch) {
			t.Errorf("byte %d: %v", at, err)
		}
		d.Medium()[at] ^= 1
	}
}

// A place with an unreadable sector is no place that was compared whole.
//
// mutant: verify.go: if len(ranges) > 0 && ranges[0].First <= p.First { => if len(ranges) > 0 {
func TestSamplePlacesAreWhole(t *testing.T) {
	s := keyed(t)
	d := written(t, 40000*512, 512, s)
	places := drawn(t, d, 10, 9)
	bad := places.Drawn[len(places.Drawn)/2].First
	d.ReadFault = func(off int64, n int) (int, error) {
		if off <= bad && bad < off+int64(n) {
			return 0, errors.New("bad sector")
		}
		return n, nil
	}
	res, err := verify.Sample(context.Background(), d, s, places, small)
	if !errors.Is(err, verify.ErrIncomplete) || res.Clean() || res.Places != int64(len(places.Drawn))-1 || res.Compared != places.Bytes-512 {
		t.Errorf("%+v, %v", res, err)
	}
}

// mutant: verify.go: if n := len(m.Only); n == 0 || m.Only[n-1].End != m.Size { => if n := len(m.Only); n == 0 {
func TestSampleOfAnotherMedium(t *testing.T) {
	s := keyed(t)
	d, other := written(t, 40000*512, 512, s), written(t, 30000*512, 512, s)
	if _, err := verify.Sample(context.Background(), d, s, drawn(t, other, 10, 1), small); !errors.Is(err, verify.ErrSize) {
		t.Errorf("%v", err)
	}
	if _, err := verify.Sample(context.Background(), d, s, sample.Sample{}, small); !errors.Is(err, verify.ErrSize) {
		t.Errorf("an empty sample: %v", err)
	}
}
