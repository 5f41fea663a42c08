package sysinit

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseModuleList(t *testing.T) {
	got, err := parseModuleList([]byte("load sd_mod\nload sg\n\nhotplug nvme\noptions libata allow_tpm=1 noacpi\n" +
		"options usb-storage delay_use=0\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := moduleList{Load: []string{"sd_mod", "sg"}, Hotplug: []string{"nvme"},
		Options: map[string]string{"libata": "allow_tpm=1 noacpi", "usb_storage": "delay_use=0"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("list (-want +got):\n%s", diff)
	}
	for _, bad := range []string{"sd_mod\n", "load\n", "load a b\n", "options libata\n", "unload x\n"} {
		if _, err := parseModuleList([]byte(bad)); err == nil {
			t.Errorf("accepted %q", bad)
		}
	}
}

// The command line's parameters reach the module, behind those of the image,
// so that they count; words of others and of lethe do not.
//
// mutant: modlist.go: addOption(l.Options, module, param) => _ = param
func TestModuleOptionsOfTheCommandLine(t *testing.T) {
	l, err := parseModuleList([]byte("options libata allow_tpm=1\n"))
	if err != nil {
		t.Fatal(err)
	}
	known := func(m string) bool { return m == "libata" || m == "usb-storage" }
	l.addCmdline(`quiet libata.force=1.5G usb-storage.quirks="1:2:u, 3" lethe.list .x= libata. nosuch.a=1 -- libata.b=1`, known)
	want := map[string]string{"libata": "allow_tpm=1 force=1.5G", "usb_storage": `quirks="1:2:u, 3"`}
	if diff := cmp.Diff(want, l.Options); diff != "" {
		t.Errorf("options (-want +got):\n%s", diff)
	}
}

func FuzzModuleOptions(f *testing.F) {
	f.Add("load a\noptions b c=1", `b.x="y z" b. .b b.c`)
	f.Fuzz(func(t *testing.T, list, words string) {
		l, err := parseModuleList([]byte(list))
		if err != nil {
			return
		}
		l.addCmdline(words, func(string) bool { return true })
		for m, p := range l.Options {
			if m == "" || strings.ContainsAny(m, "/.") && !strings.Contains(list, m) {
				t.Fatalf("parameters %q for %q", p, m)
			}
		}
	})
}
