package simata

import "time"

// State is what a drive keeps without power, with what was plugged in.
type State struct {
	Made   Config
	Faults Faults

	// Accessible is the number of sectors a host can address by a lasting SET MAX or SET
	// ACCESSIBLE MAX; 0 is all that are configured.
	Accessible    uint64
	Configured    uint64 // sectors left by the device configuration overlay
	HidesSecurity bool   // the overlay masks the Security feature set

	Password []byte // nil: security is not enabled
	Sanitize Sanitize
	Erase    *Run // SECURITY ERASE UNIT under way

	Reallocated map[uint64]uint64 // address to spare sector
	SpareUsed   uint64
	NewIdentity bool
	Gone        bool
	Fired       map[string]bool // faults that happen once
	Erases      int             // started, ever
	PowerCycles int

	Volatile Volatile
}

// Volatile is what a power cycle takes. It is part of the state all the same, for a reset
// does not.
type Volatile struct {
	Locked           bool
	Frozen           bool // SECURITY FREEZE LOCK
	Wrong            int  // passwords tried and found wrong
	SanitizeFrozen   bool
	AntiFreeze       bool
	Accessible       uint64 // by a volatile SET MAX; 0: none
	MaxSet           bool   // a lasting one was taken
	ConfigFrozen     bool
	AccessibleFrozen bool
	Last             byte // ATA opcode of the command before
	LastFeature      byte
	Attention        bool // power on or reset has yet to be reported
	Lost             int  // registers withheld by LoseRegisters
	Garbage          uint64
}

// Phases of SANITIZE DEVICE (ACS-3: SD0, SD2, SD3, SD4). Frozen is apart.
const (
	Idle    = "idle"
	Running = "running"
	Failed  = "failed"
	Done    = "done"
)

// Sanitize is the state of the feature set.
type Sanitize struct {
	Phase     string
	Clearable bool // FAILURE MODE of the last run
	Run       Run  // while Running
}

// Run is an erase under way.
type Run struct {
	Kind    string // crypto, block, overwrite, enhanced, normal
	Pattern uint32
	Passes  int
	Invert  bool
	Limit   uint64        // accessible sectors when it began
	Needs   time.Duration // of work
	Spent   time.Duration
	Wiped   uint64 // physical sectors dealt with
	since   time.Time
}

func (r *Run) percent() int { return int(r.Spent * 100 / r.Needs) }

// progress of 65536.
func (r *Run) progress() uint16 { return uint16(min(r.Spent*65536/r.Needs, 65535)) }
