package site

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

const testRecipient = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"

const testSite = `{"version":1,"depot":"https://10.0.2.2:8443","depotCA":"/etc/lethe/depot.pem",
"order":"/etc/lethe/order.json","trust":["/etc/lethe/root.pem"],"key":"/etc/lethe/leaf.key",
"chain":"/etc/lethe/leaf.pem","ntp":["10.0.2.2"],"stepClock":true,"powerOff":"done",
"proxy":"http://10.0.2.3:3128","tftp":{"server":"10.0.2.4:6969","recipients":["` + testRecipient + `"]},
"consoles":["tty0","ttyS0,115200n8"],"keymap":"/etc/lethe/keymap",
"network":{"nic":"52:54:00:12:34:56","vlan":42,"address":["192.0.2.10/24"],"gateway":["192.0.2.1"],"dns":["192.0.2.53"]},
"syslog":{"server":"tls://log.example.net","ca":"/etc/lethe/syslog-ca.pem"},
"policy":{"least":"Purge","pattern":"zero","verify":"full","perAdapter":4},
"hostname":"rack1","stick":{"serial":"STICK 1"},"permit":[]}`

func TestParse(t *testing.T) {
	got, err := Parse([]byte(testSite))
	if err != nil {
		t.Fatal(err)
	}
	want := Site{Version: 1, Depot: "https://10.0.2.2:8443", DepotCA: "/etc/lethe/depot.pem",
		Order: "/etc/lethe/order.json", Trust: []string{"/etc/lethe/root.pem"},
		Key: "/etc/lethe/leaf.key", Chain: "/etc/lethe/leaf.pem", NTP: []string{"10.0.2.2"},
		Proxy: "http://10.0.2.3:3128", TFTP: &TFTP{"10.0.2.4:6969", []string{testRecipient}},
		Consoles: []string{"tty0", "ttyS0,115200n8"}, Keymap: "/etc/lethe/keymap",
		Network: Network{NIC: "52:54:00:12:34:56", VLAN: 42,
			Address: []netip.Prefix{netip.MustParsePrefix("192.0.2.10/24")},
			Gateway: []netip.Addr{netip.MustParseAddr("192.0.2.1")}, DNS: []netip.Addr{netip.MustParseAddr("192.0.2.53")}},
		Syslog: &Syslog{"tls://log.example.net", "/etc/lethe/syslog-ca.pem"}, Policy: Policy{"Purge", "zero", "full", 4},
		StepClock: true, PowerOff: AtEndDone, Hostname: "rack1",
		Stick: &Stick{Serial: "STICK 1"}, Permit: []string{}}
	if diff := cmp.Diff(want, got, cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{})); diff != "" {
		t.Errorf("site (-want +got):\n%s", diff)
	}
	bare, err := Parse([]byte(`{"version":1}`))
	if err != nil || bare.Permit != nil {
		t.Errorf("without permit: %v, %v; want nil, which is not none", bare.Permit, err)
	}
	b, err := bare.JSON()
	if err != nil || string(b) != "{\n  \"version\": 1\n}\n" {
		t.Errorf("bare JSON %q, %v", b, err)
	}
}

