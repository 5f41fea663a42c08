package record

// TranscriptFormat names the line format this package writes and reads.
const TranscriptFormat = "lethe.transcript/v1"

// Event is one observation. Exactly one member is set.
type Event struct {
	Task       *Task       `json:"task,omitempty"`
	Looking    *Looking    `json:"looking,omitempty"`
	Opened     *Opened     `json:"opened,omitempty"`
	SeedCommit *SeedCommit `json:"seedCommit,omitempty"`
	Intent     *Intent     `json:"intent,omitempty"`
	Commit     *Commit     `json:"commit,omitempty"`
	PassBegin  *PassBegin  `json:"passBegin,omitempty"`
	Stretch    *Stretch    `json:"stretch,omitempty"`
	Kept       *ReadBack   `json:"kept,omitempty"`
	PassEnd    *PassEnd    `json:"passEnd,omitempty"`
	CheckBegin *CheckBegin `json:"checkBegin,omitempty"`
	CheckEnd   *CheckEnd   `json:"checkEnd,omitempty"`
	Reveal     *Reveal     `json:"reveal,omitempty"`
	SeedReveal *SeedReveal `json:"seedReveal,omitempty"`
	Exchanged  *Exchanged  `json:"exchanged,omitempty"`
	Planted    *Planted    `json:"planted,omitempty"`
	Looked     *Looked     `json:"looked,omitempty"`
	Closing    *Opened     `json:"closing,omitempty"`
	Resumed    *Resumed    `json:"resumed,omitempty"`
	Rechecked  *ReadBack   `json:"rechecked,omitempty"`
	Stalled    *Stalled    `json:"stalled,omitempty"`
	Paused     *Paused     `json:"paused,omitempty"`
	Stopped    *Stopped    `json:"stopped,omitempty"`
	Ended      *Ended      `json:"ended,omitempty"`
}

// Task is the first line of every transcript: what was asked, of which drive.
type Task struct {
	Format   string     `json:"format"` // TranscriptFormat
	ID       string     `json:"id"`
	Device   Device     `json:"device"` // as discovered, before anything was done
	Profile  ProfileRef `json:"profile"`
	Asked    Method     `json:"asked"`              // least method: below it the task fails
	StepDown bool       `json:"stepDown,omitempty"` // whether a weaker technique may be tried
	Ladder   []Rung     `json:"ladder"`
	Passes   []Pass     `json:"passes"`
	Check    string     `json:"check"` // verification: CheckFull, CheckSampled, CheckPercentage or CheckCanaries
	// Acts are the drive's own commands that are to be given, in their order; none for
	// an overwrite.
	Acts      []Act              `json:"acts,omitempty"`
	Canaries  int64              `json:"canaries,omitempty"` // places planned, the first and the last sector not counted
	Crypto    *CryptoDeclaration `json:"crypto,omitempty"`
	Order     *OrderRef          `json:"order,omitempty"`
	Confirmed string             `json:"confirmed,omitempty"` // the serial a person typed, where no order was given
	Audit     Audit              `json:"audit"`
	Plan      Hex                `json:"plan"`           // digest of the whole plan
	Boot      string             `json:"boot,omitempty"` // kernel boot identifier: mono is comparable within one boot only
}

// ProfileRef names a profile and pins its content.
type ProfileRef struct {
	ID     string `json:"id"`
	Title  string `json:"title"`
	Digest Hex    `json:"digest"`
}

// Rung is one step of the ladder: a technique and why it was or was not taken.
type Rung struct {
	Technique Technique `json:"technique"`
	Method    Method    `json:"method"` // what it would earn on this medium under the profile
	Chosen    bool      `json:"chosen,omitempty"`
	Reason    string    `json:"reason"`
}

// The patterns of a pass.
const (
	PatternZero   = "zero"
	PatternByte   = "byte"
	PatternStream = "aes-128-ctr"
)

// Pass is one traversal that writes.
type Pass struct {
	Pattern string `json:"pattern"`
	Byte    int64  `json:"byte,omitempty"` // the value for PatternByte, 0 to 255
}

// Audit says where intent was acknowledged before the act (law 8).
type Audit struct {
	Kind    string `json:"kind"` // AuditVolatile, AuditDepot, AuditStick
	Name    string `json:"name,omitempty"`
	Receipt Hex    `json:"receipt,omitempty"` // digest of the receipt, where there is one
}

