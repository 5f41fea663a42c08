//go:build long

package demo_test

import "testing"

// With a quarter of the memory the machine does its work all the same: what it
// keeps in RAM is small.
func TestLittleMemory(t *testing.T) {
	o := options(t, image(t, "bin/lethe"), 64<<20)
	o.QEMU = []string{"-m", "256"}
	if res := run(t, o); !res.Proven {
		t.Errorf("not proven: %+v", res.Drives)
	}
}
