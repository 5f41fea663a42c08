package server

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"lethe/certs/bundle/durable"
	"lethe/cmd/lethe-depot/internal/archive"
)

// answer gives the receipt, or the reason there is none.
func (s *server) answer(w http.ResponseWriter, receipt []byte, fresh bool, err error) {
	var no *archive.Refusal
	switch {
	case err == nil && fresh:
		send(w, http.StatusCreated, "application/json", receipt)
	case err == nil:
		send(w, http.StatusOK, "application/json", receipt)
	case errors.As(err, &no):
		say(w, http.StatusUnprocessableEntity, no.Reason)
	case errors.Is(err, archive.ErrConflict):
		say(w, http.StatusConflict, err.Error())
	case durable.Full(err):
		say(w, http.StatusInsufficientStorage, "depot is full: nothing of this was kept")
	default:
		fault(w, err)
	}
}

func missing(w http.ResponseWriter, err error) {
	if errors.Is(err, archive.ErrNotFound) {
		say(w, http.StatusNotFound, err.Error())
		return
	}
	fault(w, err)
}

// say answers with one line of text.
func say(w http.ResponseWriter, status int, line string) {
	if o, ok := w.(*observed); ok && status >= 400 {
		o.access.Reason = line
	}
	send(w, status, "text/plain; charset=utf-8", []byte(line+"\n"))
}

// fault is for what is wrong on our side: the log learns what, the client that.
func fault(w http.ResponseWriter, err error) {
	say(w, http.StatusInternalServerError, "internal error")
	if o, ok := w.(*observed); ok {
		o.access.Reason = err.Error()
	}
}

func send(w http.ResponseWriter, status int, ctype string, b []byte) {
	h := w.Header()
	h.Set("Content-Type", ctype)
	h.Set("Content-Length", strconv.Itoa(len(b)))
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	within := time.Minute + time.Duration(len(b)/minRate)*time.Second
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(within)) // watched has tried it
	w.WriteHeader(status)
	_, _ = w.Write(b) // a client that has gone is told nothing more
}
