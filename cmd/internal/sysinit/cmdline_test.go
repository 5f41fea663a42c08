package sysinit

import (
	"errors"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"lethe/image/site"
)

func TestParseCmdline(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want Cmdline
	}{
		{in: ""},
		{in: "console=ttyS0 quiet root=/dev/ram0\n"},
		{in: "lethe.list lethe.poweroff\n", want: Cmdline{List: true, PowerOff: site.AtEndDone}},
		{in: "lethe.poweroff=never lethe.shell lethe.nonet",
			want: Cmdline{PowerOff: site.AtEndNever, Shell: true, NoNet: true}},
		{in: `lethe.depot="https://depot.example:8443/a b" x`,
			want: Cmdline{Depot: "https://depot.example:8443/a b"}},
		{in: "lethe.order=/etc/lethe/order.json lethe.ntp=10.0.2.2:123",
			want: Cmdline{Order: "/etc/lethe/order.json", NTP: "10.0.2.2:123"}},
		{in: "lethe.order=https://x/o.json -- lethe.list -v", want: Cmdline{Order: "https://x/o.json"}},
		{in: "lethe.medium=fd726f3e"},
		{in: "lethe.trust=/evil.pem lethe.future", want: Cmdline{Unknown: []string{"lethe.trust", "lethe.future"}}},
	} {
		got, err := ParseCmdline(tt.in)
		if err != nil {
			t.Errorf("%q: %v", tt.in, err)
		}
		if diff := cmp.Diff(tt.want, got, equate); diff != "" {
			t.Errorf("%q (-want +got):\n%s", tt.in, diff)
		}
	}
}

func TestParseCmdlineRefuses(t *testing.T) {
	for _, in := range []string{
		"lethe.depot=http://plain/", "lethe.depot", "lethe.depot=https://", "lethe.depot=https://u:p@h/",
		"lethe.order=relative.json", "lethe.order=ftp://x/", "lethe.list=1", "lethe.poweroff=always",
		"lethe.poweroff=", "lethe.ntp=", "lethe.ntp=a/b", "lethe.list lethe.list",
		"lethe.vlan=0", "lethe.vlan=4095", "lethe.vlan", "lethe.ip=", "lethe.ip=192.0.2.1", "lethe.ip=192.0.2.1/24,x",
		"lethe.ip=192.0.2.1/24,192.0.2.2,192.0.2.3,192.0.2.4", "lethe.ip=0.0.0.0/0",
	} {
		if _, err := ParseCmdline(in); !errors.Is(err, ErrWord) {
			t.Errorf("%q: error = %v, want ErrWord", in, err)
		}
	}
}

// Clearing without looking at permit, or looking only, turns this red: a word
// from the boot menu must not overrule a site that forbids it.
//
// A shell is a login: it is never there unless the site names it.
//
// mutant: cmdline.go: drop("lethe.shell", => drop("lethe.list", c.List, func() { c.List = false }); drop("lethe.shell",
// mutant: cmdline.go: || key == "lethe.shell") && !slices.Contains(permit, key) { => || key == "lethe.shell") {
// mutant: cmdline.go: given && (permit != nil || key == "lethe.shell") && => given &&
// mutant: cmdline.go: (permit != nil || key == "lethe.shell") => permit != nil
func TestRestrict(t *testing.T) {
	full := Cmdline{Depot: "https://d/", Order: "/o", NTP: "n", List: true, Shell: true, NoNet: true,
		PowerOff: site.AtEndDone, Unknown: []string{"lethe.x"}, VLAN: 7,
		IP: site.Network{Address: []netip.Prefix{netip.MustParsePrefix("192.0.2.1/24")}}}
	all := full
	if diff := cmp.Diff([]string{"lethe.x", "lethe.shell"}, all.Restrict(nil)); diff != "" {
		t.Errorf("nil permits all but the shell (-want +got):\n%s", diff)
	}
	most := full
	most.Shell = false
	if diff := cmp.Diff(most, all, equate); diff != "" {
		t.Errorf("nil permits all (-want +got):\n%s", diff)
	}
	some := full
	refused := some.Restrict([]string{"lethe.ntp"})
	if diff := cmp.Diff(Cmdline{NTP: "n", List: true, Unknown: []string{"lethe.x"}}, some, equate); diff != "" {
		t.Errorf("what stays (-want +got):\n%s", diff)
	}
	want := []string{"lethe.x", "lethe.depot", "lethe.order", "lethe.shell", "lethe.nonet", "lethe.ip", "lethe.vlan", "lethe.poweroff"}
	if diff := cmp.Diff(want, refused); diff != "" {
		t.Errorf("what is refused (-want +got):\n%s", diff)
	}
	with := full
	if with.Restrict([]string{"lethe.shell"}); !with.Shell {
		t.Error("a shell that the site permits is refused")
	}
	none := full
	none.Restrict([]string{})
	if diff := cmp.Diff(Cmdline{List: true, Unknown: []string{"lethe.x"}}, none, equate); diff != "" {
		t.Errorf("an empty list permits none but to list only (-want +got):\n%s", diff)
	}
}

var equate = cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{})

// What a site may permit must be a word, and no word may be beyond permission.
func TestWords(t *testing.T) {
	values := map[string]string{"lethe.depot": "=https://d", "lethe.order": "=/o", "lethe.ntp": "=n",
		"lethe.ip": "=192.0.2.1/24,192.0.2.2,192.0.2.3", "lethe.vlan": "=4094"}
	for _, w := range site.Words() {
		c, err := ParseCmdline(w + values[w])
		if err != nil || len(c.Unknown) > 0 {
			t.Errorf("%s: %v, %v", w, c, err)
		}
		if w == "lethe.list" {
			continue // it only narrows, and always counts
		}
		if refused := c.Restrict([]string{}); len(refused) != 1 || cmp.Diff(Cmdline{}, c, equate) != "" {
			t.Errorf("%s is left: %v, %+v", w, refused, c)
		}
	}
}

func FuzzParseCmdline(f *testing.F) {
	f.Add(`console=ttyS0 lethe.depot="https://a b/" lethe.list -- x`)
	f.Add(`lethe.order="/a"b "lethe.ntp=x`)
	f.Fuzz(func(t *testing.T, s string) {
		c, err := ParseCmdline(s)
		if err != nil {
			return
		}
		if c.Depot != "" && site.CheckHTTPS(c.Depot) != nil {
			t.Fatalf("accepted depot %q", c.Depot)
		}
		if c.Restrict([]string{}); c.Depot != "" || c.Order != "" || c.PowerOff != "" {
			t.Fatal("an empty list permitted something")
		}
	})
}