// Where intent may be acknowledged.
const (
	AuditVolatile = "volatile"
	AuditDepot    = "depot"
	AuditStick    = "stick"
)

// Opened is the state of the drive read on the exclusive handle: directly before
// the act (as "opened") and after it (as "closing").
type Opened struct {
	Exclusive     bool       `json:"exclusive"`
	Direct        bool       `json:"direct"` // O_DIRECT
	Identity      Identity   `json:"identity"`
	Size          Size       `json:"size"`
	LogicalSector int64      `json:"logicalSector"`
	Evidence      []Exchange `json:"evidence,omitempty"`
}

// Exchange is one command to the drive and its raw answer.
type Exchange struct {
	Name     string `json:"name"`               // e.g. "ATA IDENTIFY DEVICE"
	Request  string `json:"request,omitempty"`  // hex of the command block
	Response string `json:"response,omitempty"` // base64 of the raw response
	Sent     string `json:"sent,omitempty"`     // base64 of the data sent with it
	Status   string `json:"status"`             // "ok" or what was returned
}

// SeedCommit fixes which places a sampled verification will read before anything is
// written: Commitment is the hex SHA-256 of the seed.
type SeedCommit struct {
	Commitment Hex `json:"commitment"`
}

// Intent is written, and acknowledged, directly before the first irreversible act.
type Intent struct {
	Technique Technique `json:"technique"`
	Range     Range     `json:"range"`
}

// Commit fixes the key of an overwrite stream before a byte of it is written:
// Commitment is the hex SHA-256 of key followed by IV.
type Commit struct {
	Pass       int64  `json:"pass"` // 1-based
	Cipher     string `json:"cipher"`
	Commitment Hex    `json:"commitment"`
	// Stored says that the supervisor keeps the key beside the journal, until the task
	// has its paper, so that another can resume it.
	Stored bool `json:"stored,omitempty"`
}

// PassBegin opens pass number Pass of Of.
type PassBegin struct {
	Pass  int64 `json:"pass"` // 1-based
	Of    int64 `json:"of"`
	What  Pass  `json:"what"`
	Range Range `json:"range"`
}

// Stretch says that another stretch of the medium was written or read.
type Stretch struct {
	Pass  int64 `json:"pass"`
	Check bool  `json:"check,omitempty"` // read back rather than written
	Range Range `json:"range"`
}

// ReadBack is a small part of the medium read again past the cache and compared with
// what was written.
//
// As "kept" it comes during a pass: every byte from the pass's first one to Range.End
// had been acknowledged, a flush issued afterwards was acknowledged too, and then
// Range, the last of it, was read back. As "rechecked" it comes after "resumed".
type ReadBack struct {
	Pass   int64  `json:"pass"`
	Range  Range  `json:"range"`
	Differ Size   `json:"differ,omitempty"` // bytes in sectors that differ
	Error  string `json:"error,omitempty"`  // why not all of it could be read
}

// Equal reports whether all of it was read and is what was written.
func (r *ReadBack) Equal() bool { return r.Differ == 0 && r.Error == "" }

// Resumed is the supervisor's word that a task goes on which was cut short: in pass
// Pass from byte From, which is the drive's size where only the read-back is left.
type Resumed struct {
	Pass   int64  `json:"pass"`
	From   Size   `json:"from"`
	Boot   string `json:"boot,omitempty"` // kernel boot identifier: mono is comparable within one boot only
	Reason string `json:"reason"`         // ResumeRestart, ResumeWorker
	Detail string `json:"detail,omitempty"`
	Audit  Audit  `json:"audit"` // where the intent to go on was acknowledged
}

// Why a task had to be resumed.
const (
	ResumeRestart = "restart" // its supervisor ended: a kill, a crash, a loss of power
	ResumeWorker  = "worker"  // its worker ended without a word
)

// PassEnd closes a pass with what the kernel and the drive acknowledged.
type PassEnd struct {
	Pass       int64   `json:"pass"`
	Written    Size    `json:"written"` // bytes acknowledged
	Failed     []Range `json:"failed,omitempty"`
	FirstError string  `json:"firstError,omitempty"`
	Flushed    bool    `json:"flushed"` // flush after the last write succeeded
	FlushError string  `json:"flushError,omitempty"`
	Stopped    string  `json:"stopped,omitempty"` // why it ended early
	Nanos      int64   `json:"nanos"`             // monotonic
}

