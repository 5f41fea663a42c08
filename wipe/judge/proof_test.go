package judge

import (
	"encoding/binary"
	"testing"

	"lethe/certs/record"
)

// answerWith gives exchange n of a step other data.
func answerWith(step string, n int, data []byte) func(*script) {
	return func(s *script) { nth(s, step, n).Response = b64(data) }
}

func requestOf(step string, n int, request string) func(*script) {
	return func(s *script) { nth(s, step, n).Request = request }
}

func both(fs ...func(*script)) func(*script) {
	return func(s *script) {
		for _, f := range fs {
			f(s)
		}
	}
}

func TestATASanitizeProof(t *testing.T) {
	status := func(count uint16) []byte { return ataReturn(count, 0, 0x50, 0) }
	const r, st, p, a = record.StepReady, record.StepStart, record.StepPoll, record.StepAfter
	runNative(t, record.ATASanitizeBlock, []nativeMutation{
		// mutant: proof.go: f.need(a, ran || count&(1<<15) == 0, => f.need(a, true,
		{"stale success", both(answerWith(p, 0, status(0x8000)), answerWith(st, 0, status(0x8000))), record.Unknown, "may be an earlier one"},
		{"stale success, and garbage that looks like work", both(answerWith(p, 0, ataReturn(0xffff, 0xffffffffffff, 0xff, 0xff)), answerWith(st, 0, status(0x8000))), record.Unknown, "may be an earlier one"},
		{"seen at work by the command's own answer", without(p), record.Purged, "seen at work"},
		{"stale success without a poll", both(without(p), answerWith(st, 0, status(0x8000))), record.Unknown, "may be an earlier one"},
		{"never run before", both(without(p), answerWith(st, 0, status(0x8000)), answerWith(r, 0, status(0))), record.Purged, "gained its word"},
		// mutant: proof.go: f.need(a, after&(1<<15) != 0, => f.need(a, true,
		{"idle is not completed", answerWith(a, 0, status(0)), record.Unknown, "does not say that it completed"},
		// mutant: proof.go: f.need(a, end.ok && after&(1<<14) == 0, => f.need(a, end.ok,
		{"still under way", answerWith(a, 0, status(0xc000)), record.Unknown, "still under way"},
		// mutant: answer.go: && d[2]&1 == 1 && d[13]&0xc0 == 0x40 { // EXTEND; ready and not busy => {
		{"registers all zero", answerWith(a, 0, ataReturn(0, 0, 0, 0)), record.Unknown, "did not return the drive's registers"},
		{"registers of all zeros but for the count", answerWith(a, 0, ataReturn(0x8000, 0, 0, 0)), record.Unknown, "did not return"},
		{"no sense", answerWith(a, 0, nil), record.Unknown, "did not return"},
		{"fixed sense", answerWith(a, 0, fixedSense(1, 0x001d)), record.Unknown, "did not return"},
		{"sense cut off", answerWith(a, 0, status(0x8000)[:20]), record.Unknown, "did not return"},
		// mutant: proof.go: if fault&4 != 0 && lba&0xff == 1 { => if fault&4 != 0 && lba&0xff == 1 && false {
		{"failed", answerWith(a, 0, ataReturn(0, 1, 0x51, 4)), record.Failed, "says that it failed"},
		// mutant: proof.go: case status&1 != 0: => case false:
		{"aborted with the bit of success", answerWith(a, 0, ataReturn(0x8000, 3, 0x51, 4)), record.Unknown, "refused to say"},
		{"one under way already", answerWith(r, 0, status(0x4000)), record.Unknown, "already"},
		// mutant: proof.go: f.need(a, ok && ready.ok && whole, => f.need(a, ok,
		{"not said before", answerWith(r, 0, nil), record.Unknown, "before the command"},
		{"another command", requestOf(st, 0, ataRequest(0xb4, 0x11, 1, 0x43727970)), record.Unknown, "another command"},
		// mutant: proof.go: f.need(a, start.ata(0xb4, want.feature) && lba&want.mask == want.key && => f.need(a, start.ata(0xb4, want.feature) && (lba&want.mask == want.key || true) &&
		{"without its key", requestOf(st, 0, ataRequest(0xb4, 0x12, 1, 1)), record.Unknown, "another command"},
		{"freeze lock", requestOf(st, 0, ataRequest(0xb4, 0x20, 0, 0x46724c6b)), record.Unknown, "another command"},
		{"28 bits", func(s *script) {
			x := nth(s, st, 0)
			x.Request = x.Request[:2] + "06" + x.Request[4:]
		}, record.Unknown, "another command"},
	})
	runNative(t, record.ATASanitizeOverwrite, []nativeMutation{
		{"any pattern", requestOf(st, 0, ataRequest(0xb4, 0x14, 1, 0x4f57<<32|0xdeadbeef)), record.Purged, "seen at work"},
		// mutant: proof.go: f.need(a, a.act != record.ATASanitizeOverwrite || start.cdb[6]&0xf != 0, => f.need(a, true,
		{"sixteen passes by zero", requestOf(st, 0, ataRequest(0xb4, 0x14, 0, 0x4f57<<32)), record.Unknown, "left to the drive"},
	})
}

