//go:build boot

package demo_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"lethe/cmd/internal/demo"
	"lethe/image/boottest"
	"lethe/image/site"
)

// What goes wrong around a machine: it stays on, says what to do, and no paper is
// lost.
func TestTrouble(t *testing.T) {
	t.Run("depot-stranger-500", func(t *testing.T) { strangeDepot(t) })
	t.Run("ntp-a-year-wrong", func(t *testing.T) { wrongYear(t) })
}

// strangeDepot: the depot acknowledges the intent and from then on answers with
// errors; after it a stranger with a certificate of its own does, in its place.
// Neither gets a paper. The depot comes back: it gets them all.
func strangeDepot(t *testing.T) {
	o := options(t, image(t, "bin/lethe"), 16<<20)
	o.Drives = slow()
	o.During = func(ctx context.Context, m *demo.Running) error {
		if _, err := m.Expect(ctx, `intent acknowledged by the depot`); err != nil {
			return err
		}
		if err := m.StopDepot(); err != nil {
			return err
		}
		for _, c := range []struct {
			start func(*testing.T, *demo.Running) (*httptest.Server, error)
			want  string
		}{{failing500, `WHAT TO DO: the depot is there and in trouble[^\n]*`},
			{stranger, `try \d+: [^\n]*depot is not trusted[^\n]*next try in`}} {
			s, err := c.start(t, m)
			if err != nil {
				return err
			}
			said, err := m.Expect(ctx, c.want)
			if err == nil {
				t.Logf("%s", said[0])
				err = stays(ctx, m, 5*time.Second)
			}
			s.Close()
			if err != nil {
				return err
			}
		}
		if err := m.StartDepot(); err != nil {
			return err
		}
		return m.Wait(ctx)
	}
	if res := run(t, o); !res.Proven {
		t.Errorf("not proven: %+v", res.Drives)
	}
}

// stranger answers at the depot's address with a certificate that nobody here signed.
func stranger(t *testing.T, m *demo.Running) (*httptest.Server, error) {
	addr, _, _ := m.Depot()
	return answer(addr, nil)
}

// failing500 is the depot, with a full disk.
func failing500(t *testing.T, m *demo.Running) (*httptest.Server, error) {
	addr, cert, key := m.Depot()
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return nil, err
	}
	return answer(addr, &tls.Config{Certificates: []tls.Certificate{pair}})
}

func answer(addr string, c *tls.Config) (*httptest.Server, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, err
	}
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusInternalServerError)
		io.WriteString(w, "no space left on device")
	}))
	s.Listener.Close()
	s.Listener, s.TLS, s.Config.ErrorLog = l, c, log.New(io.Discard, "", 0)
	s.StartTLS()
	return s, nil
}

// wrongYear: one time server does not answer, the other is a year ahead. The clock
// is not set by it, papers call the times unauthenticated, and the order, which is
// for today, is carried out.
func wrongYear(t *testing.T) {
	port := aYearAhead(t)
	o := options(t, image(t, "bin/lethe"), 16<<20)
	o.Site = func(s *site.Site) {
		s.NTP, s.StepClock = []string{"10.0.2.2:1", fmt.Sprintf("10.0.2.2:%d", port)}, true
	}
	o.During = func(ctx context.Context, m *demo.Running) error {
		said, err := m.Expect(ctx, `one server alone is more than a day off this machine[^\n]*`)
		if err != nil {
			return err
		}
		t.Logf("%s", said[0])
		return m.Wait(ctx)
	}
	res := run(t, o)
	if !res.Proven {
		t.Errorf("not proven: %+v", res.Drives)
	}
	for _, d := range res.Drives {
		if d.Paper == nil {
			continue
		}
		r := d.Paper.Record
		if age := time.Since(r.Start.Time).Abs(); r.Context.Clock.Quality != "unauthenticated" || age > time.Hour {
			t.Errorf("%s: clock %+v, %s off", d.Name, r.Context.Clock, age)
		}
	}
}

// aYearAhead is a time server whose year is wrong; it returns its port.
func aYearAhead(t *testing.T) int {
	port, stop, err := boottest.NTPServer(time.Until(time.Now().AddDate(1, 0, 0)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return port
}
