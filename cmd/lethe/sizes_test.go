package main

import (
	"testing"

	"lethe/certs/record"
)

// Bar, the small sizes: lethe erases loop devices of 512 B, 4 KiB - 512 B and 1 MiB +
// 512 B to the last sector, as their certificates say and their backing files show.
//
// mutant: ../../wipe/overwrite/traverse/route.go: if n >= r.places() { => if n+1 >= r.places() {
func TestSmallestDrives(t *testing.T) {
	r := newRig(t, 512, 4096-512, 1<<20+512)
	r.fill(1)
	r.must(r.erase())
	certificates := 0
	for _, p := range r.audit(nil) {
		if p.report.Record != nil && p.report.Record.Kind == record.KindCertificate {
			certificates++
		}
	}
	if certificates != 3 {
		t.Errorf("%d certificates; want 3", certificates)
	}
}
