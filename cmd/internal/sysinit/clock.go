package sysinit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/beevik/ntp"

	"lethe/image/site"
)

// Clock says how far the machine's time can be trusted. Source and Quality are
// spelled as in the record.
type Clock struct {
	Source  string        // "rtc", or "ntp:HOST" of the server whose word counts
	Quality string        // "unauthenticated" or "synchronised"
	Offset  time.Duration // of the server against the machine, when measured
	Stepped bool          // the clock was set, so Offset is history
	// Distance bounds the error of the server's answer (RFC 5905, root
	// distance); Stratum is the server's.
	Distance time.Duration
	Stratum  int
	// Answered is how many servers gave a usable answer, Agreed how many of them
	// agree with the one that counts, itself included.
	Answered, Agreed int
	// Doubt is why it is not synchronised although servers answered.
	Doubt string
}

// Spellings of Clock.
const (
	SourceRTC       = "rtc"
	Unauthenticated = "unauthenticated"
	Synchronised    = "synchronised"
)

const (
	// maxOffset is how far an unstepped clock may be off and still be called
	// synchronised, and how far servers may be apart beyond their own error.
	maxOffset = time.Second
	// maxDistance is the largest error of a server that counts (RFC 5905, MAXDIST).
	maxDistance = 1500 * time.Millisecond
	// alone is the largest offset that a single server is believed.
	alone = 24 * time.Hour
	// again is how long after a failure the servers are asked again.
	again    = time.Minute
	ntpLimit = 5 * time.Second
)

// earliest is before this program was written: a clock that shows less is not set
// at all, and a server that says less is wrong.
var earliest = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)

func (c Clock) String() string {
	if c.Source == SourceRTC {
		return "unauthenticated RTC"
	}
	s := fmt.Sprintf("%s, %s, offset %v", c.Source, c.Quality, c.Offset.Round(time.Microsecond))
	if c.Stepped {
		s += " (set)"
	}
	s += fmt.Sprintf(", error at most %v, stratum %d, %d of %d servers agree",
		c.Distance.Round(time.Microsecond), c.Stratum, c.Agreed, c.Answered)
	if c.Doubt != "" {
		s += ": " + c.Doubt
	}
	return s
}

// query asks one server; a variable in tests.
type query func(ctx context.Context, server string) (*ntp.Response, error)

func askNTP(_ context.Context, server string) (*ntp.Response, error) {
	return ntp.QueryWithOptions(server, ntp.QueryOptions{Timeout: ntpLimit})
}

// judge judges the clock once, closes ready, and where no server answered asks
// again each minute. Only the first time is the clock set: later, drives are at
// work, and their transcripts carry its time.
func (n *Net) judge(ctx context.Context) {
	step := n.step
	for first := true; ; first = false {
		c := n.judgeOnce(ctx, step)
		n.mu.Lock()
		was := n.clock
		n.clock = c
		n.mu.Unlock()
		if first || c.Quality != was.Quality || c.Source != was.Source {
			n.say(ClockJudged{c})
		}
		if first {
			close(n.ready)
		}
		step = false
		if c.Source != SourceRTC {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(again):
		}
	}
}

func (n *Net) judgeOnce(ctx context.Context, step bool) Clock {
	say := n.say
	c := measure(ctx, n.servs(n.Now()), askNTP, say)
	c.Doubt = doubt(c, time.Now())
	if step && c.Source != SourceRTC && c.Doubt == "" && stepClock(c.Offset) == nil {
		c.Stepped = true
	}
	c.Quality = quality(c)
	return c
}

// doubt is why the servers' word does not count, "" where it does.
func doubt(c Clock, now time.Time) string {
	switch {
	case c.Source == SourceRTC:
		return ""
	case c.Answered > 1 && 2*c.Agreed <= c.Answered:
		return "the time servers do not agree"
	case c.Distance > maxDistance:
		return "the server's own error is too large"
	case now.Add(c.Offset).Before(earliest):
		return "the server's time is in the past"
	case c.Agreed < 2 && c.Offset.Abs() > alone && now.After(earliest):
		return "one server alone is more than a day off this machine: name more time servers, or set the machine's clock"
	}
	return ""
}

func quality(c Clock) string {
	if c.Source != SourceRTC && c.Doubt == "" && (c.Stepped || c.Offset.Abs() <= maxOffset) {
		return Synchronised
	}
	return Unauthenticated
}

// answer is one server's.
type answer struct {
	server string
	*ntp.Response
}

// measure asks all servers at once and takes the median of what they say. Servers
// that do not answer are told and count for nothing.
func measure(ctx context.Context, servers []string, ask query, say func(Event)) Clock {
	var mu sync.Mutex
	var wg sync.WaitGroup
	var got []answer
	for _, s := range servers {
		wg.Go(func() {
			r, err := limited(ctx, s, ask)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				say(NTPFailed{s, err})
				return
			}
			got = append(got, answer{s, r})
		})
	}
	wg.Wait()
	return combine(got)
}

// combine takes the answer in the middle: a minority that is wrong, however far,
// moves it no further than a right one stands.
func combine(got []answer) Clock {
	if len(got) == 0 {
		return Clock{Source: SourceRTC}
	}
	slices.SortFunc(got, func(a, b answer) int {
		return cmp.Or(cmp.Compare(a.ClockOffset, b.ClockOffset), strings.Compare(a.server, b.server))
	})
	m := got[(len(got)-1)/2]
	c := Clock{Source: "ntp:" + m.server, Offset: m.ClockOffset, Distance: m.RootDistance,
		Stratum: int(m.Stratum), Answered: len(got)}
	for _, a := range got {
		if (a.ClockOffset - m.ClockOffset).Abs() <= maxOffset+a.RootDistance+m.RootDistance {
			c.Agreed++
		}
	}
	return c
}

// limited never waits longer than ntpLimit, whatever the resolver does.
func limited(ctx context.Context, server string, ask query) (*ntp.Response, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, ntpLimit, errors.New("no answer"))
	defer cancel()
	type reply struct {
		r   *ntp.Response
		err error
	}
	got := make(chan reply, 1)
	go func() {
		r, err := ask(ctx, server)
		if err == nil {
			err = r.Validate()
		}
		got <- reply{r, err}
	}()
	select {
	case a := <-got:
		return a.r, a.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// servers are those of the command line, else the site's, else those of DHCP: who
// runs the network must not outvote the site.
func servers(st site.Site, cl Cmdline, n Network) []string {
	switch {
	case !n.Up():
		return nil
	case cl.NTP != "":
		return []string{cl.NTP}
	case len(st.NTP) > 0:
		return slices.Clone(st.NTP)
	}
	var out []string
	for _, l := range n.Leases {
		for _, a := range l.NTP {
			if !slices.Contains(out, a.String()) {
				out = append(out, a.String())
			}
		}
	}
	return out
}
