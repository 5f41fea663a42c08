package record

import "encoding/json"

// Formats of the documents of this package.
const (
	RecordFormat  = "lethe.record/v1"
	SummaryFormat = "lethe.summary/v1"
)

// The kinds of a record.
const (
	KindCertificate = "certificate" // the asked method was reached
	KindNotice      = "notice"      // not sanitised: destroy, or erase again
)

// Record is everything one certificate or notice says. All but Context is
// derived from the transcript, so that a reader can derive it again.
type Record struct {
	Format       string             `json:"format"`
	ID           string             `json:"id"`
	Kind         string             `json:"kind"`
	Context      Context            `json:"context"`
	Device       Device             `json:"device"`          // before
	After        *Opened            `json:"after,omitempty"` // read on the handle afterwards
	Virtual      bool               `json:"virtual"`
	VirtualWhy   []string           `json:"virtualWhy,omitempty"`
	Asked        Method             `json:"asked"`
	StepDown     bool               `json:"stepDown"`
	Profile      ProfileRef         `json:"profile"`
	Ladder       []Rung             `json:"ladder"`
	Order        *OrderRef          `json:"order,omitempty"`
	Confirmed    string             `json:"confirmed,omitempty"`
	Audit        Audit              `json:"audit"`
	Passes       []PassDone         `json:"passes"`
	Acts         []ActDone          `json:"acts,omitempty"` // the drive's own commands
	Crypto       *CryptoDeclaration `json:"crypto,omitempty"`
	Verification *Verification      `json:"verification,omitempty"`
	Start        Time               `json:"start"`
	End          Time               `json:"end"`
	Nanos        int64              `json:"nanos"` // monotonic, from first to last line
	Verdict      Verdict            `json:"verdict"`
	Residual     []string           `json:"residual"`
	References   []Reference        `json:"references"`
	Transcript   TranscriptRef      `json:"transcript"`
}

// Context is what the issuer knows and the transcript does not.
type Context struct {
	Issued  Time    `json:"issued"`
	Labels  Labels  `json:"labels"`
	Machine Machine `json:"machine"`
	Tool    Tool    `json:"tool"`
	Clock   Clock   `json:"clock"`
}

// Tool is what did the work (NIST SP 800-88r1 §4.8: tool used, with version).
type Tool struct {
	Name        string `json:"name"`
	Version     string `json:"version"`
	Binary      Hex    `json:"binary"` // SHA-256 of the running executable
	Image       string `json:"image,omitempty"`
	ImageDigest Hex    `json:"imageDigest,omitempty"`
	Kernel      string `json:"kernel"`
}

// Clock says how far the times can be trusted.
type Clock struct {
	Source      string `json:"source"`                // "rtc" or "ntp:HOST"
	Quality     string `json:"quality"`               // "unauthenticated" or "synchronised"
	OffsetNanos int64  `json:"offsetNanos,omitempty"` // last measured offset of the machine's clock
	// SteppedNanos is by how much the machine's clock was set since the run began. The
	// times of the run go on from the clock as it stood then.
	SteppedNanos int64 `json:"steppedNanos,omitempty"`
	// What the time server that counts says of itself (RFC 5905): its stratum, and
	// the root distance, which bounds its error.
	Stratum       int64 `json:"stratum,omitempty"`
	DistanceNanos int64 `json:"distanceNanos,omitempty"`
	// Servers is how many time servers answered, Agreed how many of them agree with
	// the one that counts, itself included.
	Servers int64 `json:"servers,omitempty"`
	Agreed  int64 `json:"agreed,omitempty"`
}

// clockForm is how a Clock is spelled: a machine whose clock has lost its battery
// is decades off, which is beyond 2^53 nanoseconds.
type clockForm struct {
	Source      string  `json:"source"`
	Quality     string  `json:"quality"`
	OffsetNanos integer `json:"offsetNanos,omitempty"`

	SteppedNanos  integer `json:"steppedNanos,omitempty"`
	Stratum       int64   `json:"stratum,omitempty"`
	DistanceNanos int64   `json:"distanceNanos,omitempty"`
	Servers       int64   `json:"servers,omitempty"`
	Agreed        int64   `json:"agreed,omitempty"`
}

