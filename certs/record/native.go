package record

import "strings"

// Act is one irreversible command of the drive's own, in a fixed spelling. What it
// earns is its technique's, by the profile.
type Act string

// The acts, by the standard that defines the command.
const (
	ATASanitizeCrypto    Act = "ata-sanitize-crypto"    // SANITIZE DEVICE, CRYPTO SCRAMBLE EXT
	ATASanitizeBlock     Act = "ata-sanitize-block"     // SANITIZE DEVICE, BLOCK ERASE EXT
	ATASanitizeOverwrite Act = "ata-sanitize-overwrite" // SANITIZE DEVICE, OVERWRITE EXT
	ATASecurityEnhanced  Act = "ata-security-enhanced"  // SECURITY ERASE UNIT, enhanced mode
	ATASecurityNormal    Act = "ata-security-normal"    // SECURITY ERASE UNIT, normal mode

	SCSISanitizeCrypto    Act = "scsi-sanitize-crypto"    // SANITIZE, CRYPTOGRAPHIC ERASE
	SCSISanitizeBlock     Act = "scsi-sanitize-block"     // SANITIZE, BLOCK ERASE
	SCSISanitizeOverwrite Act = "scsi-sanitize-overwrite" // SANITIZE, OVERWRITE
	SCSIFormatUnit        Act = "scsi-format-unit"        // FORMAT UNIT

	NVMeSanitizeCrypto    Act = "nvme-sanitize-crypto"    // Sanitize, crypto erase
	NVMeSanitizeBlock     Act = "nvme-sanitize-block"     // Sanitize, block erase
	NVMeSanitizeOverwrite Act = "nvme-sanitize-overwrite" // Sanitize, overwrite
	NVMeFormatCrypto      Act = "nvme-format-crypto"      // Format NVM, SES 2
	NVMeFormatUser        Act = "nvme-format-user"        // Format NVM, SES 1
)

var techniqueOf = map[Act]Technique{
	ATASanitizeCrypto: CryptoErase, ATASanitizeBlock: BlockErase, ATASanitizeOverwrite: SanitizeOverwrite,
	ATASecurityEnhanced: SecurityEraseEnhanced, ATASecurityNormal: SecurityErase,
	SCSISanitizeCrypto: CryptoErase, SCSISanitizeBlock: BlockErase, SCSISanitizeOverwrite: SanitizeOverwrite,
	SCSIFormatUnit:     FormatUnit,
	NVMeSanitizeCrypto: CryptoErase, NVMeSanitizeBlock: BlockErase, NVMeSanitizeOverwrite: SanitizeOverwrite,
	NVMeFormatCrypto: FormatNVM, NVMeFormatUser: FormatNVM,
}

// Technique is what the act counts as, "" for a word that names no act.
func (a Act) Technique() Technique { return techniqueOf[a] }

// Crypto reports whether all that the act does is to destroy keys.
func (a Act) Crypto() bool { return a.Technique() == CryptoErase || a == NVMeFormatCrypto }

// Family is the part of the spelling before the last hyphen: acts of one family give
// the same command with another argument.
func (a Act) Family() string {
	i := strings.LastIndexByte(string(a), '-')
	return string(a)[:max(i, 0)]
}

// The steps of an act, in their order. What the drive answered in each is told as
// Exchanged lines.
const (
	StepBefore = "before" // before the canaries are written
	StepReady  = "ready"  // after they lie on the medium, directly before the command
	StepStart  = "start"  // the command itself and what it needs
	StepPoll   = "poll"   // how far it is: changes of state only
	StepAfter  = "after"  // once it has ended
)

// Exchanged is one command to the drive in the course of an act, with its raw answer.
// It is on the transcript before the next command is given.
type Exchanged struct {
	Act      Act      `json:"act"`
	Step     string   `json:"step"`
	Exchange Exchange `json:"exchange"`
}

