// Package server is the depot's door: papers and intents in, receipts out, and a
// plain page for people. It decides nothing about a paper; the archive does.
//
//	PUT  /v1/papers/{sha256}           a PDF        → its signed receipt
//	GET  /v1/papers                    → JSON list, in order of arrival
//	GET  /v1/papers/{sha256}           → the PDF
//	GET  /v1/papers/{sha256}/receipt   → its signed receipt
//	POST /v1/intents                   canonical JSON → its signed receipt
//	GET  /healthz                      → "ok"
//	GET  /                             → the page
//
// An answer that is no success is one line of text: 400 the body is not what was
// announced, 409 another paper of the same record is kept, 411 and 413 no or too
// great a length, 422 what does not check and why, 503 too busy, 507 disk full.
package server

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"lethe/certs/bundle"
	"lethe/certs/record"
	"lethe/cmd/lethe-depot/internal/archive"
)

// Config is what a server works with.
type Config struct {
	Archive   *archive.Archive
	Name      string        // the depot's, on the page
	MaxPDF    int64         // bytes; 0 means bundle.MaxPDF
	Uploads   int           // bodies held at one time; 0 means 16
	SlotWait  time.Duration // how long an upload may wait for its turn; 0 means 10 s
	BodyGrace time.Duration // given to a body beside its length at minRate; 0 means 20 s
	Access    func(Access)  // called after each request; may be nil
}

type server struct {
	Config
	slots chan struct{}
}

// minRate is the slowest upload that is waited for, in bytes a second.
const minRate = 32 << 10

// New makes the handler.
func New(c Config) http.Handler {
	if c.MaxPDF == 0 {
		c.MaxPDF = bundle.MaxPDF
	}
	if c.Uploads == 0 {
		c.Uploads = 16
	}
	if c.SlotWait == 0 {
		c.SlotWait = 10 * time.Second
	}
	if c.BodyGrace == 0 {
		c.BodyGrace = 20 * time.Second
	}
	if c.Access == nil {
		c.Access = func(Access) {}
	}
	s := &server{Config: c, slots: make(chan struct{}, c.Uploads)}
	m := http.NewServeMux()
	m.HandleFunc("PUT /v1/papers/{digest}", s.putPaper)
	m.HandleFunc("GET /v1/papers", s.listPapers)
	m.HandleFunc("GET /v1/papers/{digest}", s.getPaper)
	m.HandleFunc("GET /v1/papers/{digest}/receipt", s.getReceipt)
	m.HandleFunc("POST /v1/intents", s.postIntent)
	m.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { say(w, http.StatusOK, "ok") })
	m.HandleFunc("GET /style.css", style)
	m.HandleFunc("GET /{$}", s.page)
	return s.watched(m)
}

func (s *server) putPaper(w http.ResponseWriter, r *http.Request) {
	digest := r.PathValue("digest")
	if !bundle.ValidDigest(digest) {
		s.discard(w, r, s.MaxPDF)
		say(w, http.StatusBadRequest, "address is not a lower-case SHA-256")
		return
	}
	free, ok := s.slot(w, r)
	if !ok {
		return
	}
	defer free()
	body, ok := s.body(w, r, s.MaxPDF)
	if !ok {
		return
	}
	if got := record.Digest(body); got != digest {
		say(w, http.StatusBadRequest, "body has SHA-256 "+got+", not that of the address")
		return
	}
	receipt, fresh, err := s.Archive.Put(body)
	s.answer(w, receipt, fresh, err)
}

func (s *server) postIntent(w http.ResponseWriter, r *http.Request) {
	free, ok := s.slot(w, r)
	if !ok {
		return
	}
	defer free()
	body, ok := s.body(w, r, bundle.MaxIntent)
	if !ok {
		return
	}
	receipt, fresh, err := s.Archive.PutIntent(body)
	s.answer(w, receipt, fresh, err)
}

// slot waits for a turn, so that memory and checks stay bounded.
func (s *server) slot(w http.ResponseWriter, r *http.Request) (free func(), ok bool) {
	ctx, cancel := context.WithTimeout(r.Context(), s.SlotWait)
	defer cancel()
	select {
	case s.slots <- struct{}{}:
		return func() { <-s.slots }, true
	case <-ctx.Done():
		w.Header().Set("Retry-After", "2")
		say(w, http.StatusServiceUnavailable, "too many uploads at this moment")
		return nil, false
	}
}

func (s *server) listPapers(w http.ResponseWriter, _ *http.Request) {
	all := s.Archive.List()
	if all == nil {
		all = []archive.Entry{}
	}
	b, err := json.Marshal(all)
	if err != nil {
		fault(w, err)
		return
	}
	send(w, http.StatusOK, "application/json", b)
}

func (s *server) getPaper(w http.ResponseWriter, r *http.Request) {
	pdf, e, err := s.Archive.Paper(r.PathValue("digest"))
	if err != nil {
		missing(w, err)
		return
	}
	// The id was checked to be a safe file name when the paper came in.
	w.Header().Set("Content-Disposition", fmt.Sprintf("inline; filename=%q", e.ID+".pdf"))
	send(w, http.StatusOK, "application/pdf", pdf)
}

func (s *server) getReceipt(w http.ResponseWriter, r *http.Request) {
	b, err := s.Archive.Receipt(r.PathValue("digest"))
	if err != nil {
		missing(w, err)
		return
	}
	send(w, http.StatusOK, "application/json", b)
}
