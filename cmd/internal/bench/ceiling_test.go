package main

import (
	"math"
	"strings"
	"testing"
)

// The ceiling is taken from several drives, and is below both what limits it.
//
// mutant: ceiling.go: c.Limit = n / (n/c.Copy + 1/c.Kernel) => c.Limit = n * (c.Copy + c.Kernel)
func TestCeiling(t *testing.T) {
	rows := []row{{Tool: "fio", Job: jobWrite, Devices: 1, GBps: 99}, {Tool: "fio", Job: jobFresh, Devices: 8, GBps: 3},
		{Tool: "fio", Job: jobWrite, Devices: 8, GBps: 10}, {Tool: "lethe", Job: jobZero, Devices: 8, GBps: 9}}
	if c := findCeiling(rows[:2]); c != nil || c.markdown() != "" {
		t.Errorf("without several drives: %+v", c)
	}
	c := findCeiling(rows)
	if c.Copy != 10 || c.Zeros != 9 || c.Kernel <= 0 || c.Limit >= 10 || c.Limit >= c.Kernel*float64(c.Cores) || math.Abs(c.OverFio-c.Limit/10) > 1e-9 {
		t.Errorf("%+v", c)
	}
	if s := c.markdown(); !strings.Contains(s, "10.0 GB/s on ") {
		t.Error(s)
	}
}
