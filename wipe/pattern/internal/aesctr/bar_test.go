package aesctr

import (
	"crypto/aes"
	"crypto/cipher"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
	"unsafe"
)

// What the best kernel must reach, as a multiple of crypto/aes's CTR with the
// same key on the same buffer, where the processor has VAES.
const (
	fillBar  = 2.5
	checkBar = 2.0
)

const barRounds = 301

// TestBarKernels holds the best kernel against crypto/aes in CTR mode and prints
// the figures of all:
//
//	go test -count=1 -run TestBarKernels -v ./wipe/pattern/internal/aesctr
//
// The machine may be shared: both sides are measured in turn, in rounds so short
// that most of them are not interrupted, and the medians of the rounds' ratios
// and speeds are taken. The bars hold for 32 and 256 KiB, which stay in the
// second-level cache; 1 MiB is what an overwrite has in a buffer, and is printed.
func TestBarKernels(t *testing.T) {
	t.Logf("machine: %s; best kernel: %s", machine(), Best())
	for _, kib := range []int{32, 256, 1024} {
		p := aligned(kib << 10)
		for _, k := range usable() {
			s := streamOf(t, k, [16]byte{1}, [16]byte{2})
			fill := measure(p, func() { s.Fill(p, 0) })
			s.Fill(p, 0)
			check := measure(slices.Clone(p), func() {
				if i := s.Check(p, 0); i != -1 {
					t.Fatalf("%s: Check of its own bytes = %d", k, i)
				}
			})
			t.Logf("%4d KiB %-12s fill %s; check %s", kib, k, fill, check)
			if k == Standard || k != Best() || kib > 256 {
				continue
			}
			if fill.ratio < fillBar || check.ratio < checkBar {
				t.Errorf("%s at %d KiB: fill %.2f ×, check %.2f × crypto/aes; want %.1f and %.1f",
					k, kib, fill.ratio, check.ratio, fillBar, checkBar)
			}
		}
	}
}

// figure is a median speed, and the median of the ratios to crypto/aes's.
type figure struct{ gbs, ratio float64 }

func (f figure) String() string {
	return fmt.Sprintf("%6.2f GB/s, %5.2f × crypto/aes", f.gbs, f.ratio)
}

// measure runs do, which handles len(p) bytes, and crypto/aes in CTR mode on p,
// in place, in turn.
func measure(p []byte, do func()) figure {
	block, err := aes.NewCipher(make([]byte, 16))
	if err != nil {
		panic(err)
	}
	std := cipher.NewCTR(block, make([]byte, 16))
	repeat := max(1, 128<<10/len(p))
	var speeds, ratios []float64
	for range barRounds {
		theirs := timed(repeat, func() { std.XORKeyStream(p, p) })
		ours := timed(repeat, do)
		speeds = append(speeds, float64(repeat*len(p))/ours.Seconds()/1e9)
		ratios = append(ratios, theirs.Seconds()/ours.Seconds())
	}
	return figure{median(speeds), median(ratios)}
}

func timed(n int, do func()) time.Duration {
	began := time.Now()
	for range n {
		do()
	}
	return time.Since(began)
}

func median(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}

// aligned returns n bytes that begin on a page, as the buffers of a pass do.
func aligned(n int) []byte {
	p := make([]byte, n+4096)
	skip := -uintptr(unsafe.Pointer(&p[0])) % 4096
	return p[skip:][:n:n]
}

// machine names what the figures were measured on.
func machine() string {
	model := runtime.GOARCH
	info, _ := os.ReadFile("/proc/cpuinfo") // elsewhere: the architecture must do
	for line := range strings.Lines(string(info)) {
		if k, v, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(k) == "model name" {
			model = strings.TrimSpace(v)
			break
		}
	}
	return fmt.Sprintf("%d × %s, %s", runtime.NumCPU(), model, runtime.Version())
}
