package server

import (
	"fmt"
	"net/http"
	"time"
)

// Access is one request, for the log.
type Access struct {
	Remote string // address and port
	Method string
	Path   string
	Status int
	In     int64 // bytes of the body as announced, -1 when not
	Out    int64 // bytes of the answer's body
	Took   time.Duration
	Reason string // why not, for what was not a success
}

// observed notes what becomes of a request.
type observed struct {
	http.ResponseWriter
	access Access
}

// Unwrap lets http.ResponseController reach the connection.
func (o *observed) Unwrap() http.ResponseWriter { return o.ResponseWriter }

// WriteHeader notes the status.
func (o *observed) WriteHeader(status int) {
	if o.access.Status == 0 {
		o.access.Status = status
	}
	o.ResponseWriter.WriteHeader(status)
}

// Write counts the bytes.
func (o *observed) Write(b []byte) (int, error) {
	n, err := o.ResponseWriter.Write(b)
	o.access.Out += int64(n)
	return n, err
}

// watched logs every request, and answers one that panics: a hostile file that
// breaks the check must not break the log too.
func (s *server) watched(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		o := &observed{ResponseWriter: w, access: Access{Remote: r.RemoteAddr, Method: r.Method,
			Path: r.URL.Path, In: r.ContentLength}}
		defer func() {
			if p := recover(); p != nil {
				if o.access.Status == 0 {
					fault(o, fmt.Errorf("panic: %v", p))
				}
				o.access.Reason = fmt.Sprintf("panic: %v", p)
			}
			o.access.Took = time.Since(began)
			s.Access(o.access)
		}()
		// send sets a new one; what an earlier answer left would cut this one short.
		if err := http.NewResponseController(w).SetWriteDeadline(time.Time{}); err != nil {
			fault(o, err)
			return
		}
		next.ServeHTTP(o, r)
	})
}
