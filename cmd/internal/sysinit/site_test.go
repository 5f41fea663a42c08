package sysinit

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const testSite = `{"version":1,"depot":"https://10.0.2.2:8443","depotCA":"/etc/lethe/depot.pem",
"order":"/etc/lethe/order.json","trust":["/etc/lethe/root.pem"],"key":"/etc/lethe/leaf.key",
"chain":"/etc/lethe/leaf.pem","ntp":["10.0.2.2"],"stepClock":true,"powerOff":"done",
"hostname":"rack1","stick":{"serial":"STICK 1"},"permit":[]}`

func TestParseSite(t *testing.T) {
	got, err := ParseSite([]byte(testSite))
	if err != nil {
		t.Fatal(err)
	}
	want := Site{Version: 1, Depot: "https://10.0.2.2:8443", DepotCA: "/etc/lethe/depot.pem",
		Order: "/etc/lethe/order.json", Trust: []string{"/etc/lethe/root.pem"},
		Key: "/etc/lethe/leaf.key", Chain: "/etc/lethe/leaf.pem", NTP: []string{"10.0.2.2"},
		StepClock: true, PowerOff: AtEndDone, Hostname: "rack1",
		Stick: &Stick{Serial: "STICK 1"}, Permit: []string{}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("site (-want +got):\n%s", diff)
	}
	bare, err := ParseSite([]byte(`{"version":1}`))
	if err != nil || bare.Permit != nil {
		t.Errorf("without permit: %v, %v; want nil, which permits all", bare.Permit, err)
	}
}

func TestParseSiteRefuses(t *testing.T) {
	for _, c := range [][2]string{
		{`"version":1`, `"version":2`}, {`"version":1,`, ``}, {`"depot":`, `"depott":`},
		{`https://10.0.2.2:8443`, `http://10.0.2.2`}, {`/etc/lethe/root.pem`, `root.pem`},
		{`/etc/lethe/leaf.key`, `/etc/../leaf.key`}, {`"powerOff":"done"`, `"powerOff":"now"`},
		{`["10.0.2.2"]`, `["a b"]`}, {`"rack1"`, `"rack1"}{`}, {`"STICK 1"`, `""`}, {`"STICK 1"`, `" STICK 1"`}, {`"serial":`, `"label":`},
		{`/etc/lethe/order.json`, `order.json`},
	} {
		s := strings.Replace(testSite, c[0], c[1], 1)
		if s == testSite {
			t.Fatalf("%q is not in the sample", c[0])
		}
		if _, err := ParseSite([]byte(s)); err == nil {
			t.Errorf("accepted with %s", c[1])
		}
	}
}

func FuzzParseSite(f *testing.F) {
	f.Add([]byte(testSite))
	f.Fuzz(func(t *testing.T, b []byte) {
		if s, err := ParseSite(b); err == nil && s.validate() != nil {
			t.Fatal("accepted an invalid site file")
		}
	})
}
