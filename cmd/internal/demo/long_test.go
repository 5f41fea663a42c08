//go:build long

package demo_test

import "time"

const (
	scatteredSectors = 103
	resumeKills      = 20 // of TestResumesAfterPowerCut
	kills            = 20
	depotAway        = 5 * time.Minute
	unplugs          = 4
)

var (
	unpluggedBuses = []string{"usb", "scsi"}
	clockCases     = []string{"1970", "2099", "early", "expired"}
)
