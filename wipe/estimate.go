package wipe

import (
	"context"
	"math"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"lethe/certs/record"
)

// Zones is how fast a drive is at its first, middle and last bytes, in bytes a second;
// the zero value is not known. A rotating drive is about half as fast at its end.
type Zones [3]int64

func (z Zones) known() bool { return z[0] > 0 && z[1] > 0 && z[2] > 0 }

// seconds is how long the first part of a drive takes of which size is the whole, or
// a measure of it where the zones are not known: speed is taken to go straight from
// place to place.
func (z Zones) seconds(part, size int64) float64 {
	if !z.known() {
		z = Zones{1, 1, 1}
	}
	sum, half := 0.0, float64(size)/2
	for i := range 2 {
		n := min(max(float64(part)-float64(i)*half, 0), half)
		a, end := float64(z[i]), float64(z[i+1])
		b := a + (end-a)*n/half
		if size <= 0 || n <= 0 {
			continue
		}
		if math.Abs(b-a) < a/1e6 {
			sum += n / a
		} else {
			sum += n * math.Log(b/a) / (b - a)
		}
	}
	return sum
}

// work is how long a task takes up to the progress, by its zones.
func (z Zones) work(p Progress) float64 {
	if p.Act != "" {
		return float64(p.Done)
	}
	whole := z.seconds(p.Total, p.Total)
	if p.Total <= 0 {
		return 0
	}
	before := float64((p.sum()-p.Done)/p.Total) * whole
	if p.Phase == "check" && p.Part > 0 { // spread over the whole drive
		return before + whole*float64(p.Done)/float64(p.Total)
	}
	return before + z.seconds(p.Done, p.Total)
}

// all is how long the whole task takes.
func (z Zones) all(p Progress) float64 {
	if p.Act != "" {
		return float64(p.Total)
	}
	check := 1.0
	if p.Part > 0 {
		check = float64(p.Part) / float64(max(p.Total, 1))
	}
	return (float64(p.Of) + check) * z.seconds(p.Total, p.Total)
}

const (
	zoneTime  = 300 * time.Millisecond // of reading at each place
	zoneStep  = 1 << 20                // bytes a read
	zoneLeast = 1 << 30                // below, a drive is through before an estimate helps
)

// zones measures the drive, unless it has more than one way from its outer zones to its
// inner ones, one for each lane: there its own pace has to do.
func (w *work) zones(ctx context.Context, d Drive) Zones {
	if len(w.lanes) > 0 {
		return Zones{}
	}
	return zones(ctx, d, w.spec.Task.Device.Medium)
}

// zones reads a rotating drive at three places. It is for people only: an error, or a
// drive that is too small, leaves them unknown.
func zones(ctx context.Context, d Drive, m record.Medium) (z Zones) {
	if m != record.MediumMagnetic || d.Size() < zoneLeast {
		return Zones{}
	}
	buf, err := unix.Mmap(-1, 0, zoneStep, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if err != nil {
		return Zones{}
	}
	defer func() { _ = unix.Munmap(buf) }()
	page := int64(os.Getpagesize())
	for i, at := range []int64{0, d.Size() / 2, d.Size() - zoneLeast/8} {
		at = at / page * page
		z[i] = speed(ctx, d, buf, at, min(at+zoneLeast/8, d.Size()))
	}
	if !z.known() {
		return Zones{}
	}
	return z
}

// speed reads from at on for a while, not beyond end, and is 0 where it cannot. The
// first read moves the heads and does not count.
func speed(ctx context.Context, d Drive, buf []byte, at, end int64) int64 {
	var began time.Time
	n := int64(0)
	for ; at+zoneStep <= end && ctx.Err() == nil; at += zoneStep {
		if _, err := d.ReadAt(buf, at); err != nil {
			return 0
		}
		if began.IsZero() {
			began = time.Now()
			continue
		}
		n += zoneStep
		if time.Since(began) >= zoneTime {
			break
		}
	}
	if d := time.Since(began); !began.IsZero() && d > 0 {
		return int64(float64(n) / d.Seconds())
	}
	return 0
}