func TestParseRefuses(t *testing.T) {
	for _, c := range [][2]string{
		{`"version":1`, `"version":2`}, {`"version":1,`, ``}, {`"depot":`, `"depott":`},
		{`https://10.0.2.2:8443`, `http://10.0.2.2`}, {`/etc/lethe/root.pem`, `root.pem`},
		{`/etc/lethe/leaf.key`, `/etc/../leaf.key`}, {`"powerOff":"done"`, `"powerOff":"now"`}, {`"verify":"full"`, `"verify":"sampled"`},
		{`["10.0.2.2"]`, `["a b"]`}, {`["10.0.2.2"]`, `["-x"]`}, {`["10.0.2.2"]`, `["a:0"]`}, {`["10.0.2.2"]`, `["0.0.0.0"]`},
		{`"rack1"`, `"rack1"}{`}, {`"rack1"`, `"rack_1"`}, {`"STICK 1"`, `""`}, {`"STICK 1"`, `" STICK 1"`}, {`"serial":`, `"label":`},
		{`/etc/lethe/order.json`, `order.json`}, {`http://10.0.2.3:3128`, `https://10.0.2.3:3128`}, {`:3128`, ``}, {`:3128`, `:3128/x`},
		{testRecipient, testRecipient[:61] + "q"}, {`["` + testRecipient + `"]`, `[]`}, {`10.0.2.4:6969`, ``},
		{`tty0`, `tty0 init=/bin/sh`}, {`/etc/lethe/keymap`, `keymap`}, {`52:54:00:12:34:56`, `eth 0`},
		{`"vlan":42`, `"vlan":4095`}, {`"vlan":42`, `"vlan":-1`}, {`192.0.2.10/24`, `192.0.2.10`}, {`192.0.2.10/24`, `0.0.0.0/0`},
		{`192.0.2.1"`, `0.0.0.0"`}, {`"address":["192.0.2.10/24"],`, ``}, {`192.0.2.53`, `ff02::1`},
		{`tls://log.example.net`, `udp://log.example.net`}, {`tls://log`, `ftp://log`}, {`tls://log.example.net`, `tls://`},
		{`/etc/lethe/syslog-ca.pem`, `ca.pem`}, {`"Purge"`, `"purge"`}, {`"zero"`, `"random"`},
		{`"permit":[]`, `"permit":["lethe.trust"]`},
	} {
		s := strings.Replace(testSite, c[0], c[1], 1)
		if s == testSite {
			t.Fatalf("%q is not in the sample", c[0])
		}
		if got, err := Parse([]byte(s)); err == nil {
			t.Errorf("accepted with %s: %+v", c[1], got)
		} else if strings.Contains(err.Error(), "\n") {
			t.Errorf("more than a line: %v", err)
		}
	}
}

// No word may name a trust root, or the machine could be told whom to trust by
// whoever types at its boot menu.
func TestWordsNameNoTrust(t *testing.T) {
	for _, w := range Words() {
		if strings.Contains(w, "trust") || strings.Contains(w, "root") || strings.Contains(w, "ca") {
			t.Errorf("word %s", w)
		}
	}
	if !slices.Contains(Words(), "lethe.list") {
		t.Error("lethe.list is no word")
	}
}

func TestSyslogAddress(t *testing.T) {
	for in, want := range map[string]string{
		"udp://h": "udp h:514", "tcp://h": "tcp h:601", "tls://h": "tls h:6514",
		"udp://[2001:db8::1]": "udp [2001:db8::1]:514", "tls://h:1": "tls h:1",
	} {
		scheme, addr, err := (&Syslog{Server: in}).Address()
		if got := scheme + " " + addr; err != nil || got != want {
			t.Errorf("%s: %q, %v; want %q", in, got, err, want)
		}
	}
}

func TestCheckHost(t *testing.T) {
	for s, want := range map[string]bool{"a": true, "a.b:123": true, "10.0.0.1": true, "2001:db8::1": true,
		"[2001:db8::1]:123": true, "": false, "a/b": false, "a@b": false, "a:": false, "a:99999": false, "fe80::1%eth0": false} {
		if err := CheckHost(s); (err == nil) != want {
			t.Errorf("%q: %v", s, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(testSite))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := Parse(b)
		if err != nil {
			return
		}
		js, err := s.JSON()
		if err != nil {
			t.Fatal(err)
		}
		again, err := Parse(js)
		if err != nil {
			t.Fatalf("its own JSON is refused: %v\n%s", err, js)
		}
		js2, err := again.JSON()
		if err != nil || string(js) != string(js2) {
			t.Fatalf("%v\n%s\n%s", err, js, js2)
		}
	})
}
