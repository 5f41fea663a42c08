package wipe

import (
	"encoding/hex"

	"lethe/certs/record"
	"lethe/wipe/pattern"
	"lethe/wipe/verify/sample"
)

// commitSeed draws the seed of a sampled read-back and puts its digest down before
// anything is written: nobody can have chosen the places by what was. A task that is
// resumed has been written to, and is read back whole.
func (w *work) commitSeed() error {
	if w.spec.Task.Check == record.CheckFull || w.spec.Resume != nil {
		return nil
	}
	seed, err := pattern.NewKey() // as many random bytes as a seed has
	if err != nil {
		return err
	}
	percent, _ := record.CheckShare(w.spec.Task.Check)
	w.places, err = sample.Draw(w.drive.Size(), int64(w.drive.LogicalSector()), percent, seed[:])
	if err != nil {
		return &RefusedError{Why: "draw the places of the read-back: " + err.Error()}
	}
	w.seed = seed[:]
	return w.tell(record.Event{SeedCommit: &record.SeedCommit{Commitment: record.Digest(w.seed)}})
}

// method is the verification that is carried out.
func (w *work) method() string {
	if w.seed == nil {
		return record.CheckFull
	}
	return w.spec.Task.Check
}

// revealSeed publishes the seed after the read-back.
func (w *work) revealSeed() error {
	if w.seed == nil {
		return nil
	}
	return w.tell(record.Event{SeedReveal: &record.SeedReveal{Seed: hex.EncodeToString(w.seed)}})
}
