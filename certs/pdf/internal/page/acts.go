package page

import (
	"fmt"
	"strings"

	"lethe/certs/record"
)

// commands are the drive's own in the words of the standards that define them.
var commands = map[record.Act]string{
	record.ATASanitizeCrypto:    "ATA SANITIZE DEVICE, CRYPTO SCRAMBLE EXT",
	record.ATASanitizeBlock:     "ATA SANITIZE DEVICE, BLOCK ERASE EXT",
	record.ATASanitizeOverwrite: "ATA SANITIZE DEVICE, OVERWRITE EXT",
	record.ATASecurityEnhanced:  "ATA SECURITY ERASE UNIT, enhanced mode",
	record.ATASecurityNormal:    "ATA SECURITY ERASE UNIT, normal mode",

	record.SCSISanitizeCrypto:    "SCSI SANITIZE, CRYPTOGRAPHIC ERASE",
	record.SCSISanitizeBlock:     "SCSI SANITIZE, BLOCK ERASE",
	record.SCSISanitizeOverwrite: "SCSI SANITIZE, OVERWRITE",
	record.SCSIFormatUnit:        "SCSI FORMAT UNIT",

	record.NVMeSanitizeCrypto:    "NVMe Sanitize, crypto erase",
	record.NVMeSanitizeBlock:     "NVMe Sanitize, block erase",
	record.NVMeSanitizeOverwrite: "NVMe Sanitize, overwrite",
	record.NVMeFormatCrypto:      "NVMe Format NVM, cryptographic erase (SES 2)",
	record.NVMeFormatUser:        "NVMe Format NVM, user data erase (SES 1)",
}

func command(a record.Act) string {
	if w, ok := commands[a]; ok {
		return w
	}
	return Printable(string(a))
}

// maxActs bounds the commands on the page; a task has one or two.
const maxActs = 4

// acts are the drive's own commands, with its word before and after.
func acts(s *setter, all []record.ActDone) {
	for i, a := range all {
		if i == maxActs {
			s.row("", body, fmt.Sprintf("and %d more commands, in the record", len(all)-maxActs))
			return
		}
		st, end := body, ", accepted, "+duration(a.Nanos)
		switch a.Status {
		case "ok":
		case "":
			st, end = heavy, ", NO ANSWER: it may have been given, or not"
		default:
			st, end = heavy, ", NOT ACCEPTED: "+Printable(a.Status)
		}
		s.row(fmt.Sprintf("Command %d of %d", i+1, len(all)), st, command(a.Act)+end)
		if a.Before != "" || a.After != "" {
			s.row("  drive before it", body, orNot(Printable(a.Before)))
			s.row("  drive after it", body, orNot(Printable(a.After)))
		} else {
			s.row("  drive's word", body, "its answer to the command alone")
		}
		places(s, a.Canaries)
	}
}

// places is what became of the canaries of one command.
func places(s *setter, c *record.CanariesDone) {
	if c == nil {
		s.row("  canaries", heavy, "none were written")
		return
	}
	st := body
	t := fmt.Sprintf("%s of %s present before, ", count(c.Present), count(c.Places))
	switch {
	case c.Looked == 0:
		st, t = heavy, t+"NOT LOOKED FOR after"
	case c.Found > 0:
		st, t = heavy, t+fmt.Sprintf("%s of %s FOUND after", count(c.Found), count(c.Looked))
	default:
		t += fmt.Sprintf("0 of %s after", count(c.Looked))
	}
	s.row("  canaries", st, t)
}

func count(n int64) string { return Commas(uint64(max(n, 0))) }

// looked is the verification by canaries: known bytes at places drawn by chance.
func looked(s *setter, v *record.Verification) {
	path := "past the page cache (O_DIRECT)"
	if !v.Direct {
		path = "through the page cache"
	}
	s.row("Verification", body, "canaries at drawn places, in the first and the last sector; looked for "+path)
	switch m := v.Sample; {
	case m == nil:
		s.row("  which shows", heavy, "nothing")
	case m.Bound > 0:
		s.row("  which shows", body, fmt.Sprintf("< %s still holds what it held, at 99.9 %%", percent(m.Bound)))
	case v.MismatchBytes > 0:
		s.row("  which shows", heavy, "what was there before is still there, in "+byteCount(v.MismatchBytes)+" at least")
	default:
		s.row("  which shows", body, fmt.Sprintf("what reads return at %s places", count(m.Places)))
	}
	if m := v.Sample; m != nil && m.Seed != "" {
		s.row("  seed of the places", code, Printable(m.Seed))
	} else {
		s.row("  seed of the places", heavy, "not revealed")
	}
	if len(v.Unreadable) > 0 {
		s.row("  unreadable", heavy, ranges(v.Unreadable))
	}
}

// declaration is a person's word on a drive's encryption.
func declaration(s *setter, d *record.CryptoDeclaration) {
	if d == nil {
		return
	}
	s.row("Declared by", body, orNot(Printable(d.By)))
	s.row("  encryption", body, fmt.Sprintf("since first use: %s; keys kept elsewhere: %s", orNot(Printable(d.AlwaysOn)), orNot(Printable(d.Escrow))))
	s.some("  module", d.Certification)
}

// shown reports that every command was accepted and has ended, and that of its canaries
// none was found: what a sentence at a glance may say.
func shown(r record.Record) bool {
	v := r.Verification
	if v == nil || v.Method != record.CheckCanaries || !v.Direct || v.MismatchBytes > 0 || len(v.Mismatches)+len(v.Unreadable) > 0 || len(r.Acts) == 0 {
		return false
	}
	for _, a := range r.Acts {
		c := a.Canaries
		if a.Status != "ok" || c == nil || c.Present < 1 || c.Found != 0 || c.Looked < c.Present {
			return false
		}
	}
	return r.Acts[len(r.Acts)-1].Technique == r.Verdict.Technique
}

// commanded says what was done to a drive by its own commands.
func commanded(r record.Record) string {
	keys := ""
	if n := len(r.Acts); n > 1 {
		keys = ", after " + technique(r.Acts[n-2].Technique)
	}
	return fmt.Sprintf("This drive was %s by its own %s%s; of %s canaries none was found.", strings.ToLower(string(r.Verdict.State)),
		strings.TrimPrefix(technique(r.Verdict.Technique), "the drive's own "), keys, count(r.Acts[len(r.Acts)-1].Canaries.Present))
}

// told leaves out of a certificate's reasons those that the rows of its commands say
// already, and of a sentence that each command has only the last. They are in the record.
func told(r record.Record) (rest []string, left int) {
	seen := map[string]bool{}
	for i := len(r.Verdict.Reasons) - 1; i >= 0; i-- {
		reason := r.Verdict.Reasons[i]
		for _, a := range r.Acts {
			s, of := strings.CutPrefix(reason, string(a.Act)+": ")
			if !of {
				continue
			}
			if seen[s] || strings.HasPrefix(s, "accepted, ") || strings.Contains(s, " canaries were written, flushed and read back before it; none was found") {
				reason = ""
				break
			}
			seen[s] = true
			break
		}
		if reason == "" {
			left++
			continue
		}
		rest = append([]string{reason}, rest...)
	}
	return rest, left
}
