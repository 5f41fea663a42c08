package sysinit

import (
	"context"
	"errors"
	"net/netip"
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
	want := Clock{Source: "ntp:good", Offset: 42 * time.Millisecond, Stratum: 2, Distance: time.Millisecond}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("clock (-want +got):\n%s", diff)
	}
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
	got := servers(site.Site{NTP: []string{"site"}}, Cmdline{NTP: "word"}, n)
	if diff := cmp.Diff([]string{"word", "site", "10.0.0.1"}, got); diff != "" {
		t.Errorf("servers (-want +got):\n%s", diff)
	}
	if got := servers(site.Site{NTP: []string{"site"}}, Cmdline{}, Network{}); got != nil {
		t.Errorf("without a network: %v", got)
	}
}