// MarshalJSON writes OffsetNanos as a number within ±2^53 and as a string beyond.
func (c Clock) MarshalJSON() ([]byte, error) {
	return json.Marshal(clockForm{c.Source, c.Quality, integer(c.OffsetNanos), integer(c.SteppedNanos),
		c.Stratum, c.DistanceNanos, c.Servers, c.Agreed})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (c *Clock) UnmarshalJSON(b []byte) error {
	var f clockForm
	if err := strict(b, &f); err != nil {
		return err
	}
	*c = Clock{f.Source, f.Quality, int64(f.OffsetNanos), int64(f.SteppedNanos),
		f.Stratum, f.DistanceNanos, f.Servers, f.Agreed}
	return nil
}

// PassDone is one pass as it ended.
type PassDone struct {
	Pass       int64 `json:"pass"`
	What       Pass  `json:"what"`
	Commitment Hex   `json:"commitment,omitempty"`
	Key        Hex   `json:"key,omitempty"` // revealed after the read-back
	IV         Hex   `json:"iv,omitempty"`
	// Parts are those of a pass that was resumed, each with its own key, in the order
	// of the medium and without a gap. Then the members above have no key.
	Parts   []PartDone `json:"parts,omitempty"`
	Written Size       `json:"written"`
	Failed  []Range    `json:"failed,omitempty"`
	Flushed bool       `json:"flushed"`
}

// PartDone is what one supervisor or worker wrote of a pass, as far as it counts.
type PartDone struct {
	Range      Range `json:"range"`
	Commitment Hex   `json:"commitment,omitempty"`
	Key        Hex   `json:"key,omitempty"`
	IV         Hex   `json:"iv,omitempty"`
}

// Verification is the tool's own check (NIST SP 800-88r1 §4.7, r2 §4.5.1).
type Verification struct {
	Method        string  `json:"method"`
	Pass          int64   `json:"pass"`
	Compared      Size    `json:"compared"`
	MismatchBytes Size    `json:"mismatchBytes"`
	Mismatches    []Range `json:"mismatches,omitempty"`
	Unreadable    []Range `json:"unreadable,omitempty"`
	Direct        bool    `json:"direct"`
	Sample        *Sample `json:"sample,omitempty"` // nil where every byte was to be compared
}

// Sample is which part of the medium a verification looked at.
type Sample struct {
	Commitment Hex   `json:"commitment,omitempty"` // SHA-256 of the seed, from before the erase
	Seed       Hex   `json:"seed,omitempty"`       // revealed after the read-back
	Planned    int64 `json:"planned"`              // places drawn
	Places     int64 `json:"places"`               // of them read and compared whole
	// Coverage is what was compared of the medium in hundredths of a percent, rounded
	// down.
	Coverage int64 `json:"coverage"`
	// Bound is what the places show, where none of them missed: had this part of the
	// medium differed, in hundredths of a percent, rounded up, then all of them would
	// have come out equal at most once in a thousand drawings. 0: nothing is shown.
	Bound int64 `json:"bound,omitempty"`
}

// Reference is a control the record serves.
type Reference struct {
	Standard string `json:"standard"`
	Clause   string `json:"clause"`
	Title    string `json:"title"`
}

// State is the outcome of a task.
type State string

// The states. Unknown is the zero of the scale: what is not shown is not so.
const (
	Unknown    State = "Unknown"
	Incomplete State = "Incomplete"
	Failed     State = "Failed"
	Cleared    State = "Cleared"
	Purged     State = "Purged"
)

// Verdict is what judge derives from a transcript.
type Verdict struct {
	State     State     `json:"state"`
	Method    Method    `json:"method"` // reached; "" below Cleared
	Technique Technique `json:"technique,omitempty"`
	Reached   bool      `json:"reached"` // Method is at least the asked one
	Reasons   []string  `json:"reasons"`
	Judge     string    `json:"judge"` // name and version of the rules
}

// Summary gathers the tasks of one machine and one run.
type Summary struct {
	Format  string       `json:"format"`
	ID      string       `json:"id"`
	Context Context      `json:"context"`
	Order   *OrderRef    `json:"order,omitempty"`
	Virtual bool         `json:"virtual"`
	Ordered int64        `json:"ordered"` // drives the order names
	Drives  []SummaryRow `json:"drives"`
	Refused []Refusal    `json:"refused,omitempty"` // found here, not touched, and why
	Missing []string     `json:"missing,omitempty"` // named by the order, not found here
}

// SummaryRow is one task in a summary.
type SummaryRow struct {
	Record    string    `json:"record"` // record id
	Digest    Hex       `json:"digest"` // SHA-256 of the record's canonical bytes
	Kind      string    `json:"kind"`
	Identity  Identity  `json:"identity"`
	Size      Size      `json:"size"`
	Transport string    `json:"transport"`
	State     State     `json:"state"`
	Method    Method    `json:"method"`
	Technique Technique `json:"technique,omitempty"`
}

// Refusal is a drive that was not touched.
type Refusal struct {
	Identity Identity `json:"identity"`
	Node     string   `json:"node"`
	Reasons  []string `json:"reasons"`
}
