package pattern

import (
	"bytes"
	"encoding/binary"
	"io"
	"math"
	"math/bits"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

// fipsRate is the share of 20,000-bit blocks that fail rngtest(1)'s FIPS 140-2
// tests when every bit is a toss of a coin, and its standard error, measured by
// TestExpectedFIPS over 10 million blocks of ChaCha8. Of it, 1.035e-4 (monobit)
// and 2.976e-4 (long run) are known exactly. 1 GiB has 429,496 blocks, so
// 341 are expected to fail, give or take 19.
const (
	fipsRate      = 7.94e-4
	fipsRateError = 9e-6
)

// TestBarRandom holds the stream against rngtest(1) and ent(1). With -tags long
// it does so for 1 GiB and a fresh key:
//
//	go test -tags long -count=1 -run TestBarRandom -v ./wipe/pattern
//
// Bars: rngtest's failures within 3 standard deviations of what is expected,
// which one good generator in 370 misses; each of ent's figures within 4.
func TestBarRandom(t *testing.T) {
	s := randomStream(t, 1)
	t.Run("rngtest", func(t *testing.T) { holdRngtest(t, run(t, s, "rngtest")) })
	t.Run("ent", func(t *testing.T) { holdEnt(t, run(t, s, "ent", "-t")) })
}

// randomStream makes the nth stream, and prints its key.
func randomStream(t *testing.T, n byte) Stream {
	t.Helper()
	key := [KeySize]byte{0: n}
	if freshKeys {
		var err error
		if key, err = NewKey(); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d bytes, kernel %s, key %x", randomSize, Kernel(), key)
	return newStream(t, Spec{Kind: AES128CTR, Key: key[:]})
}

// run gives randomSize bytes of s to a tool and returns what it prints.
func run(t *testing.T, s Stream, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Stdin = io.LimitReader(&reader{stream: s}, randomSize)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	// rngtest's status is 1 when any block failed, as some must.
	if err := cmd.Run(); err != nil && (name != "rngtest" || cmd.ProcessState.ExitCode() != 1) {
		t.Fatalf("%s: %v\n%s", name, err, &out)
	}
	return out.String()
}

// reader reads a stream from its beginning.
type reader struct {
	stream Stream
	off    int64
}

func (r *reader) Read(p []byte) (int, error) {
	r.stream.Fill(p, r.off)
	r.off += int64(len(p))
	return len(p), nil
}

func holdRngtest(t *testing.T, out string) {
	good, failed := after(t, out, "FIPS 140-2 successes: "), after(t, out, "FIPS 140-2 failures: ")
	n := good + failed
	// rngtest starts on its first word and leaves the last part of a block.
	if want := float64((randomSize - 4) / fipsBlock); n != want {
		t.Errorf("rngtest looked at %v blocks; want %v", n, want)
	}
	sigma := math.Hypot(math.Sqrt(n*fipsRate*(1-fipsRate)), n*fipsRateError)
	within(t, "FIPS 140-2 failures", failed, n*fipsRate, sigma, 3)
}

// after returns the number in s that follows label.
func after(t *testing.T, s, label string) float64 {
	t.Helper()
	_, rest, found := strings.Cut(s, label)
	word, _, _ := strings.Cut(rest, "\n")
	v, err := strconv.ParseFloat(word, 64)
	if !found || err != nil {
		t.Fatalf("no number after %q in:\n%s", label, s)
	}
	return v
}

// holdEnt looks at the line of ent -t: 1, bytes, entropy, chi-square, mean, Monte
// Carlo pi, serial correlation. What is expected of uniform bytes: chi-square with
// 255 degrees of freedom; the mean of 0 to 255, whose variance is (256²−1)/12; a
// share π/4 of points of 6 bytes inside of a circle; correlation of 1/√n.
func holdEnt(t *testing.T, out string) {
	_, line, _ := strings.Cut(strings.TrimSpace(out), "\n")
	var v [7]float64
	for i, f := range strings.Split(line, ",") {
		if i < len(v) {
			v[i], _ = strconv.ParseFloat(f, 64)
		}
	}
	n := float64(randomSize)
	if v[1] != n {
		t.Fatalf("ent read %v bytes; want %v: %s", v[1], n, out)
	}
	// Entropy falls short of 8 bits a byte by chi-square / (2 n ln 2); ent prints
	// it to a millionth.
	least := 8 - (255+4*math.Sqrt(2*255))/(2*n*math.Ln2) - 1e-6
	t.Logf("entropy: %v bits a byte, bar %.6f", v[2], least)
	if v[2] < least {
		t.Errorf("entropy is %v bits a byte", v[2])
	}
	within(t, "chi-square", v[3], 255, math.Sqrt(2*255), 4)
	within(t, "mean", v[4], 127.5, math.Sqrt((256*256-1)/12.0/n), 4)
	within(t, "Monte Carlo pi", v[5], math.Pi, 4*math.Sqrt(math.Pi/4*(1-math.Pi/4)/(n/6)), 4)
	within(t, "serial correlation", v[6], 0, 1/math.Sqrt(n), 4)
}

// within holds a figure against what is expected of it.
func within(t *testing.T, what string, got, want, sigma, times float64) {
	t.Helper()
	off := (got - want) / sigma
	t.Logf("%s: %.6g, expected %.6g ± %.3g: %+.2f σ, bar %g", what, got, want, sigma, off, times)
	if !(math.Abs(off) <= times) {
		t.Errorf("%s is %.2f σ off", what, off)
	}
}

// TestBarKeys: streams of two keys have no cipher block in common, nor has one
// of them any twice. All blocks of 16 bytes at multiples of 16 are compared, of
// randomSize bytes each: for two good 1 GiB streams the chance of one in common
// is 2^-76.
//
// mutant: ctr.go: aesctr.New([KeySize]byte(key), first) => aesctr.New([KeySize]byte{}, first)
// mutant: internal/aesctr/stream.go: bits.Add64(s.lo, pos/blockSize, 0) => bits.Add64(s.lo, pos/blockSize%65536, 0)
func TestBarKeys(t *testing.T) {
	a, b := randomStream(t, 1), randomStream(t, 2)
	// One part of the blocks at a time, by their lowest bits, for the sake of memory.
	parts := uint64(max(1, randomSize>>27)) // a power of two
	seen := make(blockSet, 2*randomSize/16/parts)
	twice, common := 0, 0
	for part := range parts {
		clear(seen)
		eachBlock(a, func(v [2]uint64) {
			if v[0]&(parts-1) == part && seen.add(v) {
				twice++
			}
		})
		eachBlock(b, func(v [2]uint64) {
			if v[0]&(parts-1) == part && *seen.find(v) == v {
				common++
			}
		})
	}
	t.Logf("%d blocks of 16 bytes each: %d in common, %d twice", randomSize/16, common, twice)
	if common > 0 || twice > 0 {
		t.Error("a block occurs again")
	}
}

// blockSet is a set of cipher blocks, half empty, with linear probing. A block of
// zeros is none: that one comes up is out of the question.
type blockSet [][2]uint64

// find returns v's place, which is empty where v is not in s.
func (s blockSet) find(v [2]uint64) *[2]uint64 {
	// A block is its own hash. The high bits are taken, as the low ones choose parts.
	for i, _ := bits.Mul64(v[0], uint64(len(s))); ; i = (i + 1) % uint64(len(s)) {
		if s[i] == v || s[i] == [2]uint64{} {
			return &s[i]
		}
	}
}

// add puts v into s and reports whether it was there before.
func (s blockSet) add(v [2]uint64) bool {
	p := s.find(v)
	if *p == v {
		return true
	}
	*p = v
	return false
}

// eachBlock calls do with every cipher block of the stream's first randomSize bytes.
func eachBlock(s Stream, do func([2]uint64)) {
	buf := make([]byte, 64<<10)
	for off := int64(0); off < randomSize; off += int64(len(buf)) {
		s.Fill(buf, off)
		for p := buf; len(p) > 0; p = p[16:] {
			do([2]uint64{binary.LittleEndian.Uint64(p), binary.LittleEndian.Uint64(p[8:])})
		}
	}
}

// What TestBarRandom counts by is just what rngtest counts.
func TestFIPSEqualsRngtest(t *testing.T) {
	s := randomStream(t, 3)
	p := make([]byte, randomSize>>6)
	s.Fill(p, 0)
	// Faults, so that there is something to count.
	for i := 0; i+fipsBlock < len(p); i += 5 * fipsBlock {
		kind := i / (5 * fipsBlock) % 4
		spoil(p[i:i+fipsBlock], kind)
	}
	cmd := exec.Command("rngtest")
	cmd.Stdin = bytes.NewReader(p)
	out, _ := cmd.CombinedOutput() // status 1: blocks failed
	f := fips{lastWord: binary.LittleEndian.Uint32(p)}
	for q := p[4:]; len(q) >= fipsBlock; q = q[fipsBlock:] {
		f.test((*[fipsBlock]byte)(q))
	}
	for label, n := range map[string]int{
		"FIPS 140-2 failures: ": f.failed, "Monobit: ": f.monobit, "Poker: ": f.poker,
		"Runs: ": f.runs, "Long run: ": f.longRun, "Continuous run: ": f.continuous,
	} {
		if got := after(t, string(out), label); got != float64(n) || n == 0 {
			t.Errorf("rngtest has %s%v; ours %d, want them equal and not 0", label, got, n)
		}
	}
}

// spoil makes p fail one of the tests or more.
func spoil(p []byte, kind int) {
	switch kind {
	case 0: // ones
		for i := range p[:200] {
			p[i] |= 0xf0
		}
	case 1: // nibbles
		for i := range p[:400] {
			p[i] = 0x5a
		}
	case 2: // a long run
		copy(p[100:], []byte{0xff, 0xff, 0xff, 0xff})
	case 3: // a word twice
		copy(p[100:108], p[104:108])
		copy(p[104:108], p[100:104])
	}
}
