package judge

import (
	"fmt"
	"slices"

	"lethe/certs/record"
)

// findings are what the drive's own answers around an act come to: what shows it to have
// failed, what is missing, and what is shown.
type findings struct{ bad, gaps, told []string }

func (f *findings) fail(a *actSeen, s string, args ...any) {
	f.bad = append(f.bad, string(a.act)+": "+fmt.Sprintf(s, args...))
}

func (f *findings) need(a *actSeen, ok bool, s string, args ...any) {
	if !ok {
		f.gaps = append(f.gaps, string(a.act)+": "+fmt.Sprintf(s, args...))
	}
}

func (f *findings) tell(a *actSeen, s string, args ...any) {
	f.told = append(f.told, string(a.act)+": "+fmt.Sprintf(s, args...))
}

// proof reads the drive's answers around an act by the rules of its command.
func (a *actSeen) proof() (f findings) {
	switch a.act.Family() {
	case "ata-sanitize":
		a.ataSanitize(&f)
	case "ata-security":
		a.ataSecurity(&f)
	case "scsi-sanitize":
		a.scsiErase(&f, 0x48, senseSanitizing, senseSanitize)
	case "scsi-format":
		a.scsiErase(&f, 0x04, senseFormatting, senseFormat)
	case "nvme-sanitize":
		a.nvmeSanitize(&f)
	case "nvme-format":
		a.nvmeFormat(&f)
	default:
		f.need(a, false, "no rule of this judge speaks of it")
	}
	return f
}

// started is the one command that f takes among those of the step start: given once,
// and accepted.
func (a *actSeen) started(f *findings, is func(answer) bool) (answer, bool) {
	got := all(a.steps[record.StepStart], is)
	if len(got) != 1 {
		f.need(a, false, "the command was given %d times", len(got))
		return answer{}, false
	}
	if !got[0].ok {
		f.fail(a, "the drive refused it: %s", got[0].word)
		return answer{}, false
	}
	return got[0], true
}

// Feature words and keys of SANITIZE DEVICE (ACS-4 7.36).
var ataSanitizes = map[record.Act]struct {
	feature uint16
	key     uint64
	mask    uint64
}{
	record.ATASanitizeCrypto:    {0x0011, 0x43727970, 0xffffffffffff},
	record.ATASanitizeBlock:     {0x0012, 0x426b4572, 0xffffffffffff},
	record.ATASanitizeOverwrite: {0x0014, 0x4f57 << 32, 0xffff << 32}, // the rest is the pattern
}

// ataSanitize: the drive must have been idle before, must have been seen at work or to
// have gained its word of completion, and must say at the end, in registers that came
// back whole, that it completed without error.
func (a *actSeen) ataSanitize(f *findings) {
	want := ataSanitizes[a.act]
	isStatus := func(x answer) bool { return x.ata(0xb4, 0) }
	ready, ok := last(a.steps[record.StepReady], isStatus)
	count, _, _, _, whole := ready.registers()
	f.need(a, ok && ready.ok && whole, "the drive did not say how it stood before the command")
	f.need(a, count&(1<<14) == 0, "a sanitize was under way already")
	start, ok := a.started(f, func(x answer) bool { return x.ataOpcode(0xb4) && !x.ata(0xb4, 0) })
	if ok {
		lba := uint64(start.cdb[8]) | uint64(start.cdb[10])<<8 | uint64(start.cdb[12])<<16 | uint64(start.cdb[7])<<24 | uint64(start.cdb[9])<<32 | uint64(start.cdb[11])<<40
		f.need(a, start.ata(0xb4, want.feature) && lba&want.mask == want.key && start.cdb[1]&1 == 1, "another command was given")
		f.need(a, a.act != record.ATASanitizeOverwrite || start.cdb[6]&0xf != 0, "the number of passes was left to the drive")
	}
	ran := false
	sanitizes := func(x answer) bool { return x.ataOpcode(0xb4) } // the command itself returns its state, too
	for _, x := range all(slices.Concat(a.steps[record.StepPoll], a.steps[record.StepStart]), sanitizes) {
		c, _, s, _, ok := x.registers()
		if ok && x.ok && s&0x21 == 0 && c&(1<<14) != 0 && c&(1<<15) == 0 {
			ran = true
		}
	}
	end, ok := last(a.steps[record.StepAfter], isStatus)
	after, lba, status, fault, whole := end.registers()
	switch {
	case !ok || !whole:
		f.need(a, false, "the adapter did not return the drive's registers: how it ended is not known")
		return
	case status&1 != 0:
		if fault&4 != 0 && lba&0xff == 1 {
			f.fail(a, "the drive says that it failed")
			return
		}
		f.need(a, false, "the drive refused to say how it ended (status %02Xh, reason %02Xh)", status, lba&0xff)
		return
	}
	f.need(a, end.ok && after&(1<<14) == 0, "it was still under way")
	f.need(a, after&(1<<15) != 0, "the drive does not say that it completed without error")
	f.need(a, ran || count&(1<<15) == 0, "the drive's word of success may be an earlier one: it was never seen at work")
	f.tell(a, "accepted, %s, and afterwards SANITIZE STATUS EXT says completed without error", seen(ran))
}

func seen(ran bool) string {
	if ran {
		return "seen at work"
	}
	return "the drive gained its word of completion"
}

// ataSecurity: the password is set before and gone after, which only an erase that ran
// to its end does (ACS-3 7.43). A reset in between voids that.
func (a *actSeen) ataSecurity(f *findings) {
	identify := func(x answer) bool { return x.ataOpcode(0xec) && x.ok && len(x.data) == 512 }
	word := func(as []answer) (uint16, bool) {
		x, ok := last(as, identify)
		if !ok {
			return 0, false
		}
		return uint16(x.data[256]) | uint16(x.data[257])<<8, true
	}
	begun := slices.Concat(a.steps[record.StepReady], a.steps[record.StepStart])
	was, ok := word(begun)
	f.need(a, ok && was&1 != 0 && was&2 != 0 && was&8 == 0, "the drive did not show a set password and no freeze before the command")
	start, ok := a.started(f, func(x answer) bool { return x.ataOpcode(0xf4) })
	if ok {
		enhanced := len(start.sent) == 512 && start.sent[0]&2 != 0
		f.need(a, len(start.sent) == 512 && enhanced == (a.act == record.ATASecurityEnhanced), "another mode was asked for")
		prepare, found := last(a.steps[record.StepStart], func(x answer) bool { return x.ataOpcode(0xf3) })
		f.need(a, found && prepare.ok, "SECURITY ERASE PREPARE was not accepted")
	}
	for _, step := range []string{record.StepStart, record.StepPoll, record.StepAfter} {
		for _, x := range a.steps[step] {
			f.need(a, !x.reset(), "the drive was reset while it was under way")
		}
	}
	is, ok := word(a.steps[record.StepAfter])
	f.need(a, ok, "the drive was not asked afterwards")
	if ok && is&6 != 0 {
		f.fail(a, "the drive is still locked, or its password still set")
		return
	}
	f.tell(a, "accepted and ended; the password that was set before is gone, and the drive is not locked")
}
