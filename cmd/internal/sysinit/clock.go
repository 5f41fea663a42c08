package sysinit

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/beevik/ntp"

	"lethe/image/site"
)

// Clock says how far the machine's time can be trusted. Source and Quality are
// spelled as in the record.
type Clock struct {
	Source  string        // "rtc", or "ntp:HOST"
	Quality string        // "unauthenticated" or "synchronised"
	Offset  time.Duration // of the server against the machine, when measured
	Stepped bool          // the clock was set, so Offset is history
	// Distance bounds the error of the server's answer (RFC 5905, root
	// distance); Stratum is the server's.
	Distance time.Duration
	Stratum  int
}

// Spellings of Clock.
const (
	SourceRTC       = "rtc"
	Unauthenticated = "unauthenticated"
	Synchronised    = "synchronised"
)

// maxOffset is how far an unstepped clock may be off and still be called
// synchronised.
const maxOffset = time.Second

func (c Clock) String() string {
	if c.Source == SourceRTC {
		return "unauthenticated RTC"
	}
	s := fmt.Sprintf("%s, %s, offset %v", c.Source, c.Quality, c.Offset.Round(time.Microsecond))
	if c.Stepped {
		s += " (set)"
	}
	return s
}

// query asks one server; a variable of judgeClock's in tests.
type query func(ctx context.Context, server string) (*ntp.Response, error)

func askNTP(_ context.Context, server string) (*ntp.Response, error) {
	return ntp.QueryWithOptions(server, ntp.QueryOptions{Timeout: ntpLimit})
}

// judgeClock asks the servers that the command line, the site file and DHCP
// name, in this order, and takes the first usable answer. Without one the clock
// is the machine's own, which nobody vouches for.
func judgeClock(ctx context.Context, st site.Site, cl Cmdline, n Network, say func(Event)) Clock {
	c := measure(ctx, servers(st, cl, n), askNTP, say)
	if st.StepClock && c.Source != SourceRTC && stepClock(c.Offset) == nil {
		c.Stepped = true
	}
	c.Quality = quality(c)
	say(ClockJudged{c})
	return c
}

func quality(c Clock) string {
	if c.Source != SourceRTC && (c.Stepped || c.Offset.Abs() <= maxOffset) {
		return Synchronised
	}
	return Unauthenticated
}

func measure(ctx context.Context, servers []string, ask query, say func(Event)) Clock {
	for _, s := range servers {
		r, err := limited(ctx, s, ask)
		if err == nil {
			return Clock{Source: "ntp:" + s, Offset: r.ClockOffset,
				Distance: r.RootDistance, Stratum: int(r.Stratum)}
		}
		say(NTPFailed{s, err})
	}
	return Clock{Source: SourceRTC}
}

// limited never waits longer than ntpLimit, whatever the resolver does.
func limited(ctx context.Context, server string, ask query) (*ntp.Response, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, ntpLimit, errors.New("no answer"))
	defer cancel()
	type answer struct {
		r   *ntp.Response
		err error
	}
	got := make(chan answer, 1)
	go func() {
		r, err := ask(ctx, server)
		if err == nil {
			err = r.Validate()
		}
		got <- answer{r, err}
	}()
	select {
	case a := <-got:
		return a.r, a.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

func servers(st site.Site, cl Cmdline, n Network) []string {
	if !n.Up() {
		return nil
	}
	var out []string
	if cl.NTP != "" {
		out = append(out, cl.NTP)
	}
	out = append(out, st.NTP...)
	for _, l := range n.Leases {
		for _, a := range l.NTP {
			out = append(out, a.String())
		}
	}
	return out
}
