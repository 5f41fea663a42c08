//go:build !long

package demo_test

import "time"

// The short forms of the adverse runs; make test-long has the long ones.
const (
	scatteredSectors = 11 // of each drive
	resumeKills      = 1  // of TestResumesAfterPowerCut
	kills            = 1
	depotAway        = 15 * time.Second
	unplugs          = 1 // of each bus below
)

var (
	unpluggedBuses = []string{"usb"}
	clockCases     = []string{"1970"}
)