func TestATASecurityProof(t *testing.T) {
	const r, st, a = record.StepReady, record.StepStart, record.StepAfter
	runNative(t, record.ATASecurityEnhanced, []nativeMutation{
		// mutant: proof.go: if ok && is&6 != 0 { => if ok && is&6 != 0 && false {
		{"password still set", answerWith(a, 0, identifyWith(0x23)), record.Failed, "password still set"},
		{"still locked", answerWith(a, 0, identifyWith(0x25)), record.Failed, "still locked"},
		// mutant: proof.go: f.need(a, ok && was&1 != 0 && was&2 != 0 && => f.need(a, ok && was&1 != 0 &&
		{"no password before", answerWith(st, 1, identifyWith(0x21)), record.Unknown, "set password"},
		{"frozen", answerWith(st, 1, identifyWith(0x2b)), record.Unknown, "no freeze"},
		{"not asked afterwards", answerWith(a, 0, nil), record.Unknown, "not asked afterwards"},
		// mutant: proof.go: f.need(a, !x.reset(), => f.need(a, !x.reset() || true,
		{"reset meanwhile", func(s *script) {
			s.insert(s.at("looked", 0), exchange(record.ATASecurityEnhanced, a, turCDB, fixedSense(6, 0x2900), "unit attention"))
		}, record.Unknown, "was reset"},
		// mutant: proof.go: f.need(a, found && prepare.ok, => f.need(a, found && prepare.ok || true,
		{"not prepared", func(s *script) { nth(s, st, 2).Status = "aborted" }, record.Unknown, "PREPARE"},
		// mutant: proof.go: enhanced == (a.act == record.ATASecurityEnhanced), => (enhanced || true),
		{"the other mode", func(s *script) { nth(s, st, 3).Sent = b64(make([]byte, 512)) }, record.Unknown, "another mode"},
		{"what was sent is not on record", func(s *script) { nth(s, st, 3).Sent = "" }, record.Unknown, "another mode"},
		{"refused", func(s *script) { nth(s, st, 3).Status = "aborted" }, record.Failed, "refused"},
	})
}

func TestSCSIProof(t *testing.T) {
	const r, st, p, a = record.StepReady, record.StepStart, record.StepPoll, record.StepAfter
	runNative(t, record.SCSISanitizeBlock, []nativeMutation{
		// mutant: proofscsi.go: f.need(a, ran || waited, => f.need(a, ran || waited || true,
		{"never at work", answerWith(p, 0, fixedSense(0, 0)), record.Unknown, "never seen at work"},
		{"waited for", both(without(p), requestOf(st, 0, "48020000000000000000")), record.Purged, "when it was done"},
		// mutant: proofscsi.go: case code == failed, code == senseCorrupt: => case code == senseCorrupt:
		{"failed", answerWith(a, 0, fixedSense(3, 0x3103)), record.Failed, "31/03"},
		{"failed in between", answerWith(p, 1, fixedSense(3, 0x3103)), record.Failed, "31/03"},
		{"corrupt", answerWith(a, 0, fixedSense(3, 0x3100)), record.Failed, "31/00"},
		{"still at work", answerWith(a, 0, fixedSense(2, 0x041b)), record.Unknown, "not without complaint"},
		{"no sense at the end", answerWith(a, 0, nil), record.Unknown, "not without complaint"},
		{"a complaint", answerWith(a, 0, fixedSense(4, 0x4400)), record.Unknown, "not without complaint"},
		// mutant: proofscsi.go: f.need(a, ok && tur.ok, => f.need(a, ok && (tur.ok || true),
		{"not ready", func(s *script) { nth(s, a, 1).Status = "check condition" }, record.Unknown, "not ready"},
		{"a complaint before", answerWith(r, 0, fixedSense(3, 0x1100)), record.Unknown, "idle and without complaint"},
		// mutant: proofscsi.go: f.need(a, start.cdb[1]&0x1f == scsiSanitizes[a.act], => f.need(a, true,
		{"exit failure mode", requestOf(st, 0, "489f0000000000000000"), record.Unknown, "another service action"},
	})
	runNative(t, record.SCSISanitizeOverwrite, []nativeMutation{
		// mutant: proofscsi.go: len(start.sent) >= 4 && start.sent[0]&0x1f != 0, => len(start.sent) >= 4,
		{"no passes", func(s *script) { nth(s, st, 0).Sent = b64([]byte{0, 0, 0, 4}) }, record.Unknown, "left to the drive"},
	})
	runNative(t, record.SCSIFormatUnit, []nativeMutation{
		{"never at work", answerWith(p, 0, fixedSense(0, 0)), record.Unknown, "never seen at work"},
		{"the other's progress", answerWith(p, 0, fixedSense(2, 0x041b)), record.Unknown, "never seen at work"},
		{"failed", answerWith(a, 0, fixedSense(3, 0x3101)), record.Failed, "31/01"},
		{"waited for", both(without(p), func(s *script) { nth(s, st, 0).Sent = b64([]byte{0, 0, 0, 0}) }), record.Cleared, "when it was done"},
		// mutant: proofscsi.go: f.need(a, start.cdb[4]&3 == 0, => f.need(a, true,
		{"a fast format", requestOf(st, 0, "041000000100"), record.Unknown, "fast format"},
		{"parameters not on record", func(s *script) { nth(s, st, 0).Sent = "" }, record.Unknown, "not on record"},
	})
}

