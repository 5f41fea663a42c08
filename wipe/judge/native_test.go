package judge

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"lethe/certs/record"
	"lethe/wipe/verify/canary"
)

// nativeSize has more sectors than canaries.
const nativeSize record.Size = 20000 * 512

func b64(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

// exchange is one of an act's, whose data is what came back.
func exchange(act record.Act, step, request string, data []byte, status string) record.Event {
	return record.Event{Exchanged: &record.Exchanged{Act: act, Step: step,
		Exchange: record.Exchange{Name: "x", Request: request, Response: b64(data), Status: status}}}
}

// sanitizePage is the Sanitize Status page of an NVMe drive.
func sanitizePage(sstat uint16, cdw10 uint32) []byte {
	b := make([]byte, 512)
	binary.LittleEndian.PutUint16(b, 0xffff)
	binary.LittleEndian.PutUint16(b[2:], sstat)
	binary.LittleEndian.PutUint32(b[4:], cdw10)
	return b
}

func nvmeRequest(opcode byte, cdw10 uint32) string {
	return fmt.Sprintf("%02x nsid %08x cdw10-15 %08x %08x %08x %08x %08x %08x", opcode, uint32(0xffffffff), cdw10, 0, 0, 0, 0, 0)
}

// ataReturn is descriptor sense data with the drive's registers (SAT-4 12.2.6).
func ataReturn(count uint16, lba uint64, status, fault byte) []byte {
	b := make([]byte, 22)
	b[0], b[1], b[3], b[7] = 0x72, 1, 0x1d, 14
	b[8], b[9], b[10], b[11] = 9, 12, 1, fault
	binary.BigEndian.PutUint16(b[12:], count)
	b[15], b[17], b[19], b[21] = byte(lba), byte(lba>>8), byte(lba>>16), status
	return b
}

func ataRequest(opcode byte, feature, count uint16, lba uint64) string {
	c := make([]byte, 16)
	c[0], c[1], c[2], c[13], c[14] = 0x85, 7, 0x20, 0x40, opcode
	binary.BigEndian.PutUint16(c[3:], feature)
	binary.BigEndian.PutUint16(c[5:], count)
	c[8], c[10], c[12], c[7], c[9], c[11] = byte(lba), byte(lba>>8), byte(lba>>16), byte(lba>>24), byte(lba>>32), byte(lba>>40)
	return hex.EncodeToString(c)
}

func identifyWith(word128 uint16) []byte {
	b := make([]byte, 512)
	binary.LittleEndian.PutUint16(b[256:], word128)
	return b
}

func fixedSense(key byte, code uint16) []byte {
	b := make([]byte, 18)
	b[0], b[2], b[7] = 0x70, key, 10
	binary.BigEndian.PutUint16(b[12:], code)
	return b
}

const (
	senseCDB = "030000001200"
	turCDB   = "000000000000"
)

// body is the exchanges of an honest drive around an act, without the canaries: what
// comes before them, and after them.
func body(act record.Act) (before, after []record.Event) {
	x := func(step, request string, data []byte) record.Event { return exchange(act, step, request, data, "ok") }
	const b, r, s, p, a = record.StepBefore, record.StepReady, record.StepStart, record.StepPoll, record.StepAfter
	switch act.Family() {
	case "nvme-sanitize":
		page, cdw := nvmeRequest(2, 0x7f0081), nvmeSanitizes[act]|1<<4
		return []record.Event{x(b, page, sanitizePage(0x101, 2))}, []record.Event{
			x(r, page, sanitizePage(0x001, 2)), x(s, nvmeRequest(0x84, cdw), nil),
			x(p, page, sanitizePage(0x002, cdw)), x(p, page, sanitizePage(0x101, cdw)), x(a, page, sanitizePage(0x101, cdw))}
	case "nvme-format":
		ses := uint32(1)
		if act == record.NVMeFormatCrypto {
			ses = 2
		}
		return []record.Event{x(b, nvmeRequest(6, 0), make([]byte, 4096))}, []record.Event{
			x(r, nvmeRequest(6, 0), make([]byte, 4096)), x(s, nvmeRequest(0x80, ses<<9), nil), x(a, nvmeRequest(6, 0), make([]byte, 4096))}
	case "ata-sanitize":
		w := ataSanitizes[act]
		status := ataRequest(0xb4, 0, 0, 0)
		return []record.Event{x(b, status, ataReturn(0x8000, 0, 0x50, 0))}, []record.Event{
			x(r, status, ataReturn(0x8000, 0, 0x50, 0)), x(s, ataRequest(0xb4, w.feature, 1, w.key), ataReturn(0x4000, 0, 0x50, 0)),
			x(p, status, ataReturn(0x4000, 0x100, 0x50, 0)), x(p, status, ataReturn(0x8000, 0, 0x50, 0)), x(a, status, ataReturn(0x8000, 0, 0x50, 0))}
	case "ata-security":
		id := ataRequest(0xec, 0, 1, 0)
		sent := make([]byte, 512)
		if act == record.ATASecurityEnhanced {
			sent[0] = 2
		}
		erase := x(s, ataRequest(0xf4, 0, 1, 0), nil)
		erase.Exchanged.Exchange.Sent = b64(sent)
		return []record.Event{x(b, id, identifyWith(0x21))}, []record.Event{
			x(r, id, identifyWith(0x21)), x(s, ataRequest(0xf1, 0, 1, 0), nil), x(s, id, identifyWith(0x23)),
			x(s, ataRequest(0xf3, 0, 0, 0), ataReturn(0, 0, 0x50, 0)), erase, x(a, id, identifyWith(0x21))}
	}
	cdb, busy := "", uint16(senseFormatting)
	start := record.Event{}
	if act == record.SCSIFormatUnit {
		cdb = "041000000000"
		start = x(s, cdb, nil)
		start.Exchanged.Exchange.Sent = b64([]byte{0, 2, 0, 0})
	} else {
		cdb, busy = fmt.Sprintf("48%02x0000000000000000", 0x80|scsiSanitizes[act]), senseSanitizing
		start = x(s, cdb, nil)
		if act == record.SCSISanitizeOverwrite {
			start.Exchanged.Exchange.Sent = b64([]byte{1, 0, 0, 4, 0, 0, 0, 0})
		}
	}
	return []record.Event{x(b, senseCDB, fixedSense(0, 0))}, []record.Event{
		x(r, senseCDB, fixedSense(0, 0)), start, x(p, senseCDB, fixedSense(2, busy)), x(p, senseCDB, fixedSense(0, 0)),
		x(a, senseCDB, fixedSense(0, 0)), x(a, turCDB, nil)}
}

// natively is what the worker writes when all goes well with the drive's own commands.
func natively(t testing.TB, medium record.Medium, acts ...record.Act) *script {
	t.Helper()
	s := good(t)
	task := s.task()
	task.Device.Size, task.Device.NativeSize, task.Device.Medium = nativeSize, nativeSize, medium
	task.Acts, task.Passes, task.Check, task.Canaries = acts, []record.Pass{}, record.CheckCanaries, canary.Default
	technique := acts[len(acts)-1].Technique()
	method, source, _ := s.profile.Earns(medium, technique)
	task.Ladder = []record.Rung{{Technique: technique, Method: method, Chosen: true, Reason: source + "chosen"}}
	opened, closing := testState(), testState()
	opened.Size, closing.Size = nativeSize, nativeSize
	s.events = s.events[:1]
	s.add(record.Event{Opened: opened}, record.Event{SeedCommit: &record.SeedCommit{Commitment: record.Digest(testSeed)}},
		record.Event{Intent: &record.Intent{Technique: technique, Range: record.Range{End: nativeSize}}})
	for _, act := range acts {
		before, after := body(act)
		s.add(before...)
		s.add(record.Event{Planted: &record.Planted{Act: act, Places: 6907, Written: 6907, Present: 6907, Flushed: true, Nanos: 1}})
		s.add(after...)
		s.add(record.Event{Looked: &record.Looked{Act: act, Direct: true, Places: 6907, Zeros: 6907, Nanos: 1}})
	}
	s.add(record.Event{SeedReveal: &record.SeedReveal{Seed: hex.EncodeToString(testSeed)}},
		record.Event{Closing: closing}, record.Event{Ended: &record.Ended{}})
	return s
}

var declared = &record.CryptoDeclaration{By: "A. Person", AlwaysOn: "yes", Escrow: "no"}

// Honest drives end in exactly the method that the profile grants the technique.
func TestNativeGood(t *testing.T) {
	for _, m := range []record.Medium{record.MediumMagnetic, record.MediumFlash} {
		for _, acts := range [][]record.Act{
			{record.ATASanitizeCrypto}, {record.ATASanitizeBlock}, {record.ATASanitizeOverwrite}, {record.ATASecurityEnhanced}, {record.ATASecurityNormal},
			{record.SCSISanitizeCrypto}, {record.SCSISanitizeBlock}, {record.SCSISanitizeOverwrite}, {record.SCSIFormatUnit},
			{record.NVMeSanitizeCrypto}, {record.NVMeSanitizeBlock}, {record.NVMeSanitizeOverwrite}, {record.NVMeFormatCrypto}, {record.NVMeFormatUser},
			{record.NVMeSanitizeCrypto, record.NVMeSanitizeBlock}, {record.ATASanitizeCrypto, record.ATASanitizeBlock},
		} {
			s := natively(t, m, acts...)
			s.task().Crypto = declared
			want := record.Unknown
			switch method, _, _ := s.profile.Earns(m, acts[len(acts)-1].Technique()); method {
			case record.MethodPurge:
				want = record.Purged
			case record.MethodClear:
				want = record.Cleared
			}
			if v := s.judge(t); v.State != want {
				t.Errorf("%v on %s: %s %q; want %s", acts, m, v.State, v.Reasons, want)
			}
		}
	}
	v := natively(t, record.MediumFlash, record.NVMeSanitizeBlock).judge(t)
	all := strings.Join(v.Reasons, "\n")
	for _, w := range []string{"less than 0.10 % of the addressable drive", "6907 canaries", "cannot state"} {
		if !strings.Contains(all, w) {
			t.Errorf("%q is not in %q", w, all)
		}
	}
}

type nativeMutation struct {
	name   string
	change func(s *script)
	state  record.State
	reason string
}

// nth is exchange n of a step.
func nth(s *script, step string, n int) *record.Exchange {
	for i := range s.events {
		if x := s.events[i].Exchanged; x != nil && x.Step == step {
			if n == 0 {
				return &x.Exchange
			}
			n--
		}
	}
	panic("no such exchange")
}

func without(step string) func(*script) {
	return func(s *script) {
		for i := len(s.events) - 1; i >= 0; i-- {
			if x := s.events[i].Exchanged; x != nil && x.Step == step {
				s.drop(i)
			}
		}
	}
}

func runNative(t *testing.T, act record.Act, ms []nativeMutation) {
	t.Helper()
	for _, m := range ms {
		s := natively(t, record.MediumFlash, act)
		s.task().Crypto = declared
		m.change(s)
		v := s.judge(t)
		if all := strings.Join(v.Reasons, "\n"); v.State != m.state || !strings.Contains(all, m.reason) {
			t.Errorf("%s, %s: %s %q; want %s, %q", act, m.name, v.State, v.Reasons, m.state, m.reason)
		}
	}
}

// What holds for every command: canaries, order, seed.
func TestNativeAttacks(t *testing.T) {
	planted := func(f func(p *record.Planted)) func(*script) {
		return func(s *script) { f(s.event("planted", 0).Planted) }
	}
	looked := func(f func(l *record.Looked)) func(*script) {
		return func(s *script) { f(s.event("looked", 0).Looked) }
	}
	for _, act := range []record.Act{record.NVMeSanitizeBlock, record.ATASanitizeBlock, record.SCSISanitizeBlock} {
		runNative(t, act, []nativeMutation{
			// mutant: native.go: if l := a.looked; l != nil && (l.Present != 0 || len(l.Found) > 0) { => if l := a.looked; l != nil && len(l.Found) > 0 {
			{"one canary left", looked(func(l *record.Looked) { l.Present = 1 }), record.Failed, "1 of 6907 places still hold"},
			// mutant: native.go: if l := a.looked; l != nil && l.Former != 0 { => if l := a.looked; l != nil && false {
			{"former data is back", looked(func(l *record.Looked) { l.Former = 1 }), record.Failed, "hold again"},
			{"one canary listed", looked(func(l *record.Looked) { l.Found = []record.Range{{End: 512}} }), record.Failed, "still hold"},
			// mutant: native.go: need(l.Places >= p.Present && len(l.Unreadable) == 0, => need(len(l.Unreadable) == 0,
			{"not all looked at", looked(func(l *record.Looked) { l.Places, l.Zeros = 6906, 0 }), record.Unknown, "6906 of 6907 places could be read"},
			// mutant: native.go: need(l.Places >= p.Present && len(l.Unreadable) == 0, => need(l.Places >= p.Present,
			{"one unreadable", looked(func(l *record.Looked) { l.Unreadable = []record.Range{{End: 512}} }), record.Unknown, "could be read"},
			// mutant: native.go: need(l.Direct, => need(true,
			{"looked at in the cache", looked(func(l *record.Looked) { l.Direct = false }), record.Unknown, "past the cache"},
			// mutant: native.go: need(p.Flushed, => need(true,
			{"not flushed", planted(func(p *record.Planted) { p.Flushed = false }), record.Unknown, "not flushed"},
			// mutant: native.go: need(p.Present >= p.Places-p.Places/mostBad, => need(true,
			{"too few present", planted(func(p *record.Planted) { p.Present = 6837 }), record.Unknown, "were present"},
			{"a few bad sectors", planted(func(p *record.Planted) { p.Present = 6838 }), record.Purged, "6838 canaries"},
			// mutant: native.go: need(p.Places == due, => need(true,
			{"fewer places than the seed gives", func(s *script) {
				s.event("planted", 0).Planted.Places, s.event("planted", 0).Planted.Written, s.event("planted", 0).Planted.Present = 10, 10, 10
				s.event("looked", 0).Looked.Places, s.event("looked", 0).Looked.Zeros = 10, 10
			}, record.Unknown, "the seed gives 6907"},
			// mutant: native.go: need(t.Canaries >= canary.Default, => need(true,
			{"fewer planned", func(s *script) {
				s.task().Canaries = 8
				s.event("planted", 0).Planted.Places, s.event("planted", 0).Planted.Written, s.event("planted", 0).Planted.Present = 10, 10, 10
			}, record.Unknown, "are the least"},
			{"never planted", func(s *script) { s.drop(s.at("planted", 0)) }, record.Unknown, "wrong side"},
			{"never looked", func(s *script) { s.drop(s.at("looked", 0)) }, record.Unknown, "no canaries"},
			// mutant: native.go: case (x.Step == record.StepBefore) != (a.planted == nil): => case false:
			{"planted after the command", func(s *script) { s.move(s.at("planted", 0), s.at("looked", 0)-1) }, record.Unknown, "wrong side"},
			// mutant: native.go: if a.step != len(order)-1 { => if false {
			{"looked before it ended", func(s *script) {
				for i := range s.events {
					if x := s.events[i].Exchanged; x != nil && x.Step == record.StepAfter {
						s.move(s.at("looked", 0), i)
						return
					}
				}
			}, record.Unknown, "before it has ended"},
			// mutant: native.go: case at < a.step: => case false:
			{"steps go back", func(s *script) {
				x := *nth(s, record.StepReady, 0)
				s.insert(s.at("looked", 0), record.Event{Exchanged: &record.Exchanged{Act: act, Step: record.StepReady, Exchange: x}})
			}, record.Unknown, "after"},
			// mutant: native.go: if !s.intent || s.seed.commit == nil { => if !s.intent {
			{"no seed", func(s *script) { s.drop(s.at("seedReveal", 0)); s.drop(s.at("seedCommit", 0)) }, record.Unknown, "without a seed"},
			{"no intent", func(s *script) { s.drop(s.at("intent", 0)) }, record.Unknown, "without an intent"},
			// mutant: native.go: need(s.seed.value != nil, => need(true,
			{"seed not revealed", func(s *script) { s.drop(s.at("seedReveal", 0)) }, record.Unknown, "seed"},
			{"one act of two", func(s *script) { s.task().Acts = append(s.task().Acts, act+"x") }, record.Unknown, ""},
			{"another act", func(s *script) { s.task().Acts = []record.Act{record.SCSIFormatUnit} }, record.Unknown, ""},
			// mutant: native.go: need(t.Check == record.CheckCanaries, => need(true,
			// mutant: native.go: need(t.Canaries <= mostCanaries && len(t.Acts) <= mostActs, => need(true,
			{"more canaries than are followed", func(s *script) { s.task().Canaries = mostCanaries + 1 }, record.Unknown, "more than are followed"},
			{"another check", func(s *script) { s.task().Check = record.CheckPercentage + "5" }, record.Unknown, "was planned"},
			// mutant: native.go: need(len(t.Passes) == 0 && len(s.passes) == 0, => need(true,
			{"passes besides", func(s *script) { s.task().Passes = []record.Pass{zeroPass} }, record.Unknown, "passes were planned"},
			// mutant: proof.go: if len(got) != 1 { => if len(got) < 1 {
			{"given twice", func(s *script) {
				x := *nth(s, record.StepStart, 0)
				for i := range s.events {
					if y := s.events[i].Exchanged; y != nil && y.Step == record.StepStart {
						s.insert(i, record.Event{Exchanged: &record.Exchanged{Act: act, Step: record.StepStart, Exchange: x}})
						return
					}
				}
			}, record.Unknown, "2 times"},
			{"never given", without(record.StepStart), record.Unknown, "0 times"},
			// mutant: proof.go: if !got[0].ok { => if false {
			{"refused", func(s *script) { nth(s, record.StepStart, 0).Status = "aborted" }, record.Failed, "refused"},
			{"stopped", func(s *script) { s.cut(s.at("looked", 0), record.StopSignal) }, record.Incomplete, "own commands"},
			{"virtual", func(s *script) { s.task().Device.Medium = record.MediumVirtual }, record.Unknown, ""},
			// mutant: replay.go: if n := len(s.task.Acts); n > 0 { => if n := len(s.task.Acts); false {
			{"intent to overwrite", func(s *script) { s.event("intent", 0).Intent.Technique = record.Overwrite }, record.Unknown, "not one this judge"},
		})
	}
	runNative(t, record.NVMeSanitizeCrypto, []nativeMutation{
		// mutant: native.go: if t.Acts[len(t.Acts)-1].Crypto() { => if false {
		{"nobody declared", func(s *script) { s.task().Crypto = nil }, record.Unknown, "a person's word"},
		{"always on unknown", func(s *script) {
			s.task().Crypto = &record.CryptoDeclaration{By: "x", AlwaysOn: "unknown", Escrow: "no"}
		}, record.Unknown, "a person's word"},
		{"keys kept", func(s *script) {
			s.task().Crypto = &record.CryptoDeclaration{By: "x", AlwaysOn: "yes", Escrow: "yes"}
		}, record.Unknown, "a person's word"},
	})
}

// Every command that was planned must have been given.
//
// mutant: native.go: need(len(s.acts) == len(t.Acts), => need(true,
func TestOneCommandOfTwo(t *testing.T) {
	s := natively(t, record.MediumFlash, record.NVMeSanitizeCrypto, record.NVMeSanitizeBlock)
	for i := len(s.events) - 1; i >= 0; i-- {
		e := s.events[i]
		if e.Exchanged != nil && e.Exchanged.Act == record.NVMeSanitizeBlock || e.Planted != nil && e.Planted.Act == record.NVMeSanitizeBlock ||
			e.Looked != nil && e.Looked.Act == record.NVMeSanitizeBlock {
			s.drop(i)
		}
	}
	if v := s.judge(t); v.State != record.Unknown || !strings.Contains(strings.Join(v.Reasons, "\n"), "1 of 2 commands") {
		t.Errorf("%s %q", v.State, v.Reasons)
	}
}

// A format that destroys keys and nothing else is a cryptographic erase, whatever it is
// called.
func TestFormatByKeysNeedsAWord(t *testing.T) {
	for _, declaration := range []*record.CryptoDeclaration{nil, declared} {
		s := natively(t, record.MediumFlash, record.NVMeFormatCrypto)
		s.task().Crypto = declaration
		if v := s.judge(t); (v.State == record.Cleared) != declaration.Holds() {
			t.Errorf("%+v: %s %q", declaration, v.State, v.Reasons)
		}
	}
}

// Of a task of the drive's own commands, too, no line can be left out but those that
// repeat another.
func TestNativeLinesCannotBeLeftOut(t *testing.T) {
	for _, act := range []record.Act{record.NVMeSanitizeBlock, record.ATASanitizeBlock, record.SCSISanitizeBlock} {
		whole := natively(t, record.MediumFlash, act)
		for i := range whole.events {
			s := natively(t, record.MediumFlash, act)
			kind := s.events[i].Kind()
			if x := s.events[i].Exchanged; x != nil {
				kind += " " + x.Step
			}
			s.drop(i)
			v := s.judge(t)
			spare := kind == "exchanged before" || kind == "exchanged poll"
			if (v.State == record.Purged) && !spare {
				t.Errorf("%s without line %d (%s): %s", act, i, kind, v.State)
			}
		}
	}
}
