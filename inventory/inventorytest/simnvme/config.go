package simnvme

import (
	"io"
	"time"
)

// Store is what holds the medium: one byte of it for each of the drive's.
type Store interface {
	io.ReaderAt
	io.WriterAt
}

// Clock is the time a drive lives in.
type Clock interface{ Now() time.Time }

// Namespace is a stretch of the medium. Attached names the controllers that show it.
type Namespace struct {
	ID       uint32   `json:"id"`
	Offset   int64    `json:"offset"` // bytes on the medium
	Size     int64    `json:"size"`   // bytes
	Format   byte     `json:"format"` // index of Config.Formats
	NGUID    [16]byte `json:"nguid"`
	Attached []uint16 `json:"attached"`
}

// Format is one LBA format: the power of two of its blocks, 9 or 12, and bytes of
// metadata, which are told and not kept.
type Format struct {
	Shift    byte   `json:"shift"`
	Metadata uint16 `json:"metadata"`
}

// Config is who a subsystem is and what it can do.
type Config struct {
	Model       string    `json:"model"`
	Serial      string    `json:"serial"`
	Firmware    string    `json:"firmware"`
	NQN         string    `json:"nqn"`
	Controllers []uint16  `json:"controllers"` // 1 alone when empty; more are a second port or virtual functions
	Virtual     bool      `json:"virtual"`     // all but the first are SR-IOV virtual functions
	Formats     []Format  `json:"formats"`     // 512 bytes alone when empty
	Sanicap     uint32    `json:"sanicap"`
	OACS        uint16    `json:"oacs"`
	FNA         byte      `json:"fna"`
	DLFEAT      byte      `json:"dlfeat"` // 1: deallocated blocks read 00h; 2: FFh
	RPMBS       uint32    `json:"rpmbs"`
	BPCAP       byte      `json:"bpcap"`
	Capacity    int64     `json:"capacity"` // bytes of medium; what no namespace has holds old data too
	Takes       Durations `json:"takes"`
	Estimates   bool      `json:"estimates"` // whether the log tells Takes; else FFFFFFFFh
}

// Durations are how long each sanitize takes; overwrite for one pass.
type Durations struct {
	Block     time.Duration `json:"block"`
	Crypto    time.Duration `json:"crypto"`
	Overwrite time.Duration `json:"overwrite"`
}

// Faults are what a subsystem does wrong, all at will. The zero value is honest.
// A percentage is of the work of a sanitize, 0 for never.
type Faults struct {
	Unsupported     bool   `json:"unsupported"`     // takes neither Sanitize nor Format, whatever its capabilities say
	Reject          uint16 `json:"reject"`          // status of every Sanitize and Format
	FailAt          int    `json:"failAt"`          // fails at that percentage: SSTAT 3
	StuckAt         uint16 `json:"stuckAt"`         // SPROG stays there for ever; a Format never ends
	PowerCutAt      int    `json:"powerCutAt"`      // power goes at that percentage, once
	ResetAt         int    `json:"resetAt"`         // the controller resets at that percentage, once
	VanishAt        int    `json:"vanishAt"`        // nothing is answered from that percentage on
	NothingErased   bool   `json:"nothingErased"`   // everything is said to be done and nothing is
	Survives        int    `json:"survives"`        // so many of a thousand units of 4 KiB keep their data
	Contiguous      bool   `json:"contiguous"`      // in one piece, else spread
	Stale           bool   `json:"stale"`           // ignores the command: the log tells of an earlier success
	StaleDword      uint32 `json:"staleDword"`      // by this command; 0: by the very same
	ErasedStuck     bool   `json:"erasedStuck"`     // Global Data Erased is 1 always
	ChangesIdentity bool   `json:"changesIdentity"` // another serial number once a command to erase was taken
	Garbage         bool   `json:"garbage"`         // log pages are noise
	AccessDenied    bool   `json:"accessDenied"`    // as a locked drive
	FormatOne       bool   `json:"formatOne"`       // formats one namespace only, though FNA says all
	DeallocateOnly  bool   `json:"deallocateOnly"`  // reads are zeros, the medium keeps all
	Forced          bool   `json:"forced"`          // deallocates although NDAS says not to: SSTAT 4
}
