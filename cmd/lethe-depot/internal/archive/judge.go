package archive

import (
	"errors"
	"fmt"

	"lethe/certs/check"
	"lethe/certs/record"
)

// Judge is the Checker a depot uses: the same check that an auditor runs.
type Judge struct{ check.Options }

// Check examines and judges one file. A panic of the check is an error that says
// nothing about the paper: a hostile file must stop neither depot nor verification.
func (j Judge) Check(pdf []byte) (f Finding, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("check paper: panic: %v", p)
		}
	}()
	r := check.Check(pdf, j.Options)
	if !r.OK() {
		return Finding{}, &Refusal{reason(r)}
	}
	f = Finding{ID: r.RecordID, Kind: r.Kind, State: r.Verdict.State, Method: r.Verdict.Method, Virtual: r.Virtual}
	switch {
	case r.Record != nil:
		f.Serial, f.Model = r.Record.Device.Identity.Name(), r.Record.Device.Identity.Model
		f.Content = r.Digest
	case r.Summary != nil:
		m := r.Summary.Context.Machine
		f.Serial, f.Model = m.Serial, m.Product
		f.Rows = map[string]record.Hex{}
		for _, d := range r.Summary.Drives {
			f.Rows[d.Record] = d.Digest
		}
	default:
		return Finding{}, errors.New("check paper: it holds, but nothing was decoded")
	}
	return f, nil
}

// reason is the first line that does not hold.
func reason(r check.Report) string {
	for _, l := range r.Lines {
		if !l.OK {
			return l.Name + ": " + l.Detail
		}
	}
	return "nothing in it was checked"
}
