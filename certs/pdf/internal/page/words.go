package page

import (
	"fmt"
	"strconv"
	"strings"

	"lethe/certs/record"
)

// Commas writes n with a comma after every third digit.
func Commas(n uint64) string {
	s := strconv.FormatUint(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// byteCount is a number of bytes in full.
func byteCount(n record.Size) string {
	if n == 1 {
		return "1 byte"
	}
	return Commas(uint64(n)) + " bytes"
}

// amount is a size in the decimal unit drives are sold by, rounded down.
func amount(n record.Size) string {
	units := []string{"kB", "MB", "GB", "TB", "PB", "EB"}
	v, u := uint64(n), -1
	rest := uint64(0)
	for v >= 1000 && u < len(units)-1 {
		rest, v, u = v%1000, v/1000, u+1
	}
	if u < 0 {
		return byteCount(n)
	}
	return fmt.Sprintf("%d.%02d %s", v, rest/10, units[u])
}

// plural is "1 range", "2 ranges".
func plural(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return Commas(uint64(n)) + " " + one + "s"
}

// instant is a time to the second.
func instant(t record.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04:05 UTC")
}

// duration is a count of nanoseconds as hours, minutes and seconds.
func duration(ns int64) string {
	if ns < 0 {
		return "not known"
	}
	s := ns / 1e9
	switch {
	case s >= 3600:
		return fmt.Sprintf("%d h %02d min %02d s", s/3600, s/60%60, s%60)
	case s >= 60:
		return fmt.Sprintf("%d min %02d s", s/60, s%60)
	}
	return fmt.Sprintf("%d.%02d s", s, ns%1e9/1e7)
}

// techniques in the words of the standards.
var techniques = map[record.Technique]string{
	record.Overwrite:             "overwrite",
	record.BlockErase:            "block erase",
	record.CryptoErase:           "cryptographic erase",
	record.SanitizeOverwrite:     "the drive's own sanitize overwrite",
	record.SecurityErase:         "ATA security erase",
	record.SecurityEraseEnhanced: "ATA security erase, enhanced",
	record.FormatNVM:             "NVMe format",
	record.FormatUnit:            "SCSI format unit",
	record.Revert:                "TCG revert",
}

func technique(t record.Technique) string {
	if w, ok := techniques[t]; ok {
		return w
	}
	return Printable(string(t))
}

// capital makes the first letter of an English word large.
func capital(s string) string {
	if s == "" || s[0] < 'a' || s[0] > 'z' {
		return s
	}
	return string(s[0]-'a'+'A') + s[1:]
}

// pattern names what a pass wrote.
func pattern(p record.Pass) string {
	switch p.Pattern {
	case record.PatternZero:
		return "zeros"
	case record.PatternByte:
		return fmt.Sprintf("byte %02Xh", p.Byte)
	case record.PatternStream:
		return "AES-128-CTR stream"
	}
	return Printable(p.Pattern)
}

// total adds up ranges.
func total(rs []record.Range) (n record.Size) {
	for _, r := range rs {
		n += r.Len()
	}
	return n
}

// ranges is a list of stretches of the medium, the first few of it.
func ranges(rs []record.Range) string {
	const most = 3
	if len(rs) == 0 {
		return "none"
	}
	var out []string
	for i, r := range rs {
		if i == most {
			out = append(out, fmt.Sprintf("and %d more, in the record", len(rs)-most))
			break
		}
		out = append(out, fmt.Sprintf("%d-%d", r.First, r.End))
	}
	return fmt.Sprintf("%s in %s, bytes %s", byteCount(total(rs)), plural(len(rs), "range"), strings.Join(out, ", "))
}

var media = map[record.Medium]string{
	record.MediumMagnetic: "magnetic disk",
	record.MediumFlash:    "flash (solid-state drive)",
	record.MediumCard:     "flash (card or USB stick)",
	record.MediumVirtual:  "virtual: no physical medium of its own",
	record.MediumUnknown:  "not known",
}

func medium(d record.Device) string {
	w, ok := media[d.Medium]
	if !ok {
		w = Printable(string(d.Medium))
	}
	if d.RotationRPM > 0 {
		w += fmt.Sprintf(", %s rpm", Commas(uint64(d.RotationRPM)))
	}
	if d.Removable {
		w += ", removable"
	}
	if d.Volume != "" {
		w += ", on a " + Printable(d.Volume) + " volume"
	}
	return w
}

// person is a name, a title and an organisation on one line.
func person(p record.Person) string {
	var out []string
	for _, s := range []string{p.Name, p.Title, p.Organization} {
		if s != "" {
			out = append(out, s)
		}
	}
	return strings.Join(out, ", ")
}

// list joins the first few strings of a list.
func list(all []string, most int) string {
	if len(all) > most {
		return strings.Join(all[:most], "; ") + fmt.Sprintf("; and %d more, in the record", len(all)-most)
	}
	return strings.Join(all, "; ")
}
