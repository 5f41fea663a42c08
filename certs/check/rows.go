package check

import (
	"fmt"

	"lethe/certs/record"
)

// MatchRows compares the rows of every summary among the reports with the
// certificates and notices among them, and adds a line to each summary's report. A
// row whose paper is not among them is counted, not refused.
func MatchRows(reports []*Report) {
	papers := map[string]*Report{}
	for _, r := range reports {
		if r.Record != nil && r.OK() {
			papers[r.RecordID] = r
		}
	}
	if len(papers) == 0 {
		return
	}
	for _, r := range reports {
		if r.Summary == nil {
			continue
		}
		detail, err := matchRows(*r.Summary, papers)
		if err != nil {
			detail = err.Error()
		}
		r.Lines = append(r.Lines, Line{Name: StepRows, OK: err == nil, Detail: detail})
	}
}

func matchRows(s record.Summary, papers map[string]*Report) (string, error) {
	found := 0
	for _, d := range s.Drives {
		p, ok := papers[d.Record]
		if !ok {
			continue
		}
		found++
		rec := p.Record
		want := record.SummaryRow{
			Record: rec.ID, Digest: p.Digest, Kind: rec.Kind, Identity: rec.Device.Identity,
			Size: rec.Device.Size, Transport: rec.Device.Transport, State: rec.Verdict.State,
			Method: rec.Verdict.Method, Technique: rec.Verdict.Technique,
		}
		if d != want {
			return "", fmt.Errorf("row %s is not what the %s given here says (its digest is %s, the row's %s)",
				d.Record, rec.Kind, p.Digest, d.Digest)
		}
		if rec.Virtual && !s.Virtual {
			return "", fmt.Errorf("row %s is VIRTUAL, the summary does not say so", d.Record)
		}
	}
	return fmt.Sprintf("%d of %d match the papers given with it", found, len(s.Drives)), nil
}
