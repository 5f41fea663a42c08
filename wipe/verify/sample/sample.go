// Package sample decides which places of a medium a sampled verification reads.
// It is pure: whoever holds the seed derives the same places again, the judge and
// an auditor with openssl too (certs/record/FORMAT.md §10).
//
// # The rule
//
// NIST SP 800-88r1 §4.7 asks for at least 1,000 equal subsections, at least two
// samples in each that do not overlap, each at least 5 % of its subsection, and
// the first and the last address. Here a subsection is cut into equal cells, 20 of
// them where 10 % or more of the medium are asked, and as many of them are drawn as
// make up the percentage; what remains behind the last whole subsection, less than
// one, is read whole. So every cell of a subsection is as likely to be drawn as any
// other, which is what [Bound] rests on.
package sample

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"slices"

	"lethe/certs/record"
)

// SeedSize is the length of a seed in bytes.
const SeedSize = 16

// MinSections is the least number of subsections (NIST SP 800-88r1 §4.7).
const MinSections = 1000

// Why no sample can be drawn.
var (
	ErrSmall  = errors.New("medium is too small to sample")
	ErrNoRule = errors.New("no sample has this percentage, sector, size or seed")
)

// Range is a half-open stretch of the medium in bytes.
type Range struct{ First, End int64 }

// Sample is what is read of one medium.
type Sample struct {
	Sections int64   // equal subsections, at least MinSections
	Place    int64   // bytes of each place drawn
	Drawn    []Range // the places drawn, ascending, none overlapping another
	Ranges   []Range // all that is read, ascending and merged: places, first and last sector, rest
	Bytes    int64   // sum of Ranges
}

// rule is how many cells a subsection has and how many of them are drawn.
type rule struct{ cells, take int64 }

// ruleOf is the rule that reads at least percent of a medium.
func ruleOf(percent int64) rule {
	if percent < 10 {
		return rule{200 / percent, 2} // places of less than 5 %: no rule of NIST's
	}
	return rule{20, (percent + 4) / 5}
}

// Fits returns nil where a sample of the percentage can be drawn, and else an error
// that wraps ErrSmall or ErrNoRule. size and sector are in bytes, percent is from 1
// to record.MaxPercentage.
func Fits(size, sector, percent int64) error {
	_, err := cell(size, sector, percent)
	return err
}

// cell is the sectors of a cell: the largest that leaves MinSections subsections.
func cell(size, sector, percent int64) (int64, error) {
	if percent < 1 || percent > record.MaxPercentage || sector <= 0 || size <= 0 || size%sector != 0 {
		return 0, fmt.Errorf("%w: %d %% of %d bytes in sectors of %d", ErrNoRule, percent, size, sector)
	}
	least := MinSections * ruleOf(percent).cells
	if size/sector < least {
		return 0, fmt.Errorf("%w: %d sectors, %d %% needs %d", ErrSmall, size/sector, percent, least)
	}
	return size / sector / least, nil
}

// Draw derives the sample of a medium from a seed. Errors wrap ErrSmall or ErrNoRule.
func Draw(size, sector, percent int64, seed []byte) (Sample, error) {
	c, err := cell(size, sector, percent)
	if err != nil {
		return Sample{}, err
	}
	if len(seed) != SeedSize {
		return Sample{}, fmt.Errorf("%w: %d bytes of seed", ErrNoRule, len(seed))
	}
	block, err := aes.NewCipher(seed)
	if err != nil {
		return Sample{}, fmt.Errorf("%w: %w", ErrNoRule, err)
	}
	r := ruleOf(percent)
	s := Sample{Place: c * sector}
	section := s.Place * r.cells
	s.Sections = size / section
	chance := make([]byte, s.Sections*aes.BlockSize)
	cipher.NewCTR(block, make([]byte, aes.BlockSize)).XORKeyStream(chance, chance)
	for n := range s.Sections {
		for _, i := range r.pick(chance[n*aes.BlockSize:]) {
			first := n*section + i*s.Place
			s.Drawn = append(s.Drawn, Range{first, first + s.Place})
		}
	}
	s.merge(size, sector, s.Sections*section)
	return s, nil
}

// pick draws cells by the 16 bytes at p, read as one number, most significant byte
// first: its remainder by the number of cells left says which of those to take, its
// quotient goes on. Of 2^128 numbers so few are left over that no cell is favoured
// by more than one part in 2^66.
func (r rule) pick(p []byte) []int64 {
	hi, lo := binary.BigEndian.Uint64(p), binary.BigEndian.Uint64(p[8:])
	left := make([]int64, r.cells)
	for i := range left {
		left[i] = int64(i)
	}
	out := make([]int64, 0, r.take)
	for range r.take {
		d := uint64(len(left))
		var i uint64
		lo, i = bits.Div64(hi%d, lo, d)
		hi /= d
		out = append(out, left[i])
		left = slices.Delete(left, int(i), int(i)+1)
	}
	slices.Sort(out)
	return out
}

// merge makes Ranges and Bytes of what was drawn, the first sector and everything
// from rest on, or where nothing remains the last sector.
func (s *Sample) merge(size, sector, rest int64) {
	all := append([]Range{{0, sector}}, s.Drawn...)
	all = append(all, Range{min(rest, size-sector), size})
	for _, r := range all {
		n := len(s.Ranges)
		if n > 0 && r.First <= s.Ranges[n-1].End {
			s.Ranges[n-1].End = max(s.Ranges[n-1].End, r.End)
			continue
		}
		s.Ranges = append(s.Ranges, r)
	}
	for _, r := range s.Ranges {
		s.Bytes += r.End - r.First
	}
}
