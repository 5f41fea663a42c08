package main

import (
	"encoding/json"

	"lethe/certs/record"
	"lethe/cmd/internal/cli"
	"lethe/cmd/internal/job"
	"lethe/wipe"
)

// result is what lethe erase --json prints: one object, whatever happened.
type result struct {
	Status  int        `json:"status"` // the exit status
	Error   string     `json:"error,omitempty"`
	Papers  string     `json:"papers"`            // folder
	Summary string     `json:"summary,omitempty"` // file name
	Wanted  int        `json:"wanted"`
	Reached int        `json:"reached"`
	Drives  []driveEnd `json:"drives"`
	Missing []string   `json:"missing"` // wanted and not found
}

// driveEnd is what became of one drive.
type driveEnd struct {
	record.Identity
	Node    string `json:"node"`
	State   string `json:"state"` // of the verdict; Untouched for a drive that was refused, Unkept for one without its paper
	Virtual bool   `json:"virtual,omitempty"`
	Kind    string `json:"kind,omitempty"` // certificate or notice
	// Method and Technique are those of the verdict, where a method was reached.
	Method    record.Method    `json:"method,omitempty"`
	Technique record.Technique `json:"technique,omitempty"`
	Paper     string           `json:"paper,omitempty"` // file name
	Reasons   []string         `json:"reasons,omitempty"`
}

const untouchedState = "Untouched"

// plan notes what will not be touched.
func (r *result) plan(p *wipe.Plan) {
	r.Wanted, r.Missing = p.Wanted(), append(r.Missing, p.Missing()...)
	r.done(p.Done())
	for _, b := range p.Blocked() {
		r.Drives = append(r.Drives, driveEnd{Identity: b.Identity, Node: b.Node, State: untouchedState, Reasons: b.Reasons})
	}
}

// done notes what an earlier run of the order has done.
func (r *result) done(done []wipe.Done) {
	r.Reached += len(done)
	for _, d := range done {
		r.Drives = append(r.Drives, driveEnd{Identity: d.Identity, Node: d.Node, State: string(d.State), Kind: record.KindCertificate,
			Paper: d.Paper + ".pdf", Reasons: []string{"erased under this order before, at " + d.At.String()}})
	}
}

// unkeptState is that of a drive whose paper could not be kept.
const unkeptState = "Unkept"

// outcome notes how the drives of the plan ended.
func (r *result) outcome(o job.Outcome) {
	for _, p := range o.Lost {
		d := p.Record.Device
		r.Drives = append(r.Drives, driveEnd{Identity: d.Identity, Node: d.Node, State: unkeptState,
			Virtual: p.Record.Virtual, Reasons: []string{"its paper " + p.ID + " could not be kept"}})
	}
	r.Summary, r.Reached = o.Summary.Name, r.Reached+o.Reached()
	for _, p := range o.Papers {
		d := p.Record.Device
		r.Drives = append(r.Drives, driveEnd{Identity: d.Identity, Node: d.Node, State: string(p.Record.Verdict.State),
			Virtual: p.Record.Virtual, Kind: p.Record.Kind, Method: p.Record.Verdict.Method, Technique: p.Record.Verdict.Technique, Paper: p.Name, Reasons: p.Record.Verdict.Reasons})
	}
}

// print ends the command: the object on standard output, the error as it came.
func (r *result) print(env cli.Env, err error) error {
	r.Status = cli.Status(err)
	if err != nil {
		r.Error = cli.Line(err)
	}
	e := json.NewEncoder(env.Stdout)
	e.SetIndent("", "  ")
	if werr := e.Encode(r); err == nil {
		return werr
	}
	return err
}
