package pdf

import (
	"time"

	"lethe/certs/record"
)

// The names of the attachments, each exactly the bytes given in the input.
const (
	AttachRecord     = "record.dsse.json"
	AttachTranscript = "transcript.jsonl"
	AttachOrder      = "order.dsse.json"
	AttachSummary    = "summary.dsse.json"
	AttachLook       = "look.dsse.json"
)

// Input is what a certificate or notice is made of.
type Input struct {
	Record     record.Record
	Envelope   []byte // DSSE JSON with the record: attached, not looked into
	Transcript []byte // the transcript's lines: attached, not looked into
	Order      []byte // DSSE JSON of the order: nil where there was none
}

// SummaryInput is what a machine summary is made of.
type SummaryInput struct {
	Summary  record.Summary
	Envelope []byte // DSSE JSON with the summary
}

// LookInput is what the paper of a second look is made of.
type LookInput struct {
	Look       record.Look
	Envelope   []byte // DSSE JSON with the look
	Transcript []byte // the lines of its transcript
}

// CMSFunc makes the detached CMS signature (DER) over a SHA-256 digest.
type CMSFunc func(digest []byte) ([]byte, error)

// SignOptions are the words of the signature dictionary. Who signed is said by the
// certificate in the CMS, not by these.
type SignOptions struct {
	Name, Reason, Location string    // each may be empty, at most 200 bytes
	When                   time.Time // claimed time of signing, whole seconds are kept
}

// Document is a file as Read understands it.
type Document struct {
	Layout      string            // the layout that drew it, LayoutV1
	Text        []string          // the strings drawn on the pages, in the order drawn
	Pages       int               // number of pages
	Attachments map[string][]byte // by name
	Info        map[string]string // Title, Creator, Producer, CreationDate, ModDate
	Signature   *Signature        // nil where the file is not signed
}

// Signature is the signature of a file. Read has already checked that ByteRange is
// the whole file but /Contents, that the hexadecimal is canonical (lower case), and
// that everything after the CMS in the reserve is zero.
type Signature struct {
	ByteRange     [4]int64 // offset, length, offset, length
	ContentsStart int64    // offset of the "<" of /Contents
	ContentsEnd   int64    // offset after its ">"
	Contents      []byte   // the whole reserve, decoded: CMS and padding
	CMS           []byte   // the DER value at the head of Contents
	Digest        []byte   // SHA-256 of the bytes ByteRange covers
	SubFilter     string   // ETSI.CAdES.detached
	Name          string
	Reason        string
	Location      string
	When          time.Time
}
