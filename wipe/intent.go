package wipe

import (
	"fmt"

	"lethe/certs/record"
)

// IntentFormat names the document that says what is about to be done.
const IntentFormat = "lethe.intent/v1"

type intent struct {
	Format  string           `json:"format"`
	Plan    record.Hex       `json:"plan"`
	Order   *record.OrderRef `json:"order,omitempty"`
	Machine record.Machine   `json:"machine"`
	Tasks   []intentTask     `json:"tasks"`
}

type intentTask struct {
	ID        string           `json:"id"`
	Identity  record.Identity  `json:"identity"`
	Technique record.Technique `json:"technique"`
}

// Intent is the canonical JSON of what the plan is about to do, for something
// that outlives the machine to acknowledge (law 8).
func (p *Plan) Intent(m record.Machine) ([]byte, error) {
	doc := intent{Format: IntentFormat, Plan: p.digest, Order: p.order, Machine: m, Tasks: []intentTask{}}
	for _, s := range p.specs {
		t := intentTask{ID: s.Task.ID, Identity: s.Task.Device.Identity}
		for _, r := range s.Task.Ladder {
			if r.Chosen {
				t.Technique = r.Technique
			}
		}
		doc.Tasks = append(doc.Tasks, t)
	}
	b, err := record.Marshal(doc)
	if err != nil {
		return nil, fmt.Errorf("write intent: %w", err)
	}
	return b, nil
}

// Acknowledged puts on every task where the intent was acknowledged. Without it
// the tasks say volatile.
func (p *Plan) Acknowledged(a record.Audit) {
	p.audit = a
	for i := range p.specs {
		if p.unfinished[p.specs[i].Task.ID] != nil {
			continue // its line that says so is the one that resumes it
		}
		p.specs[i].Task.Audit = a
	}
}
