// Package bundle holds what travels between an erased machine and the depot that
// keeps its papers: the paper itself, the receipt for it, and the receipt for an
// intent. It does no I/O and checks no signature.
package bundle

import (
	"errors"
	"fmt"
	"strings"

	"lethe/certs/record"
)

// The most bytes that are carried, on both ends of the wire.
const (
	MaxPDF     = 32 << 20 // one paper
	MaxIntent  = 1 << 20  // one intent
	MaxReceipt = 64 << 10 // one signed receipt, with its certificate chain
)

// Bundle is one paper: a certificate, a notice or a summary.
type Bundle struct {
	Name string // safe file name that ends in .pdf: see ValidName
	PDF  []byte // the signed file, 1 to MaxPDF bytes
}

// ErrInvalid says that a paper cannot be carried as it is.
var ErrInvalid = errors.New("invalid paper")

// Digest is the hex SHA-256 of the file, its name on the wire.
func (b Bundle) Digest() record.Hex { return record.Digest(b.PDF) }

// Validate checks the name and the size, not the content.
func (b Bundle) Validate() error {
	switch {
	case !ValidName(b.Name):
		return fmt.Errorf("%w: unsafe file name %q", ErrInvalid, b.Name)
	case len(b.PDF) == 0:
		return fmt.Errorf("%w: %s is empty", ErrInvalid, b.Name)
	case len(b.PDF) > MaxPDF:
		return fmt.Errorf("%w: %s has %d bytes, at most %d", ErrInvalid, b.Name, len(b.PDF), MaxPDF)
	}
	return nil
}

// ValidName reports whether s may be the file name of a paper: an identifier
// followed by .pdf.
func ValidName(s string) bool {
	id, ok := strings.CutSuffix(s, ".pdf")
	return ok && ValidID(id)
}

// ValidID reports whether s may name a paper on any file system, FAT too: 1 to
// 100 ASCII letters, digits, '-', '_' and '.', the first a letter or a digit and
// the last no dot.
func ValidID(s string) bool {
	if len(s) == 0 || len(s) > 100 || !alnum(s[0]) || s[len(s)-1] == '.' {
		return false
	}
	for i := range len(s) {
		if c := s[i]; !alnum(c) && c != '-' && c != '_' && c != '.' {
			return false
		}
	}
	return true
}

func alnum(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// ValidDigest reports whether s is a lower-case hex SHA-256.
func ValidDigest(s string) bool {
	if len(s) != 64 {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}
