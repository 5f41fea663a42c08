package server

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// body reads what the request announced, within its time. It answers itself when
// there is nothing to go on with.
func (s *server) body(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, bool) {
	n := r.ContentLength
	switch {
	case n < 0:
		s.discard(w, r, limit)
		say(w, http.StatusLengthRequired, "length is required")
		return nil, false
	case n > limit:
		s.discard(w, r, limit)
		say(w, http.StatusRequestEntityTooLarge, fmt.Sprintf("body of %d bytes, at most %d", n, limit))
		return nil, false
	}
	within := s.BodyGrace + time.Duration(n/minRate)*time.Second
	conn := http.NewResponseController(w)
	if err := conn.SetReadDeadline(time.Now().Add(within)); err != nil {
		fault(w, err)
		return nil, false
	}
	b := make([]byte, 0, min(n, 64<<10)) // grows with what comes, not with what is promised
	b, err := readAll(b, r.Body, n)
	var t net.Error
	switch {
	case errors.As(err, &t) && t.Timeout():
		say(w, http.StatusRequestTimeout, "body came too slowly")
		return nil, false
	case err != nil:
		say(w, http.StatusBadRequest, "body ended early: "+err.Error())
		return nil, false
	}
	// The check may take longer than the body had: the deadline has done its work.
	if err := conn.SetReadDeadline(time.Time{}); err != nil {
		fault(w, err)
		return nil, false
	}
	return b, true
}

// discard reads on for a while before an answer that needs no body. A server that
// answers and closes while its peer still sends resets the connection, and the
// peer may never see the answer.
func (s *server) discard(w http.ResponseWriter, r *http.Request, limit int64) {
	conn := http.NewResponseController(w)
	if conn.SetReadDeadline(time.Now().Add(s.BodyGrace)) != nil {
		return
	}
	// What goes wrong here changes nothing: the answer is no in any case.
	_, _ = io.CopyN(io.Discard, r.Body, limit+1<<16)
	_ = conn.SetReadDeadline(time.Time{})
}

func readAll(b []byte, r io.Reader, n int64) ([]byte, error) {
	for int64(len(b)) < n {
		if len(b) == cap(b) {
			b = append(b, 0)[:len(b)]
		}
		k, err := r.Read(b[len(b):min(int64(cap(b)), n)])
		b = b[:len(b)+k]
		if err != nil && int64(len(b)) < n {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return b, err
		}
	}
	return b, nil
}
