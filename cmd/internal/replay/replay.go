// Package replay finds the drives of an order that have their certificates already,
// so that the same order given again does nothing to what is done and resumes what
// is not.
package replay

import (
	"crypto/x509"
	"os"
	"path/filepath"
	"slices"

	"lethe/certs/check"
	"lethe/certs/record"
	"lethe/wipe"
)

// Paper is the drive that a paper certifies under this very order; ok is false for
// every other paper. Only a certificate counts that holds in every step under these
// roots: whatever is merely found proves nothing.
func Paper(pdf []byte, ref record.OrderRef, roots *x509.CertPool) (d wipe.Done, ok bool) {
	r := check.Check(pdf, check.Options{Roots: roots})
	if r.Outcome() != check.Erased || r.Record == nil || r.Record.Order == nil || r.Record.Order.Digest != ref.Digest {
		return d, false
	}
	return wipe.Done{Identity: r.Record.Device.Identity, Paper: r.RecordID, State: r.Verdict.State, At: r.Record.End}, true
}

// Folder reads the papers of a folder. One that cannot be read proves nothing.
func Folder(dir string, ref record.OrderRef, roots *x509.CertPool) (done []wipe.Done) {
	files, err := filepath.Glob(filepath.Join(dir, "*.pdf"))
	if err != nil {
		return nil
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			continue
		}
		if d, ok := Paper(b, ref, roots); ok {
			done = Add(done, d)
		}
	}
	return done
}

// Add appends what is not there yet: the same paper may lie in several places.
func Add(to []wipe.Done, more ...wipe.Done) []wipe.Done {
	for _, d := range more {
		if !slices.ContainsFunc(to, func(o wipe.Done) bool { return o.Paper == d.Paper }) {
			to = append(to, d)
		}
	}
	return to
}

// Whole reports whether every drive of the order is done, on this machine. An order
// for another machine is not, whatever was done there.
func Whole(o record.Order, m record.Machine, done []wipe.Done) bool {
	if o.Permits(o.Window.NotBefore.Time, m) != nil {
		return false
	}
	for _, t := range o.Drives {
		if !slices.ContainsFunc(done, func(d wipe.Done) bool { return t.Matches(d.Identity) }) {
			return false
		}
	}
	return true
}