// Planted says that canaries lie on the medium: known bytes at places that follow from
// the committed seed, written, flushed and then read back past the cache.
type Planted struct {
	Act        Act     `json:"act"`
	Places     int64   `json:"places"`  // sectors written, the first and the last one included
	Written    int64   `json:"written"` // of them acknowledged
	Present    int64   `json:"present"` // of them read back equal, after the flush
	Flushed    bool    `json:"flushed"`
	FirstError string  `json:"firstError,omitempty"`
	Bad        []Range `json:"bad,omitempty"` // sectors that could not be written or read, or differ
	Nanos      int64   `json:"nanos"`
}

// Looked says what was found at the canaries' places after the act.
type Looked struct {
	Act        Act     `json:"act"`
	Direct     bool    `json:"direct"`  // O_DIRECT
	Places     int64   `json:"places"`  // sectors read whole
	Present    int64   `json:"present"` // of them with 16 bytes or more of their canary, at its place
	Former     int64   `json:"former"`  // of them with what they held before the canaries, where that was not one byte over and over
	Zeros      int64   `json:"zeros"`   // of them all 00h
	Ones       int64   `json:"ones"`    // of them all FFh
	Found      []Range `json:"found,omitempty"`
	Unreadable []Range `json:"unreadable,omitempty"`
	FirstError string  `json:"firstError,omitempty"`
	Nanos      int64   `json:"nanos"`
}

// CryptoDeclaration is a person's word on what no drive can show. A cryptographic
// erase alone counts only with it (NIST SP 800-88r2 3.2, r1 2.6).
type CryptoDeclaration struct {
	By            string `json:"by"`            // who says so
	AlwaysOn      string `json:"alwaysOn"`      // encrypted since its first use: "yes", "no", "unknown"
	Escrow        string `json:"escrow"`        // keys kept elsewhere: "yes", "no", "unknown"
	Certification string `json:"certification"` // of the module, e.g. a FIPS 140 certificate number
}

// Holds reports whether the declaration lets a cryptographic erase count alone.
func (d *CryptoDeclaration) Holds() bool {
	return d != nil && d.By != "" && d.AlwaysOn == "yes" && d.Escrow == "no"
}

// wellFormed says what is wrong with a declaration, "" where nothing is.
func (d *CryptoDeclaration) wellFormed() string {
	word := func(s string) bool { return s == "yes" || s == "no" || s == "unknown" }
	switch {
	case d == nil:
	case d.By == "":
		return "a crypto declaration of nobody's"
	case !word(d.AlwaysOn), !word(d.Escrow):
		return "a crypto declaration that says neither yes, no nor unknown"
	}
	return ""
}

// ActDone is one of the drive's own commands as it ended.
type ActDone struct {
	Act       Act       `json:"act"`
	Technique Technique `json:"technique"`
	Status    string    `json:"status,omitempty"` // of the command: "ok" or what was returned; "" where it was not given
	Before    string    `json:"before,omitempty"` // the drive's last word on itself before the command
	After     string    `json:"after,omitempty"`  // and the last one after it had ended
	// Nanos is how long it took from before the command to the first question after it
	// had ended, or to the last line where there was none; monotonic.
	Nanos    int64         `json:"nanos"`
	Canaries *CanariesDone `json:"canaries,omitempty"`
}

// CanariesDone is what became of the canaries of one act. All count sectors.
type CanariesDone struct {
	Places  int64 `json:"places"`  // that were to bear one
	Present int64 `json:"present"` // that bore one before the command
	Looked  int64 `json:"looked"`  // read after it
	Found   int64 `json:"found"`   // of them with their canary
	Zeros   int64 `json:"zeros"`   // of them all 00h
	Ones    int64 `json:"ones"`    // of them all FFh
	// Bound is what that shows, where none was found: less than this part of the
	// addressable medium still holds what it held, in hundredths of a percent, rounded
	// up, at 99.9 % confidence. 0: every sector bore one, or nothing is shown.
	Bound int64 `json:"bound,omitempty"`
}
