package judge

import (
	"fmt"
	"strings"

	"lethe/certs/record"
)

// Quirks is a versioned list of drives known to say what is not so.
type Quirks struct {
	Version string  `json:"version"`
	List    []Quirk `json:"quirks"`
}

// Quirk names a model, or a model and a firmware, whose evidence is not taken.
type Quirk struct {
	Model    string `json:"model"`              // prefix of the model string
	Firmware string `json:"firmware,omitempty"` // exact; empty: every firmware
	Effect   string `json:"effect"`             // what the drive does, in words
	Source   string `json:"source"`
}

// Match returns the reasons for which this device's evidence is not taken.
func (q Quirks) Match(d record.Device) (hits []string) {
	for _, k := range q.List {
		if k.Model == "" || !strings.HasPrefix(d.Identity.Model, k.Model) {
			continue
		}
		// A drive that does not name its firmware may be running any.
		if k.Firmware != "" && d.Firmware != "" && k.Firmware != d.Firmware {
			continue
		}
		hits = append(hits, fmt.Sprintf("known quirk of %s: %s (%s)", k.Model, k.Effect, k.Source))
	}
	return hits
}
