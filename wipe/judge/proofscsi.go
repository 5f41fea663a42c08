package judge

import (
	"slices"

	"lethe/certs/record"
)

// scsiSanitizes are the service actions of SANITIZE (SBC-4 5.31).
var scsiSanitizes = map[record.Act]byte{record.SCSISanitizeOverwrite: 1, record.SCSISanitizeBlock: 2, record.SCSISanitizeCrypto: 3}

// scsiErase: SANITIZE and FORMAT UNIT tell of themselves by the sense data of REQUEST
// SENSE alone, and nothing of an earlier run is left there. So the drive must have been
// seen at work, or have kept the command until it was done; and at the end it must be
// without complaint, ready, and readable.
func (a *actSeen) scsiErase(f *findings, opcode byte, running, failed uint16) {
	isSense := func(x answer) bool { return x.scsi(0x03) }
	ready, ok := last(a.steps[record.StepReady], isSense)
	key, code, whole := sense(ready.data)
	f.need(a, ok && ready.ok && whole && key == 0 && code == 0, "the drive was not shown to be idle and without complaint before the command")
	start, ok := a.started(f, func(x answer) bool { return x.scsi(opcode) })
	waited := false
	if ok {
		waited = a.scsiStart(f, start)
	}
	ran := false
	for _, x := range slices.Concat(a.steps[record.StepStart], a.steps[record.StepPoll], a.steps[record.StepAfter]) {
		_, code, ok := sense(x.data)
		switch {
		case !ok || x.scsi(0x12):
		case code == running:
			ran = true
		case code == failed, code == senseCorrupt:
			f.fail(a, "the drive says that it failed (%02X/%02X)", code>>8, code&0xff)
			return
		}
	}
	f.need(a, ran || waited, "the drive was never seen at work: it may have ignored the command")
	end, ok := last(a.steps[record.StepAfter], isSense)
	key, code, whole = sense(end.data)
	f.need(a, ok && end.ok && whole && key == 0 && code == 0, "the drive was not without complaint afterwards (%X/%02X/%02X)", key, code>>8, code&0xff)
	tur, ok := last(a.steps[record.StepAfter], func(x answer) bool { return x.scsi(0x00) })
	f.need(a, ok && tur.ok, "the drive was not ready afterwards")
	how := "seen at work"
	if !ran {
		how = "the drive answered when it was done"
	}
	f.tell(a, "accepted, %s, and afterwards the drive is ready and without complaint", how)
}

// scsiStart holds the command block against the act and reports whether the drive was
// to answer only when it was done (IMMED of 0).
func (a *actSeen) scsiStart(f *findings, start answer) (waited bool) {
	if a.act == record.SCSIFormatUnit {
		f.need(a, start.cdb[4]&3 == 0, "a fast format was given: it leaves the data")
		fmtdata := start.cdb[1]&0x10 != 0
		f.need(a, fmtdata == (len(start.sent) > 0) && (!fmtdata || len(start.sent) >= 4), "the parameters of the format are not on record")
		return !fmtdata || len(start.sent) >= 4 && start.sent[1]&2 == 0
	}
	f.need(a, start.cdb[1]&0x1f == scsiSanitizes[a.act], "another service action was given")
	if a.act == record.SCSISanitizeOverwrite {
		f.need(a, len(start.sent) >= 4 && start.sent[0]&0x1f != 0, "the number of passes was left to the drive, or is not on record")
	}
	return start.cdb[1]&0x80 == 0
}
