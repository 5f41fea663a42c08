package judge

import (
	"bytes"
	"fmt"
	"math"
	"math/bits"

	"lethe/certs/record"
	"lethe/wipe/verify/sample"
)

// seedSeen is the seed of a sampled read-back: its commitment, and what it was.
type seedSeen struct {
	commit *record.SeedCommit
	value  []byte // once it was revealed
}

// takeSeedCommit needs the seed to be fixed before the intent, so before anything
// was written: who knows the places beforehand could write those alone.
func (s *scene) takeSeedCommit(c *record.SeedCommit) error {
	switch {
	case s.opened == nil || s.begun:
		return fmt.Errorf("the seed of the sample is committed before the drive was opened or after the intent to erase")
	case s.seed.commit != nil:
		return fmt.Errorf("the seed of the sample is committed twice")
	case s.task.Check == record.CheckFull:
		return fmt.Errorf("a seed is committed where every byte is to be read back")
	}
	s.seed.commit = c
	return nil
}

// takeSeedReveal needs the seed to open the commitment made before the erase.
func (s *scene) takeSeedReveal(r *record.SeedReveal) error {
	seed, ok := unhex16(r.Seed)
	switch {
	case s.open() != nil || s.checking() != nil || s.seed.commit == nil || s.seed.value != nil || !ok:
		return fmt.Errorf("a seed is revealed while something runs, twice, or without a commitment")
	case record.Digest(seed) != s.seed.commit.Commitment:
		return fmt.Errorf("the seed of the sample does not match its commitment")
	case bytes.Equal(seed, make([]byte, len(seed))):
		return fmt.Errorf("the seed of the sample is all zeros: nobody drew it")
	}
	s.seed.value, s.over = seed, true
	return nil
}

// check is the read-back that is due: as planned, and of every byte where the task was
// resumed. What was written before was then written before any seed that is left.
func (s *scene) check() string {
	if len(s.handles) > 1 {
		return record.CheckFull
	}
	return s.task.Check
}

// due is what the read-back had to compare: drawn places, none where it is every
// byte, and bytes in all. why says what is missing to know it.
func (s *scene) due() (places int64, size record.Size, why string) {
	if s.check() == record.CheckFull {
		return 0, s.opened.Size, ""
	}
	if s.seed.value == nil {
		return 0, 0, "the seed of the sample was not committed and revealed"
	}
	if s.opened.Size > math.MaxInt64 {
		return 0, 0, fmt.Sprintf("no sample can be drawn of %d bytes", s.opened.Size)
	}
	percent, _ := record.CheckShare(s.task.Check)
	d, err := sample.Draw(int64(s.opened.Size), s.opened.LogicalSector, percent, s.seed.value)
	if err != nil {
		return 0, 0, err.Error()
	}
	return int64(len(d.Drawn)), record.Size(d.Bytes), ""
}

// sampleShown says, in words, what a clean sample shows and that it is one.
func (s *scene) sampleShown(what string) []string {
	places, size, _ := s.due()
	return []string{
		fmt.Sprintf("%d places drawn by a seed committed before the erase, and the first and the last sector, %d bytes or %s of the drive, were read back past the cache and equal the last pass (%s)",
			places, size, Percent(Coverage(size, s.opened.Size)), what),
		fmt.Sprintf("%d independent places, 0 misses: less than %s of the drive differs, at 99.9 %% confidence", places, Percent(sample.Bound(places))),
	}
}

// Coverage is what part of whole is, in hundredths of a percent, rounded down; at
// most 10000, and 0 where there is no whole.
func Coverage(part, whole record.Size) int64 {
	if whole == 0 {
		return 0
	}
	if part >= whole {
		return 10000
	}
	hi, lo := bits.Mul64(uint64(part), 10000)
	q, _ := bits.Div64(hi, lo, uint64(whole))
	return int64(q)
}

// Percent spells hundredths of a percent.
func Percent(hundredths int64) string {
	return fmt.Sprintf("%d.%02d %%", hundredths/100, hundredths%100)
}
