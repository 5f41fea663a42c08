package simata

import "time"

// Config is the drive as it was made.
type Config struct {
	Model, Serial, Firmware string
	WWN                     uint64
	Sectors                 uint64 // of 512 bytes, to the native end below any overlay
	Spare                   uint64 // further sectors that no host can address
	Rotation                uint16 // word 217; 1 is a solid-state drive

	// Feature sets.
	Crypto, Block, Overwrite bool // SANITIZE DEVICE; any of them is the feature set
	AntiFreeze               bool
	Security, Enhanced       bool
	HPA, AMAX, DCO           bool
	Logs                     bool // General Purpose Logging, device statistics
	Smart                    bool
	EncryptsAll              bool
	OverridesSecurity        bool // sanitize works on a locked drive (log 30h page 06h)

	// How long an erase takes. 0 is a second.
	SanitizeTime, EraseTime, EnhancedTime time.Duration
	EraseWord, EnhancedWord               uint16 // words 89 and 90
	EnhancedFill                          byte   // what an enhanced erase writes
	NoProgress                            bool   // SANITIZE STATUS EXT leaves progress at 0

	Pending, Uncorrectable uint32 // as statistics and attributes count them

	Sense        SenseFormat // of commands that fail
	FixedSuccess bool        // of those that succeed too; libata gives a descriptor then
}

// SenseFormat is how an adapter reports that a command failed.
type SenseFormat int

// The formats. The first is that of Linux before 6.11.
const (
	FixedOld   SenseFormat = iota // ERROR and STATUS in bytes 8 and 9
	FixedNew                      // ERROR and STATUS in bytes 3 and 4, as SAT-4 has it
	Descriptor                    // ATA Status Return
)

// Faults are what a drive does wrong; any may be combined. The zero value is an honest
// drive. Places in time are percent of an erase, 1 to 99; 0 is never.
type Faults struct {
	Unsupported bool // claims no erase command and aborts them
	Rejects     bool // claims them and aborts them
	// The firmware froze them, and does at every power cycle but not at a Suspend.
	FrozenSecurity, FrozenSanitize bool
	Locked                         bool // with a password nobody knows, from the start

	FailsAt    int  // the erase fails here
	StuckAt    int  // it stays here for ever
	PowerCutAt int  // power is lost here, once, and comes back
	ResetsAt   int  // the drive is reset here, once
	VanishesAt int  // from here on it answers nothing
	Gone       bool // it answers nothing at all

	ErasesNothing bool // says that it did
	StaleSuccess  bool // ignores the command, and its status still tells of an earlier run
	SurvivePPM    int  // parts per million of the sectors that keep their data ...
	Contiguous    bool // ... in one piece; else spread
	SurviveSeed   uint64
	LeavesHidden  bool // what lies past the accessible end keeps its data
	CacheLies     bool // writes stay in a cache that FLUSH does not write and an erase drops

	ChangesIdentity  bool // another serial number from the erase on
	GarbageRegisters bool
	ZeroRegisters    bool // the adapter returns zeros for registers
	LoseRegisters    int  // it does so that many times

	HPALocked  bool // SET MAX ADDRESS is locked by a password
	DCOFrozen  bool // DEVICE CONFIGURATION commands are
	KeepsEnd   bool // SET MAX and RESTORE succeed and change nothing
	KeepsPower bool // a lasting SET MAX was taken since power-on already
}

// sanitizes is whether any sanitize is there.
func (c Config) sanitizes() bool { return c.Crypto || c.Block || c.Overwrite }