func TestNVMeProof(t *testing.T) {
	const r, st, p, a = record.StepReady, record.StepStart, record.StepPoll, record.StepAfter
	const cdw = 2 | 1<<4
	runNative(t, record.NVMeSanitizeBlock, []nativeMutation{
		// mutant: proofnvme.go: f.need(a, !was.gde, => f.need(a, true,
		{"erased before it began", answerWith(r, 0, sanitizePage(0x101, 2)), record.Unknown, "worth nothing"},
		{"under way already", answerWith(r, 0, sanitizePage(2, 2)), record.Unknown, "already"},
		// mutant: proofnvme.go: if is.state == 3 { => if false {
		{"failed", answerWith(a, 0, sanitizePage(0x003, cdw)), record.Failed, "says that it failed"},
		// mutant: proofnvme.go: f.need(a, is.state == 1 || is.state == 4, => f.need(a, true,
		{"never run", answerWith(a, 0, sanitizePage(0x100, cdw)), record.Unknown, "state 0"},
		{"still under way", answerWith(a, 0, sanitizePage(0x102, cdw)), record.Unknown, "state 2"},
		// mutant: proofnvme.go: f.need(a, is.cdw10 == asked, => f.need(a, true,
		{"of another command", answerWith(a, 0, sanitizePage(0x101, 4)), record.Unknown, "another sanitize"},
		// mutant: proofnvme.go: f.need(a, is.gde, => f.need(a, true,
		{"stale success", answerWith(a, 0, sanitizePage(0x001, cdw)), record.Unknown, "Global Data Erased is 0"},
		{"forced deallocation", answerWith(a, 0, sanitizePage(0x104, cdw)), record.Purged, "deallocated its blocks"},
		{"purge said", answerWith(a, 0, sanitizePage(0x901, cdw)), record.Purged, "is a purge as IEEE 2883"},
		{"no page", answerWith(a, 0, nil), record.Unknown, "does not say how it ended"},
		{"page cut off", answerWith(a, 0, sanitizePage(0x101, cdw)[:19]), record.Unknown, "does not say how it ended"},
		{"garbage", answerWith(a, 0, []byte("twenty bytes of text")), record.Unknown, ""},
		// mutant: proofnvme.go: f.need(a, asked&7 == nvmeSanitizes[a.act], => f.need(a, true,
		{"exit failure mode", both(requestOf(st, 0, nvmeRequest(0x84, 1)), answerWith(a, 0, sanitizePage(0x101, 1))), record.Unknown, "another action"},
	})
	runNative(t, record.NVMeSanitizeOverwrite, []nativeMutation{
		// mutant: proofnvme.go: f.need(a, a.act != record.NVMeSanitizeOverwrite || asked>>4&0xf != 0, => f.need(a, true,
		{"sixteen passes by zero", both(requestOf(st, 0, nvmeRequest(0x84, 3)), answerWith(a, 0, sanitizePage(0x101, 3))), record.Unknown, "left to the drive"},
	})
	runNative(t, record.NVMeFormatUser, []nativeMutation{
		// mutant: proofnvme.go: f.need(a, start[0].nvme.cdw[0]>>9&7 == want, => f.need(a, start[0].nvme.cdw[0]>>9&7 == want || true,
		{"no erase at all", requestOf(st, 0, nvmeRequest(0x80, 0)), record.Unknown, "another erase"},
		// mutant: proofnvme.go: if !start[0].ok { => if false {
		{"refused", func(s *script) { nth(s, st, 0).Status = "access denied" }, record.Failed, "refused"},
		{"not asked afterwards", func(s *script) { nth(s, a, 0).Status = "gone" }, record.Unknown, "not asked afterwards"},
	})
}

// Raw answers are anybody's bytes: whatever they are, they are read without a fault and
// never as proof of more than is there.
func FuzzAnswer(f *testing.F) {
	f.Add("85072000000000000000000000004000", ataReturn(0x8000, 0, 0x50, 0))
	f.Add(nvmeRequest(2, 0x81), sanitizePage(0x101, 2))
	f.Add(senseCDB, fixedSense(3, 0x3103))
	f.Fuzz(func(t *testing.T, request string, data []byte) {
		a := read(record.Exchange{Request: request, Response: b64(data), Status: "ok"})
		if _, _, status, _, ok := a.registers(); ok && (status == 0 || len(data) < 22) {
			t.Errorf("registers with status %02X of %d bytes", status, len(data))
		}
		if l, ok := a.sanitizeLog(); ok && (a.nvme == nil || uint16(l.state) != binary.LittleEndian.Uint16(data[2:])&7) {
			t.Errorf("%+v", l)
		}
		if key, _, ok := sense(data); ok && key > 15 {
			t.Errorf("key %d", key)
		}
		_ = a.reset()
	})
}