// CheckBegin opens the read-back of pass Pass.
type CheckBegin struct {
	Pass   int64  `json:"pass"`
	Method string `json:"method"`
	Direct bool   `json:"direct"` // O_DIRECT: the page cache is not asked
	// Places is how many drawn places a sample has, 0 where every byte is read.
	Places int64 `json:"places,omitempty"`
}

// CheckEnd closes the read-back.
type CheckEnd struct {
	Pass          int64   `json:"pass"`
	Compared      Size    `json:"compared"`
	Places        int64   `json:"places,omitempty"` // drawn places read and compared whole
	Mismatches    []Range `json:"mismatches,omitempty"`
	MismatchBytes Size    `json:"mismatchBytes,omitempty"` // beyond the ranges listed too
	Unreadable    []Range `json:"unreadable,omitempty"`
	FirstError    string  `json:"firstError,omitempty"`
	Stopped       string  `json:"stopped,omitempty"`
	Nanos         int64   `json:"nanos"`
}

// Reveal publishes the key of a stream after its read-back, so that anyone can
// check the drive with openssl and cmp.
type Reveal struct {
	Pass int64 `json:"pass"`
	Key  Hex   `json:"key"`
	IV   Hex   `json:"iv"`
}

// SeedReveal publishes the seed of a sample after its read-back, so that anyone can
// derive again which places were read.
type SeedReveal struct {
	Seed Hex `json:"seed"`
}

// Stalled is the supervisor's word that the drive gives no sign of life: of nothing
// that was asked of it has an answer come. With Over it went on after all.
type Stalled struct {
	Nanos int64 `json:"nanos"` // how long, monotonic
	Over  bool  `json:"over,omitempty"`
}

// Paused says that the drive was as hot as it may be by its own word, and nothing was
// asked of it until it had cooled. With Over it went on.
type Paused struct {
	Celsius int64  `json:"celsius"`
	Limit   int64  `json:"limit"`           // at which it rests, in degrees Celsius
	Source  string `json:"source"`          // the command that told
	Nanos   int64  `json:"nanos,omitempty"` // how long it rested, monotonic; with Over
	Over    bool   `json:"over,omitempty"`
}

// Stopped says that the task ended early, and who says so.
type Stopped struct {
	By     string `json:"by"`     // "worker" or "supervisor"
	Reason string `json:"reason"` // StopSignal, StopError, StopLost, StopStuck, StopGone, StopAbort, StopRefused
	Detail string `json:"detail,omitempty"`
}

// Why a task ended early.
const (
	StopSignal  = "signal"  // a person or the system asked
	StopError   = "error"   // the drive or the kernel refused to go on
	StopLost    = "lost"    // the worker ended without a word
	StopStuck   = "stuck"   // the drive gave no sign of life and was given up
	StopGone    = "gone"    // the drive was pulled, or its adapter was
	StopAbort   = "abort"   // a person ended this task, and no other
	StopRefused = "refused" // a guard refused before anything was done
)

// Ended is the last line of a task that ran through.
type Ended struct{}

// Kind is the name of the member that is set, "" unless exactly one is.
func (e Event) Kind() string {
	kind, n := "", 0
	for _, m := range []struct {
		name string
		set  bool
	}{
		{"task", e.Task != nil}, {"looking", e.Looking != nil}, {"opened", e.Opened != nil},
		{"seedCommit", e.SeedCommit != nil}, {"intent", e.Intent != nil},
		{"commit", e.Commit != nil}, {"passBegin", e.PassBegin != nil}, {"stretch", e.Stretch != nil},
		{"kept", e.Kept != nil}, {"passEnd", e.PassEnd != nil}, {"checkBegin", e.CheckBegin != nil}, {"checkEnd", e.CheckEnd != nil},
		{"reveal", e.Reveal != nil}, {"seedReveal", e.SeedReveal != nil},
		{"exchanged", e.Exchanged != nil}, {"planted", e.Planted != nil}, {"looked", e.Looked != nil}, {"closing", e.Closing != nil}, {"resumed", e.Resumed != nil}, {"rechecked", e.Rechecked != nil}, {"stalled", e.Stalled != nil}, {"paused", e.Paused != nil},
		{"stopped", e.Stopped != nil}, {"ended", e.Ended != nil},
	} {
		if m.set {
			kind, n = m.name, n+1
		}
	}
	if n != 1 {
		return ""
	}
	return kind
}
