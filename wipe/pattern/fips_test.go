package pattern

import (
	"encoding/binary"
	"math/bits"
)

// fipsBlock is what the statistical tests of FIPS 140-2 look at: 20,000 bits.
const fipsBlock = 2500

// fips counts the blocks that fail the tests of FIPS 140-2 §4.9.1 as of change
// notice 1 (10 October 2001), and a continuous test of 32 bits, just as rngtest(1)
// of rng-tools 5 counts them. That has two slips, which move its rate of failures
// by no more than one in a hundred, but its counts are to be met exactly:
//
//   - A block that begins with another bit than the last one ended with has an
//     empty run before it. Its place is that of the longest runs, or, where the
//     block begins with 0, that of the nibble Fh.
//   - A block's last run counts as one of the other bit.
type fips struct {
	lastWord                                                  uint32
	lastBit                                                   byte
	blocks, failed, monobit, poker, runs, longRun, continuous int
}

// runsBounds are the least and the most runs of lengths 1 to 5, and of 6 and more.
var runsBounds = [6][2]int{{2315, 2685}, {1114, 1386}, {527, 723}, {240, 384}, {103, 209}, {103, 209}}

// test takes the next block.
func (f *fips) test(p *[fipsBlock]byte) {
	var (
		ones, longest int
		nibbles       [16]int
		runs          [2][7]int
		repeated      bool
	)
	bit, length := p[0]>>7, 0
	end := func(class byte) {
		runs[class][min(length, 6)]++
		longest = max(longest, length)
	}
	switch {
	case bit == f.lastBit:
	case bit == 0:
		nibbles[15]++
	default:
		runs[0][6]++
	}
	for i := 0; i < fipsBlock; i += 4 {
		w := binary.LittleEndian.Uint32(p[i:])
		repeated = repeated || w == f.lastWord
		f.lastWord = w
		ones += bits.OnesCount32(w)
		for _, b := range p[i : i+4] {
			nibbles[b>>4]++
			nibbles[b&15]++
		}
		// The bits, from the first byte's most significant one on, run by run.
		for w, left := binary.BigEndian.Uint32(p[i:]), 32; left > 0; {
			if bit == 1 {
				w = ^w
			}
			n := min(bits.LeadingZeros32(w), left)
			length += n
			left -= n
			if bit == 1 {
				w = ^w
			}
			w <<= n
			if left > 0 {
				bit ^= 1
				end(bit)
				length = 0
			}
		}
	}
	end(bit)
	f.lastBit = bit
	f.count(ones, nibbles, runs, longest, repeated)
}

func (f *fips) count(ones int, nibbles [16]int, runs [2][7]int, longest int, repeated bool) {
	squares, badRuns := 0, false
	for _, n := range nibbles {
		squares += n * n
	}
	for i, b := range runsBounds {
		for bit := range 2 {
			badRuns = badRuns || runs[bit][i+1] < b[0] || runs[bit][i+1] > b[1]
		}
	}
	any := false
	note := func(n *int, failed bool) {
		if failed {
			*n++
			any = true
		}
	}
	f.blocks++
	note(&f.monobit, ones <= 9725 || ones >= 10275)
	// 2.16 < 16/5000 × squares − 5000 < 46.17
	note(&f.poker, squares < 1563176 || squares > 1576928)
	note(&f.runs, badRuns)
	note(&f.longRun, longest >= 26)
	note(&f.continuous, repeated)
	note(&f.failed, any)
}
