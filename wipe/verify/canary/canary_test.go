package canary

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"lethe/wipe/pattern"
)

var seed = []byte("sixteen bytes ok")

func TestPlaces(t *testing.T) {
	for _, c := range []struct{ size, sector, n, want int64 }{
		{512, 512, Default, 1}, {1024, 512, Default, 2}, {6907 * 512, 512, Default, 6907},
		{6908 * 512, 512, Default, 6907}, {1 << 40, 4096, Default, 6907}, {1 << 30, 512, 10, 12},
	} {
		got, err := Places(c.size, c.sector, c.n, 0, seed)
		if err != nil || int64(len(got)) != c.want {
			t.Fatalf("%+v: %d places, %v", c, len(got), err)
		}
		// mutant: canary.go: taken := map[int64]bool{0: true, sectors - 1: true} => taken := map[int64]bool{1: true, 2: true}
		if got[0] != 0 || got[len(got)-1] != c.size-c.sector || !slices.IsSorted(got) || len(slices.Compact(slices.Clone(got))) != len(got) {
			t.Errorf("%+v: first %d, last %d", c, got[0], got[len(got)-1])
		}
		for _, p := range got {
			if p%c.sector != 0 {
				t.Fatalf("%+v: %d is no sector", c, p)
			}
		}
	}
}

func TestNoPlaces(t *testing.T) {
	for _, c := range []struct {
		size, sector, n int64
		round           int
		seed            []byte
	}{
		{0, 512, 1, 0, seed}, {-512, 512, 1, 0, seed}, {513, 512, 1, 0, seed}, {512, 0, 1, 0, seed}, {520, 520, 1, 0, seed},
		{512, 512, 0, 0, seed}, {512, 512, Most + 1, 0, seed}, {512, 512, 1, -1, seed}, {512, 512, 1, 256, seed}, {512, 512, 1, 0, nil},
	} {
		if _, err := Places(c.size, c.sector, c.n, c.round, c.seed); !errors.Is(err, ErrNoPlaces) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

// Each act has places and bytes of its own: what one left behind is not taken for what
// the next one's canaries are.
func TestRoundsDiffer(t *testing.T) {
	a, _ := Places(1<<30, 512, 100, 0, seed)
	// mutant: canary.go: iv := append([]byte("lethe canary"), byte(round), 0, 0, 0) => iv := append([]byte("lethe canary"), 0, 0, 0, 0)
	if b, _ := Places(1<<30, 512, 100, 1, seed); slices.Equal(a, b) {
		t.Error("two acts have the same places")
	}
	// mutant: canary.go: byte(round)), seed...)) => 0), seed...))
	if Key(0, seed) == Key(1, seed) {
		t.Error("two acts have the same bytes")
	}
}

// An auditor finds places and bytes again with openssl alone.
func TestOpenSSL(t *testing.T) {
	run := func(key, iv []byte, n int) []byte {
		cmd := exec.Command("openssl", "enc", "-aes-128-ctr", "-nosalt", "-K", hex.EncodeToString(key), "-iv", hex.EncodeToString(iv))
		cmd.Stdin = bytes.NewReader(make([]byte, n))
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	want := map[int64]bool{0: true, 1<<21 - 1: true}
	for stream := run(seed, append([]byte("lethe canary"), 3, 0, 0, 0), 4096); len(want) < 22; stream = stream[16:] {
		r := uint64(0) // the remainder of the number by 2^21 is its last bits
		for _, b := range stream[8:16] {
			r = r<<8 | uint64(b)
		}
		want[int64(r%(1<<21))] = true
	}
	got, err := Places(1<<30, 512, 20, 3, seed)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range got {
		if !want[p/512] {
			t.Errorf("place %d is not one that openssl draws", p)
		}
	}
	key := Key(3, seed)
	s, err := pattern.New(pattern.Spec{Kind: "aes-128-ctr", Key: key[:], IV: make([]byte, 16)})
	if err != nil {
		t.Fatal(err)
	}
	sector := make([]byte, 512)
	s.Fill(sector, got[5])
	iv := make([]byte, 16)
	for i, c := 15, got[5]/16; c > 0; i, c = i-1, c>>8 {
		iv[i] = byte(c)
	}
	if !bytes.Equal(sector, run(key[:], iv, 512)) {
		t.Error("the bytes of a canary are not openssl's")
	}
}

// Of a medium of which a part survives, the share of drawings that meet none of it
// agrees with theory: (1 - part)^places, within three standard deviations, over ten
// thousand seeds and parts that lie together and apart.
func TestDetectionRate(t *testing.T) {
	start := uint64(time.Now().UnixNano())
	if s, err := strconv.ParseUint(os.Getenv("LETHE_SEED"), 10, 64); err == nil {
		start = s
	}
	t.Logf("seed %d", start)
	r := rand.New(rand.NewPCG(start, 0))
	const sectors, places, runs = 200_000, 690, 10_000
	for _, part := range []float64{0.1, 0.01, 0.001} {
		for _, spread := range []bool{false, true} {
			survives := int64(part * sectors)
			step := int64(sectors) / survives
			missed := 0
			for range runs {
				s := binary16(r)
				at := r.Int64N(sectors)
				drawn, err := Places(sectors*512, 512, places, 0, s)
				if err != nil {
					t.Fatal(err)
				}
				hit := slices.ContainsFunc(drawn, func(p int64) bool {
					i := (p/512 - at + sectors) % sectors
					if spread {
						return i%step == 0
					}
					return i < survives
				})
				if !hit {
					missed++
				}
			}
			// The first and the last sector are not independent of where a part that lies
			// together begins: they see it in about two of sectors drawings, which is less
			// than a tenth of a deviation here.
			p := math.Pow(1-part, places)
			sigma := math.Sqrt(runs * p * (1 - p))
			t.Logf("%.1f %% survive, spread %v: %d of %d drawings missed it, expected %.1f +- %.1f", 100*part, spread, missed, runs, runs*p, sigma)
			// mutant: canary.go: lo, n) => lo/2, n)
			if math.Abs(float64(missed)-runs*p) > 3*sigma+1 {
				t.Errorf("%.1f %%, spread %v: %d missed, expected %.1f +- %.1f", 100*part, spread, missed, runs*p, sigma)
			}
		}
	}
}

func binary16(r *rand.Rand) []byte {
	b := make([]byte, 16)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

func TestBound(t *testing.T) {
	for _, c := range []struct{ size, sector, n, want int64 }{
		{1 << 40, 512, Default, 10}, {1 << 40, 512, 688, 100}, {6907 * 512, 512, Default, 0}, {512, 512, 1, 0}, {1 << 40, 512, 0, 10000},
	} {
		if got := Bound(c.size, c.sector, c.n); got != c.want {
			t.Errorf("%+v: %d", c, got)
		}
	}
	if !strings.Contains(ErrNoPlaces.Error(), "canar") {
		t.Error(ErrNoPlaces)
	}
}
