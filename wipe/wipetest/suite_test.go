package wipetest

import (
	"testing"

	"lethe/certs/record"
	"lethe/wipe"
	"lethe/wipe/profile"
)

// The drives: several buffers long, with a tail that fills none.
const (
	odd512  = 2<<20 + 5*512
	odd4096 = 2<<20 + 3*4096
)

// mutant: ../worker.go: case !o.Identity.Same(d.Identity): => case false:
// mutant: ../worker.go: case o.Size != d.Size: => case false:
// mutant: ../worker.go: case !o.Exclusive: => case false:
// mutant: ../worker.go: case !o.Direct: => case false:
// mutant: ../worker.go: case w.drive.Size() != int64(o.Size) || => case
// mutant: ../worker.go: case o.LogicalSector != d.LogicalSector: => case false:
// mutant: ../worker.go: Direct: o.Direct, Places: => Direct: o.Direct || true, Places:
// mutant: ../worker.go: err = fmt.Errorf("close drive: %w", cerr) => err = nil
// mutant: ../traversal.go: Failed: ranges(r.Failed), =>
// mutant: ../traversal.go: e.FlushError = r.FlushErr.Error() => _ = e
// mutant: ../traversal.go: Mismatches: ranges(r.Mismatches), MismatchBytes: record.Size(r.Mismatched), =>
// mutant: ../traversal.go: Unreadable: ranges(r.Unreadable), =>
func TestOverwrite(t *testing.T) {
	r1 := wipe.Policy{Least: record.MethodClear, Profile: Profile(t, "nist-800-88r1")}
	r2 := wipe.Policy{Least: record.MethodClear, Profile: Profile(t, profile.Default)}
	zero, byte5a := r2, r2
	zero.Pattern = record.PatternZero
	byte5a.Pattern, byte5a.Byte = record.PatternByte, 0x5a
	for _, c := range []struct {
		name   string
		policy wipe.Policy
		medium record.Medium
		size   record.Size
		sector int64
	}{
		{"stream, 512-byte sectors, odd tail", r2, record.MediumMagnetic, odd512, 512},
		{"stream, 4096-byte sectors", r2, record.MediumFlash, odd4096, 4096},
		{"zeros", zero, record.MediumMagnetic, odd512, 512},
		{"a byte", byte5a, record.MediumVirtual, odd4096, 4096},
		{"two passes on a card", r1, record.MediumCard, odd512, 512},
	} {
		t.Run(c.name, func(t *testing.T) {
			Run(t, func() Harness {
				d := Device(1, c.size, c.sector)
				d.Medium = c.medium
				return Harness{Drive: NewDrive(d, uint64(c.sector)), Policy: c.policy, Best: record.Cleared, Erased: Overwritten}
			})
		})
	}
}
