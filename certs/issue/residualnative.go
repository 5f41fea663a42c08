package issue

import (
	"lethe/certs/record"
)

// unreached are the areas that no erase command of a drive's own clears: they are
// written by commands of theirs alone (NVMe Base Specification 2.0c 5.24, 8.2; JESD84-B51
// 6.6.22).
var unreached = map[string]bool{"boot-partition": true, "RPMB": true}

// reaches is what a technique's command need not reach, by the standard that defines it.
var reaches = map[record.Technique]string{
	record.BlockErase:            "By its standard the command covers spare, retired and reallocated blocks too; only the drive can see whether it did.",
	record.SanitizeOverwrite:     "By its standard the command covers spare and reallocated places too; only the drive can see whether it did.",
	record.CryptoErase:           "The command destroys keys, not data: what lies in every block, spare and reallocated ones too, stays there, encrypted.",
	record.SecurityErase:         "SECURITY ERASE UNIT in its normal mode need not reach sectors that the drive has reallocated, nor spare blocks: former data may remain there.",
	record.SecurityEraseEnhanced: "What SECURITY ERASE UNIT writes in its enhanced mode is the maker's choice; of flash the standard does not say that spare blocks are reached.",
	record.FormatNVM:             "Format NVM need not reach blocks that belong to no namespace, nor spare and retired ones: former data may remain there.",
	record.FormatUnit:            "FORMAT UNIT need not reach sectors that the drive has reallocated, nor spare blocks: former data may remain there.",
}

// native says what the drive's own commands do not reach, and what was seen of them
// does not show.
func (s *sentences) native(r record.Record, t *record.Transcript) {
	task := t.Lines[0].Event.Task
	technique := task.Acts[len(task.Acts)-1].Technique()
	if w := reaches[technique]; w != "" {
		s.add("%s", w)
	}
	if r.Device.Medium == record.MediumVirtual {
		s.add("The drive is virtual: copies, snapshots and blocks of the storage below it were not reached.")
	}
	if task.Acts[len(task.Acts)-1].Crypto() {
		s.declared(r.Crypto)
	}
	s.shown(r)
	s.underWay(r, task)
}

// declared says on whose word a cryptographic erase rests.
func (s *sentences) declared(d *record.CryptoDeclaration) {
	if !d.Holds() {
		s.add("Nobody declared that the drive has always encrypted and that no key is kept elsewhere: a cryptographic erase alone counts for nothing.")
		return
	}
	s.add("That the drive has encrypted since its first use and that no key is kept elsewhere is the word of %s; no drive can show it.", d.By)
}

// shown says what canaries are worth.
func (s *sentences) shown(r record.Record) {
	bad, uniform, looked := int64(0), int64(0), int64(0)
	for _, a := range r.Acts {
		if c := a.Canaries; c != nil {
			bad, uniform, looked = bad+c.Places-c.Present, uniform+c.Zeros+c.Ones, looked+c.Looked
		}
	}
	switch {
	case uniform > 0:
		s.add("Canaries disprove and raise no method: reads of %d of %d places return all 00h or FFh, as those of deallocated blocks do.", uniform, looked)
	case looked > 0:
		s.add("Canaries disprove and raise no method: they show what reads return, not what the medium holds.")
	}
	if bad > 0 {
		s.add("%d places could bear no canary, since they could not be written or not be read back: nothing was seen of them.", bad)
	}
}

// underWay warns of a drive that was left in the middle of a command. A command is on the
// transcript once it was answered: one that was cut short may have been given.
func (s *sentences) underWay(r record.Record, task *record.Task) {
	if r.Verdict.State != record.Incomplete {
		return
	}
	if n := len(r.Acts); n > 0 {
		a := r.Acts[n-1]
		planted, looked := a.Canaries != nil, a.Canaries != nil && a.Canaries.Looked > 0
		ended := a.After != "" || a.Act.Family() == "nvme-format" && a.Status != ""
		switch {
		case !planted || looked || ended:
		case a.Status == "":
			s.add("The task ended before %s was answered: whether it was given is not known. The drive may be at work by itself, also after a loss of power, and answer to nothing else until it is done.", a.Act)
		default:
			s.add("The task ended while %s was under way: the drive may go on by itself, also after a loss of power, and answer to nothing else until it is done.", a.Act)
		}
		if planted && a.After == "" && a.Act.Family() == "ata-security" {
			s.add("The drive may be locked, by the password that is set for the erase and is published.")
		}
	}
	if n := len(task.Acts) - len(r.Acts); n > 0 {
		s.add("%d of the %d commands that were planned were not given.", n, len(task.Acts))
	}
}
