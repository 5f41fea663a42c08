package inventory

import (
	"errors"
	"strings"
	"testing"

	"lethe/inventory/devio"
	"lethe/inventory/nvme"
)

// A command to a whole NVMe subsystem is not offered where it would reach more than this
// machine shows, or where that cannot be told.
func TestBeyond(t *testing.T) {
	no := errors.New("invalid field")
	for _, c := range []struct {
		survey devio.Survey
		want   string
	}{
		{devio.Survey{}, ""},
		{devio.Survey{Controllers: []uint16{1}}, ""},
		// mutant: capability.go: case len(v.Detached) > 0: => case false:
		{devio.Survey{Detached: []uint32{2, 3}}, "2 3"},
		// mutant: capability.go: case v.DetachedErr != nil: => case false:
		{devio.Survey{DetachedErr: no}, "cannot be read"},
		// mutant: capability.go: case v.ControllersErr != nil: => case false:
		{devio.Survey{ControllersErr: no}, "cannot be listed"},
		// mutant: capability.go: case len(v.Controllers) > 1: => case false:
		{devio.Survey{Controllers: []uint16{1, 2}}, "2 controllers"},
	} {
		got := beyond(c.survey)
		if (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%+v: %q; want %q", c.survey, got, c.want)
		}
		for _, k := range nvmeCapabilities(nvme.Controller{Sanicap: 7, OACS: 2, FNA: 4}, c.survey) {
			if k.Blocked != got {
				t.Errorf("%s: %q; want %q", k.Command, k.Blocked, got)
			}
		}
	}
}
