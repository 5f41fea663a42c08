package verify_test

import (
	"testing"

	"lethe/wipe/overwrite/overwritetest"
)

// All that holds of a verification holds of one through a queue.
//
// mutant: step.go: return q.Start(false, s.spoilt(p), off, id) => return q.Start(false, p, off, id)
func TestThroughAQueue(t *testing.T) {
	for name, test := range map[string]func(*testing.T){
		"clean":      TestCleanMedia,
		"mismatches": TestMismatchesAreExact,
		"bounded":    TestMismatchesAreBounded,
		"dropped":    TestDroppedWritesAreCaught,
		"silent":     TestSilentReadsAreCaught,
		"lost cache": TestLostCacheIsCaught,
		"unreadable": TestUnreadableSectorsAreExact,
		"short":      TestShortReads,
		"vanished":   TestVanishedDevice,
		"cancel":     TestCancelClaimsNoMoreThanRead,
		"progress":   TestProgressAndStretches,
		"sample":     TestSampleReadsItsPlaces,
	} {
		t.Run(name, func(t *testing.T) {
			overwritetest.Queued(t)
			test(t)
		})
	}
}
