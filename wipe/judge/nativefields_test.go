package judge

import (
	"reflect"
	"strings"
	"testing"

	"lethe/certs/record"
)

// nativeUnjudged are the fields of a task of the drive's own commands on which no verdict
// rests, with the reason, beside those of unjudged.
var nativeUnjudged = map[string]string{
	"exchanged.exchange.name":      "for people; the request says what it was",
	"exchanged.exchange.sent":      "of the commands that send nothing that is judged",
	"exchanged.exchange.response":  "of the lines before the canaries and while it runs, and text that is no base64 is no answer",
	"exchanged.exchange.status":    "of the lines before the canaries and while it runs",
	"exchanged.exchange.request":   "of the lines before the canaries and while it runs",
	"exchanged.step":               "a poll told as part of the command, or the other way about",
	"task.crypto":                  "a person's word is needed for a cryptographic erase alone, and does no harm else",
	"planted.firstError":           "told in residual",
	"planted.bad":                  "told in residual; present says how many are left",
	"planted.nanos":                "a duration",
	"planted.written":              "fewer than the places, at least as many as are present",
	"planted.present":              "at least 99 % of the places",
	"looked.zeros":                 "what deallocated blocks return is no evidence",
	"looked.ones":                  "what deallocated blocks return is no evidence",
	"looked.firstError":            "told in residual",
	"looked.nanos":                 "a duration",
	"looked.places":                "more than were present",
	"task.ladder.reason":           "text",
	"opened.evidence":              "raw",
	"closing.evidence":             "raw",
	"task.device.capabilities.act": "names",
	"task.device.capabilities":     "names",
}

// What of a task of the drive's own commands can be altered without another verdict is
// in the list; for all else the verdict is another.
func TestEveryNativeFieldIsJudgedOrListed(t *testing.T) {
	acts := []record.Act{record.NVMeSanitizeBlock, record.ATASanitizeBlock}
	if testing.Short() {
		acts = acts[:1]
	}
	for _, act := range acts {
		for i := range natively(t, record.MediumFlash, act).events {
			s := natively(t, record.MediumFlash, act)
			step := ""
			if x := s.events[i].Exchanged; x != nil {
				step = x.Step
			}
			alter("", reflect.ValueOf(&s.events[i]).Elem(), func(path, how string) {
				path = strings.TrimPrefix(path, ".")
				if s.events[i].Kind() == "" {
					return
				}
				v := s.judge(t)
				if v.State != record.Purged && v.State != record.Cleared {
					return
				}
				if free(path, how) != "" {
					return
				}
				if _, ok := nativeUnjudged[path]; !ok {
					t.Errorf("%s line %d: %s = %q: %s", act, i, path, how, v.State)
				}
				aside := step == record.StepBefore || step == record.StepPoll
				if strings.HasPrefix(path, "exchanged.exchange.") && !aside && path != "exchanged.exchange.name" && path != "exchanged.exchange.sent" &&
					!(step == record.StepStart && path == "exchanged.exchange.response") {
					t.Errorf("%s line %d (%s): %s = %q: %s", act, i, step, path, how, v.State)
				}
			})
			if v := s.judge(t); v.State != record.Purged {
				t.Fatalf("line %d: alterations were not undone: %+v", i, v)
			}
		}
	}
}
