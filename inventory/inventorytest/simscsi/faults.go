package simscsi

// What REPORT SUPPORTED OPERATION CODES says of the commands that erase.
const (
	AnswersHonest  = ""       // 3 for what there is, 1 for the rest
	AnswersNo      = "no"     // 1, though the commands are there
	AnswersNothing = "silent" // 0: no data available, as libata says
	AnswersNone    = "none"   // there is no such command
)

// Faults are what a drive does wrong; they may be combined. The zero value is an
// honest drive. A fraction is of the erase, above 0 and up to 1; 0 is never.
type Faults struct {
	Opcodes string `json:"opcodes,omitempty"` // AnswersNo, AnswersNothing, AnswersNone
	Reject  *Sense `json:"reject,omitempty"`  // what SANITIZE and FORMAT UNIT are refused with

	FailAt   float64 `json:"failAt,omitempty"`   // the erase fails: 03/31/03, or 03/31/01 for a format
	StuckAt  float64 `json:"stuckAt,omitempty"`  // progress ends here, for ever
	CutAt    float64 `json:"cutAt,omitempty"`    // power is lost and comes back, once
	ResetAt  float64 `json:"resetAt,omitempty"`  // the drive is reset, once
	VanishAt float64 `json:"vanishAt,omitempty"` // it answers nothing any more

	Ignore  bool    `json:"ignore,omitempty"`  // GOOD at once, and nothing ever begins
	Hollow  bool    `json:"hollow,omitempty"`  // all goes as it should, but nothing is erased
	Survive float64 `json:"survive,omitempty"` // this part of the blocks keeps its data ...
	Spread  bool    `json:"spread,omitempty"`  // ... here and there rather than in one piece
	// SpareSurvives leaves what no host can address.
	SpareSurvives bool `json:"spareSurvives,omitempty"`

	NoProgress bool `json:"noProgress,omitempty"` // 02/04/1B without a progress indication
	// Quiet says NO SENSE to REQUEST SENSE while the erase runs, and after it failed;
	// TEST UNIT READY tells the truth.
	Quiet   bool `json:"quiet,omitempty"`
	Garbage bool `json:"garbage,omitempty"` // sense data is noise once an erase has begun
	Busy    int  `json:"busy,omitempty"`    // this many commands are answered BUSY after the start

	NewSerial string `json:"newSerial,omitempty"` // who the drive is once an erase has begun
	// CacheLies keeps what is written in memory that a SYNCHRONIZE CACHE does not
	// empty and a loss of power does.
	CacheLies bool `json:"cacheLies,omitempty"`
}
