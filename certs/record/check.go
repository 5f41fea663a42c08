package record

import (
	"strconv"
	"strings"
)

// The verifications. CheckPercentage is followed by the percentage in decimal.
const (
	CheckFull       = "full"        // every byte is read back and compared
	CheckSampled    = "sampled"     // a tenth of the medium at drawn places: NIST SP 800-88r1 §4.7
	CheckPercentage = "percentage:" // at least so much of it, by the same rule
	// CheckCanaries looks, after one of the drive's own commands, for known bytes that
	// were written at drawn places before it.
	CheckCanaries = "canaries"
)

// MaxPercentage is the largest percentage that is less than the whole.
const MaxPercentage = 95

// CheckShare is the percentage of the medium that a verification compares at
// least: 100 for CheckFull, 10 for CheckSampled, 1 to MaxPercentage for
// CheckPercentage. ok is false for any other word or spelling.
func CheckShare(check string) (percent int64, ok bool) {
	switch check {
	case CheckFull:
		return 100, true
	case CheckSampled:
		return 10, true
	}
	s, ok := strings.CutPrefix(check, CheckPercentage)
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 1 || n > MaxPercentage || strconv.FormatInt(n, 10) != s {
		return 0, false
	}
	return n, true
}

// checkable reports whether a word names a verification.
func checkable(check string) bool {
	_, ok := CheckShare(check)
	return ok
}
