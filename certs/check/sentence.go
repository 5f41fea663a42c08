package check

import (
	"fmt"
	"strings"

	"lethe/certs/record"
)

// byClock qualifies every positive word: no independent clock has spoken.
const byClock = "at the time of issue by its own clock"

// Sentence is the report in one line, for people.
func (r Report) Sentence() string {
	switch r.Outcome() {
	case Refused:
		return r.refusal()
	case Erased:
		return r.virtual() + r.erased()
	case Holds:
		return r.virtual() + fmt.Sprintf("authentic %s: second look %s: %s still holds what certificate %s says: %s",
			byClock, r.RecordID, r.Look.Device.Identity, r.Look.Of.Record, r.Look.Finding.Reasons[len(r.Look.Finding.Reasons)-1])
	}
	if r.Look != nil {
		return r.virtual() + fmt.Sprintf("authentic %s, but NOT FOUND AS CERTIFIED: second look %s of certificate %s: %s is %s: %s",
			byClock, r.RecordID, r.Look.Of.Record, r.Look.Device.Identity, sightWord(r.Look.Finding.Sight), list(r.Look.Finding.Reasons))
	}
	return r.virtual() + r.notErased()
}

func (r Report) virtual() string {
	if r.Virtual {
		return "VIRTUAL, no evidence about a physical drive: "
	}
	return ""
}

func (r Report) refusal() string {
	for _, l := range r.Lines {
		if !l.OK {
			return fmt.Sprintf("REFUSED: %s: %s", l.Name, l.Detail)
		}
	}
	return "REFUSED: nothing was checked"
}

func (r Report) erased() string {
	if r.Summary != nil {
		return fmt.Sprintf("authentic %s: summary %s lists a certificate for each of %d drives",
			byClock, r.RecordID, len(r.Summary.Drives))
	}
	return fmt.Sprintf("authentic %s: certificate %s: %s is %s: %s by %s, judged again from the transcript",
		byClock, r.RecordID, r.Record.Device.Identity, r.Verdict.State, r.Verdict.Method, r.Verdict.Technique)
}

func (r Report) notErased() string {
	if r.Summary != nil {
		certified := 0
		for _, d := range r.Summary.Drives {
			if d.Kind == record.KindCertificate {
				certified++
			}
		}
		s := fmt.Sprintf("authentic %s, but NOT ALL SANITISED: summary %s: %d of %d drives erased here are certified",
			byClock, r.RecordID, certified, len(r.Summary.Drives))
		if n := len(r.Summary.Missing); n > 0 {
			s += fmt.Sprintf("; ordered but not found: %s", strings.Join(r.Summary.Missing, ", "))
		}
		return s
	}
	return fmt.Sprintf("authentic %s, but NOT SANITISED: notice %s: %s is %s: %s",
		byClock, r.RecordID, r.Record.Device.Identity, r.Verdict.State, list(r.Verdict.Reasons))
}

// sightWord says what a second look has found of the drive.
func sightWord(s record.Sight) string {
	switch s {
	case record.SightDiffers:
		return "OTHER than it says"
	case record.SightUnreadable:
		return "not wholly readable"
	case record.SightIncomplete:
		return "not wholly looked at"
	}
	return "not known to be so"
}
