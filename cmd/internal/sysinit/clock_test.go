package sysinit

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/beevik/ntp"
	"github.com/google/go-cmp/cmp"

	"lethe/image/site"
)

func good(off time.Duration) *ntp.Response {
	now := time.Now()
	return &ntp.Response{ClockOffset: off, Stratum: 2, Leap: ntp.LeapNoWarning, Time: now,
		ReferenceTime: now.Add(-time.Minute), RootDistance: time.Millisecond}
}

func TestMeasure(t *testing.T) {
	answers := map[string]func() (*ntp.Response, error){
		"dead": func() (*ntp.Response, error) { return nil, errors.New("refused") },
		"kiss": func() (*ntp.Response, error) { r := good(0); r.Stratum = 0; return r, nil },
		"good": func() (*ntp.Response, error) { return good(42 * time.Millisecond), nil },
	}
	ask := func(_ context.Context, s string) (*ntp.Response, error) { return answers[s]() }
	var failed []string
	say := func(e Event) { failed = append(failed, e.(NTPFailed).Server) }

	got := measure(t.Context(), []string{"dead", "kiss", "good"}, ask, say)
	want := Clock{Source: "ntp:good", Offset: 42 * time.Millisecond, Stratum: 2, Distance: time.Millisecond,
		Answered: 1, Agreed: 1}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("clock (-want +got):\n%s", diff)
	}
	slices.Sort(failed)
	if diff := cmp.Diff([]string{"dead", "kiss"}, failed); diff != "" {
		t.Errorf("failed servers (-want +got):\n%s", diff)
	}
	if got := measure(t.Context(), []string{"dead"}, ask, say); got.String() != "unauthenticated RTC" {
		t.Errorf("no server left: %v", got)
	}
}

// A server that never answers must not hold the machine; without the context in
// limited this test hangs.
func TestMeasureNeverHangs(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	stuck := func(context.Context, string) (*ntp.Response, error) { select {} }
	if c := measure(ctx, []string{"a", "b"}, stuck, func(Event) {}); c.Source != SourceRTC {
		t.Errorf("clock = %v", c)
	}
}

// One server of three that is a year wrong does not count; and where nobody can
// tell who is wrong, nobody is believed.
//
// mutant: clock.go: m := got[(len(got)-1)/2] => m := got[0]
// mutant: clock.go: c.Answered > 1 && 2*c.Agreed <= c.Answered => false
// mutant: clock.go: c.Agreed < 2 && c.Offset.Abs() > alone => false
// mutant: clock.go: c.Doubt == "" && (c.Stepped => (c.Stepped
func TestClockOfSeveral(t *testing.T) {
	const year = 365 * 24 * time.Hour
	now := earliest.Add(30 * 24 * time.Hour)
	for name, tt := range map[string]struct {
		offsets []time.Duration
		now     time.Time
		offset  time.Duration
		doubt   bool
		quality string
	}{
		"one":                             {offsets: []time.Duration{time.Millisecond}, offset: time.Millisecond, quality: Synchronised},
		"one of three is a year ahead":    {offsets: []time.Duration{year, 2e6, 1e6}, offset: 2e6, quality: Synchronised},
		"one of three is a year behind":   {offsets: []time.Duration{-year, 2e6, 1e6}, offset: 1e6, quality: Synchronised},
		"all three say we are a year off": {offsets: []time.Duration{year, year + 2e6, year + 1e6}, offset: year + 1e6, quality: Unauthenticated},
		"two disagree":                    {offsets: []time.Duration{year, 0}, doubt: true, quality: Unauthenticated},
		"two of four":                     {offsets: []time.Duration{year, 0, 0, year}, doubt: true, quality: Unauthenticated},
		"one alone, a year ahead":         {offsets: []time.Duration{year}, offset: year, doubt: true, quality: Unauthenticated},
		"one alone, into the past":        {offsets: []time.Duration{-year}, offset: -year, doubt: true, quality: Unauthenticated},
		"one alone, the clock is not set": {offsets: []time.Duration{20 * year}, now: now.Add(-20 * year), offset: 20 * year, quality: Unauthenticated},
	} {
		t.Run(name, func(t *testing.T) {
			var got []answer
			for i, o := range tt.offsets {
				got = append(got, answer{string(rune('a' + i)), good(o)})
			}
			at := tt.now
			if at.IsZero() {
				at = now
			}
			c := combine(got)
			c.Doubt = doubt(c, at)
			if c.Offset != tt.offset || (c.Doubt != "") != tt.doubt || quality(c) != tt.quality {
				t.Errorf("%v, %s", c, quality(c))
			}
		})
	}
}

// A server whose own error is large vouches for nothing.
func TestClockDistance(t *testing.T) {
	r := good(0)
	r.RootDistance = 2 * time.Second
	c := combine([]answer{{"a", r}})
	if c.Doubt = doubt(c, time.Now()); quality(c) != Unauthenticated {
		t.Errorf("%v", c)
	}
}

// A clock that is off and was not set is not synchronised, whoever said so.
func TestQuality(t *testing.T) {
	for _, tt := range []struct {
		c    Clock
		want string
	}{
		{Clock{Source: SourceRTC}, Unauthenticated},
		{Clock{Source: "ntp:x", Offset: -time.Millisecond}, Synchronised},
		{Clock{Source: "ntp:x", Offset: -time.Hour}, Unauthenticated},
		{Clock{Source: "ntp:x", Offset: -time.Hour, Stepped: true}, Synchronised},
	} {
		if got := quality(tt.c); got != tt.want {
			t.Errorf("quality(%+v) = %s, want %s", tt.c, got, tt.want)
		}
	}
}

func TestServers(t *testing.T) {
	n := Network{Leases: []Lease{{NTP: []netip.Addr{netip.MustParseAddr("10.0.0.1")}}}}
	for _, tt := range []struct {
		site []string
		word string
		want []string
	}{
		{[]string{"site"}, "word", []string{"word"}},
		{[]string{"site"}, "", []string{"site"}}, // DHCP does not outvote the site
		{nil, "", []string{"10.0.0.1"}},
	} {
		if diff := cmp.Diff(tt.want, servers(site.Site{NTP: tt.site}, Cmdline{NTP: tt.word}, n)); diff != "" {
			t.Errorf("servers (-want +got):\n%s", diff)
		}
	}
	if got := servers(site.Site{NTP: []string{"site"}}, Cmdline{}, Network{}); got != nil {
		t.Errorf("without a network: %v", got)
	}
}
