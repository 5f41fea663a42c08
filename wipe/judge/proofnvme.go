package judge

import (
	"encoding/binary"
	"slices"

	"lethe/certs/record"
)

// nvmeSanitizes are the values of SANACT (NVMe Base Specification 2.0c figure 304).
var nvmeSanitizes = map[record.Act]uint32{record.NVMeSanitizeBlock: 2, record.NVMeSanitizeOverwrite: 3, record.NVMeSanitizeCrypto: 4}

// sanitizeLog is the Sanitize Status page, 81h (figure 265).
type sanitizeLog struct {
	state byte // SSTAT 2:0
	gde   bool // Global Data Erased, SSTAT bit 8
	purge bool // SSTAT bit 11: purged as IEEE 2883 has it, where the drive can say so
	cdw10 uint32
}

func (a answer) sanitizeLog() (sanitizeLog, bool) {
	if !a.isLog() || !a.ok || len(a.data) < 20 {
		return sanitizeLog{}, false
	}
	s := binary.LittleEndian.Uint16(a.data[2:])
	return sanitizeLog{byte(s & 7), s&(1<<8) != 0, s&(1<<11) != 0, binary.LittleEndian.Uint32(a.data[4:])}, true
}

func (a answer) isLog() bool {
	return a.nvme != nil && a.nvme.opcode == 0x02 && a.nvme.cdw[0]&0xff == 0x81
}

// nvmeSanitize decides on SSTAT, never on the progress: the state must have been another
// before, the command on the page must be ours, and Global Data Erased must have been
// clear, since canaries were written, and be set afterwards.
func (a *actSeen) nvmeSanitize(f *findings) {
	ready, ok := last(a.steps[record.StepReady], answer.isLog)
	was, whole := ready.sanitizeLog()
	f.need(a, ok && whole, "the drive did not say how it stood before the command")
	f.need(a, was.state != 2, "a sanitize was under way already")
	f.need(a, !was.gde, "the drive said that all data was erased although canaries had just been written: its word is worth nothing")
	start, ok := a.started(f, func(x answer) bool { return x.nvme != nil && x.nvme.opcode == 0x84 })
	if !ok {
		return
	}
	asked := start.nvme.cdw[0]
	f.need(a, asked&7 == nvmeSanitizes[a.act], "another action was given")
	f.need(a, a.act != record.NVMeSanitizeOverwrite || asked>>4&0xf != 0, "the number of passes was left to the drive")
	ran := false
	for _, x := range slices.Concat(a.steps[record.StepStart], a.steps[record.StepPoll]) {
		if l, ok := x.sanitizeLog(); ok && l.state == 2 && l.cdw10 == asked {
			ran = true
		}
	}
	end, ok := last(a.steps[record.StepAfter], answer.isLog)
	is, whole := end.sanitizeLog()
	if !ok || !whole {
		f.need(a, false, "the drive does not say how it ended")
		return
	}
	if is.state == 3 {
		f.fail(a, "the drive says that it failed")
		return
	}
	f.need(a, is.state == 1 || is.state == 4, "the drive does not say that it completed (state %d)", is.state)
	f.need(a, is.cdw10 == asked, "the drive speaks of another sanitize (%08Xh, asked was %08Xh)", is.cdw10, asked)
	f.need(a, is.gde, "the drive does not say that all data was erased (Global Data Erased is 0)")
	_ = ran // Global Data Erased went from 0 to 1: that is a transition of this run
	f.tell(a, "accepted, %s; SSTAT %d for this very command, Global Data Erased went from 0 to 1", seen(ran), is.state)
	switch {
	case is.purge:
		f.tell(a, "the drive says that the result is a purge as IEEE 2883 has it")
	default:
		f.tell(a, "the drive cannot state, or does not, that the result is a purge as IEEE 2883 has it")
	}
	if is.state == 4 {
		f.tell(a, "the drive deallocated its blocks although it was not to: what reads return of them is no evidence")
	}
}

// nvmeFormat has its status alone: success when it is done, so that nothing of an
// earlier run can be taken for it.
func (a *actSeen) nvmeFormat(f *findings) {
	start := all(a.steps[record.StepStart], func(x answer) bool { return x.nvme != nil && x.nvme.opcode == 0x80 })
	f.need(a, len(start) == 1, "the command was given %d times", len(start))
	if len(start) != 1 {
		return
	}
	if !start[0].ok {
		f.fail(a, "the drive refused it, or did not end it: %s", start[0].word)
		return
	}
	want := uint32(1)
	if a.act == record.NVMeFormatCrypto {
		want = 2
	}
	f.need(a, start[0].nvme.cdw[0]>>9&7 == want, "another erase was asked for")
	_, ok := last(a.steps[record.StepAfter], func(x answer) bool { return x.nvme != nil && x.nvme.opcode == 0x06 && x.ok })
	f.need(a, ok, "the drive was not asked afterwards")
	f.tell(a, "accepted, and the drive answered when it was done; it has no page that says how it went")
}
