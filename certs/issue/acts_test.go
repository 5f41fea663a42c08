package issue_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lethe/certs/check/checktest"
	"lethe/certs/issue"
	"lethe/certs/record"
	"lethe/wipe/judge"
	"lethe/wipe/profile"
)

type spoil func(record.Event) *record.Event

// native is the record of a flash drive's own commands, its events spoilt.
func native(t *testing.T, task func(*record.Task), spoilt ...spoil) record.Record {
	t.Helper()
	p, err := profile.ByID(profile.Default)
	if err != nil {
		t.Fatal(err)
	}
	k := checktest.NativeTask("S1", p, nil)
	if task != nil {
		task(&k)
	}
	var fs []func(record.Event) *record.Event
	for _, f := range spoilt {
		fs = append(fs, f)
	}
	r, err := issue.Build(checktest.Run(t, k, fs...), checktest.Context(false), k.ID, p, judge.Quirks{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// What the record says of a drive's own commands: each with the drive's word before and
// after, how long it took, and its canaries.
//
// mutant: acts.go: a.Before = words => a.Before = ""
// mutant: acts.go: a.given, a.began, a.Status = true, before, x.Exchange.Status => a.given, a.began, a.Status = true, mono, x.Exchange.Status
// mutant: acts.go: a.ended = mono => a.ended = before
// mutant: acts.go: r.Device.LogicalSector, p.Present-2) => r.Device.LogicalSector, p.Present-4000)
// mutant: acts.go: Compared: record.Size(max(l.Places, 0)) * sector, => Compared: record.Size(max(l.Places, 0)),
func TestNativeRecord(t *testing.T) {
	r := native(t, nil)
	if r.Kind != record.KindCertificate || r.Verdict.State != record.Purged || len(r.Passes) != 0 {
		t.Fatalf("%s %+v", r.Kind, r.Verdict)
	}
	c := &record.CanariesDone{Places: 6907, Present: 6907, Looked: 6907, Zeros: 6907, Bound: 10}
	want := []record.ActDone{
		{Act: record.NVMeSanitizeCrypto, Technique: record.CryptoErase, Status: "ok",
			Before: "SSTAT 1: completed; GDE 0; SCDW10 00000002h",
			After:  "SSTAT 1: completed; GDE 1; SCDW10 00000004h", Nanos: int64(21 * time.Second), Canaries: c},
		{Act: record.NVMeSanitizeBlock, Technique: record.BlockErase, Status: "ok",
			Before: "SSTAT 1: completed; GDE 0; SCDW10 00000002h",
			After:  "SSTAT 1: completed; GDE 1; SCDW10 00000002h", Nanos: int64(21 * time.Second), Canaries: c},
	}
	if d := cmp.Diff(want, r.Acts); d != "" {
		t.Errorf("acts (-want +got):\n%s", d)
	}
	seed := "7369787465656e206279746573206f6b"
	v := &record.Verification{Method: record.CheckCanaries, Compared: 6907 * 512, Direct: true,
		Sample: &record.Sample{Commitment: record.Digest(checktest.Seed), Seed: seed, Planned: 6907, Places: 6907, Coverage: 131, Bound: 10}}
	if d := cmp.Diff(v, r.Verification); d != "" {
		t.Errorf("verification (-want +got):\n%s", d)
	}
}

// A canary that is found is on the record as what it is: bytes that should not be there.
//
// mutant: acts.go: MismatchBytes: record.Size(max(l.Present, 0)) * sector, => MismatchBytes: 0,
// mutant: acts.go: if shows(r.Verdict) { => if true {
func TestNativeFound(t *testing.T) {
	r := native(t, nil, func(e record.Event) *record.Event {
		if l := e.Looked; l != nil {
			k := *l
			k.Present, k.Zeros, k.Found = 3, 6904, []record.Range{{First: 0, End: 512}}
			e.Looked = &k
		}
		return &e
	})
	v := r.Verification
	if r.Kind != record.KindNotice || r.Verdict.State != record.Failed || v.MismatchBytes != 3*512 || len(v.Mismatches) != 1 || v.Sample.Bound != 0 || r.Acts[1].Canaries.Found != 3 {
		t.Errorf("%s %+v %+v", r.Kind, r.Verdict, v)
	}
}

// cut ends the run before event n of a kind, as a supervisor ends it that lost its worker.
func cut(kind string, n int) spoil {
	stopped := false
	return func(e record.Event) *record.Event {
		switch {
		case stopped && e.Ended == nil:
			return nil
		case stopped:
			return &record.Event{Stopped: &record.Stopped{By: "supervisor", Reason: record.StopLost}}
		}
		k := e.Kind()
		if x := e.Exchanged; x != nil {
			k += " " + x.Step
		}
		if k == kind {
			n--
		}
		if stopped = n < 0; stopped {
			return nil
		}
		return &e
	}
}

// What the drive's own commands do not reach, and what was seen of them does not show.
func TestNativeResidual(t *testing.T) {
	acts := func(as ...record.Act) func(*record.Task) {
		return func(k *record.Task) { k.Acts = as }
	}
	word := func(k *record.Task) {
		k.Acts = []record.Act{record.NVMeSanitizeCrypto}
		k.Crypto = &record.CryptoDeclaration{By: "K. Approver", AlwaysOn: "yes", Escrow: "no"}
	}
	for name, c := range map[string]struct {
		task   func(*record.Task)
		spoil  spoil
		want   string
		absent bool
	}{
		"only the drive can see":        {nil, nil, "only the drive can see", false},
		"no word of a host's overwrite": {nil, nil, "host overwrite", true},
		"canaries raise no method":      {nil, nil, "disprove and raise no method", false},
		"noise": {nil, func(e record.Event) *record.Event {
			if l := e.Looked; l != nil {
				k := *l
				k.Zeros = 0
				e.Looked = &k
			}
			return &e
		}, "raise no method: they show what reads return", false},
		// mutant: residualnative.go: uniform+c.Zeros+c.Ones, => uniform+c.Ones,
		"deallocated":      {nil, nil, "13814 of 13814 places return all 00h", false},
		"no sample at all": {nil, nil, "read-back was of a sample", true},
		// mutant: residual.go: if native && unreached[h.Kind] { => if false {
		"RPMB":        {nil, nil, "RPMB: present; no command given reaches it", false},
		"no DCO":      {func(k *record.Task) { k.Device.Hidden[0].Kind = "DCO" }, nil, "reaches it", true},
		"crypto":      {word, nil, "no drive can show it", false},
		"whose word":  {word, nil, "the word of K. Approver", false},
		"keys only":   {word, nil, "destroys keys, not data", false},
		"nobody says": {acts(record.NVMeSanitizeCrypto), nil, "Nobody declared", false},
		"format":      {acts(record.NVMeFormatUser), nil, "no namespace", false},
		"normal mode": {acts(record.ATASecurityNormal), nil, "reallocated", false},
		"enhanced":    {acts(record.ATASecurityEnhanced), nil, "the maker's choice", false},
		"format unit": {acts(record.SCSIFormatUnit), nil, "FORMAT UNIT need not", false},
		"overwrite":   {acts(record.ATASanitizeOverwrite), nil, "spare and reallocated places", false},
		// mutant: residualnative.go: if bad > 0 { => if false {
		"bad places": {nil, func(e record.Event) *record.Event {
			if p := e.Planted; p != nil {
				k := *p
				k.Present -= 7
				e.Planted = &k
			}
			return &e
		}, "14 places could bear no canary", false},
		// mutant: residualnative.go: case a.Status == "": => case false:
		"cut before the answer": {nil, cut("exchanged start", 0), "whether it was given is not known", false},
		"cut while under way":   {nil, cut("exchanged after", 1), "nvme-sanitize-block was under way", false},
		// mutant: residualnative.go: case !planted || looked || ended: => case !planted || looked || ended && false:
		"cut after it":     {nil, cut("looked", 0), "answer to nothing else", true},
		"cut between them": {nil, cut("exchanged before", 1), "1 of the 2 commands", false},
		"whole":            {nil, nil, "not given", true},
		// mutant: residualnative.go: if planted && a.After == "" && a.Act.Family() == "ata-security" { => if false {
		"locked": {acts(record.ATASecurityNormal), cut("exchanged start", 0), "locked", false},
	} {
		var fs []spoil
		if c.spoil != nil {
			fs = append(fs, c.spoil)
		}
		all := strings.Join(native(t, c.task, fs...).Residual, "\n")
		if strings.Contains(all, c.want) == c.absent {
			t.Errorf("%s: %q; contains %q: %v", name, all, c.want, !c.absent)
		}
	}
}
