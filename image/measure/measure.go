// Package measure predicts what a TPM's registers hold after a machine has booted
// a unified kernel image, so that a verifier knows what to expect
// (TCG PC Client Platform Firmware Profile 1.05, §3.3.4; systemd-stub(7), 252).
//
// A register starts at zero and is extended: new = SHA-256(old || digest). Only
// what is a function of the image alone can be predicted; the comment of each
// prediction says under which condition it holds.
package measure

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"unicode/utf16"

	"lethe/image/pecoff"
)

// Event is one measurement, in the order in which it is extended.
type Event struct {
	What   string `json:"what"`
	SHA256 string `json:"sha256"` // what is extended
}

// PCR is the predicted content of one register in the SHA-256 bank.
type PCR struct {
	Index  int     `json:"pcr"`
	SHA256 string  `json:"sha256"`
	Holds  string  `json:"holds"` // under which conditions
	Events []Event `json:"events"`
}

// The text that firmware measures when it starts a boot option.
const callingApp = "Calling EFI Application from Boot Option"

// Conditions of the predictions.
const (
	holds4 = "firmware that measures, in this order: the boot attempt, the separator, the image it starts, the kernel that the stub " +
		"starts; no other boot option was tried before"
	holds9 = "Debian's Linux 6.1, started by the stub of systemd 252, Secure Boot or no load options, no credentials or extensions beside the image"
	hold11 = "systemd-stub 252; whatever firmware, whatever boot option"
)

// UKI predicts for an image of package uki, as it is delivered, signed or not.
func UKI(image []byte) ([]PCR, error) {
	m, err := pecoff.Parse(image)
	if err != nil {
		return nil, fmt.Errorf("predict PCRs: %w", err)
	}
	linux, initrd := m.Content(".linux"), m.Content(".initrd")
	k, err := pecoff.Parse(linux)
	if err != nil {
		return nil, fmt.Errorf("predict PCRs: kernel: %w", err)
	}
	four := register{index: 4, holds: holds4}
	four.data("EV_EFI_ACTION "+callingApp, []byte(callingApp))
	four.data("EV_SEPARATOR", make([]byte, 4))
	four.add("EV_EFI_BOOT_SERVICES_APPLICATION unified kernel image, Authenticode", m.Digest())
	four.add("EV_EFI_BOOT_SERVICES_APPLICATION kernel in .linux, Authenticode", k.Digest())

	// The kernel measures the command line as the stub hands it over, in UTF-16
	// with what ends it, and then the initramfs.
	nine := register{index: 9, holds: holds9}
	nine.data("EV_EVENT_TAG load options", utf16z(m.Content(".cmdline")))
	nine.data("EV_EVENT_TAG Linux initrd", initrd)

	eleven := register{index: 11, holds: hold11}
	for _, name := range measured {
		if b := m.Content(name); b != nil {
			eleven.data("EV_IPL "+name+" (name)", []byte(name+"\x00"))
			eleven.data("EV_IPL "+name, b)
		}
	}
	return []PCR{four.pcr(), nine.pcr(), eleven.pcr()}, nil
}

// measured are the sections that the stub of systemd 252 measures, in its order;
// .uname is not among them.
var measured = []string{".linux", ".osrel", ".cmdline", ".initrd", ".splash", ".dtb", ".pcrpkey"}

// CheckStub is an error where the stub is not the one whose measurements are known.
func CheckStub(stub []byte) error {
	m, err := pecoff.Parse(stub)
	if err != nil {
		return err
	}
	const known = "#### LoaderInfo: systemd-stub 252"
	if s := string(m.Content(".sdmagic")); len(s) < len(known) || s[:len(known)] != known {
		return fmt.Errorf("the EFI stub is %q, not systemd's 252: its measurements are not known", s)
	}
	return nil
}

func utf16z(b []byte) []byte {
	var out []byte
	for _, u := range utf16.Encode([]rune(string(b) + "\x00")) {
		out = binary.LittleEndian.AppendUint16(out, u)
	}
	return out
}

type register struct {
	index  int
	holds  string
	value  [32]byte
	events []Event
}

func (r *register) data(what string, b []byte) { r.add(what, sha256.Sum256(b)) }

func (r *register) add(what string, digest [32]byte) {
	r.value = sha256.Sum256(append(r.value[:], digest[:]...))
	r.events = append(r.events, Event{what, hex.EncodeToString(digest[:])})
}

func (r *register) pcr() PCR {
	return PCR{r.index, hex.EncodeToString(r.value[:]), r.holds, r.events}
}
