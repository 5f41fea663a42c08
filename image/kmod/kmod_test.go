package kmod

import (
	"errors"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

const testDep = `kernel/fs/nls/nls_iso8859-1.ko:
kernel/drivers/scsi/sd_mod.ko: kernel/block/t10-pi.ko kernel/lib/crc64-rocksoft.ko kernel/lib/crc64.ko kernel/drivers/scsi/scsi_mod.ko
kernel/block/t10-pi.ko: kernel/lib/crc64-rocksoft.ko kernel/lib/crc64.ko
kernel/lib/crc64-rocksoft.ko: kernel/lib/crc64.ko
kernel/lib/crc64.ko:
kernel/drivers/scsi/scsi_mod.ko:
kernel/drivers/ata/ahci.ko: kernel/drivers/scsi/scsi_mod.ko
kernel/arch/crct10dif-pclmul.ko:
kernel/crypto/crct10dif_generic.ko:
kernel/a.ko: kernel/b.ko
kernel/b.ko: kernel/a.ko
kernel/broken.ko: kernel/gone.ko
`

const testAlias = `# Aliases
alias pci:v*d*sv*sd*bc01sc06i01* ahci
alias pci:v00008086d00002922sv*sd*bc*sc*i* ahci
alias scsi:t-0x00* sd_mod
alias crct10dif crct10dif_pclmul
alias crct10dif crct10dif_generic
alias acpi*:PNP0303:* a
`

const testSoft = `softdep t10_pi pre: crct10dif missing
softdep scsi_mod stray post: nls_iso8859-1
`

func testIndex(t *testing.T) *Index {
	t.Helper()
	x, err := Load(fstest.MapFS{
		"modules.dep":     {Data: []byte(testDep)},
		"modules.alias":   {Data: []byte(testAlias)},
		"modules.softdep": {Data: []byte(testSoft)},
		"modules.builtin": {Data: []byte("kernel/drivers/rtc/rtc-cmos.ko\n")},
	})
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func stepNames(steps []Step) []string {
	var out []string
	for _, s := range steps {
		n := s.Name
		if s.Optional {
			n += "?"
		}
		out = append(out, n)
	}
	return out
}

func TestOrder(t *testing.T) {
	x := testIndex(t)
	for _, tt := range []struct {
		names []string
		want  []string
		err   error
	}{
		{names: []string{"nls_iso8859_1"}, want: []string{"nls_iso8859_1"}},
		{names: []string{"nls-iso8859-1"}, want: []string{"nls_iso8859_1"}},
		{names: []string{"rtc_cmos"}},
		{names: []string{"sd-mod", "ahci"}, want: []string{
			"scsi_mod", "nls_iso8859_1?", "crc64", "crc64_rocksoft",
			"crct10dif_pclmul?", "crct10dif_generic?", "t10_pi", "sd_mod", "ahci",
		}},
		{names: []string{"scsi:t-0x00"}, want: []string{
			"scsi_mod", "nls_iso8859_1?", "crc64", "crc64_rocksoft",
			"crct10dif_pclmul?", "crct10dif_generic?", "t10_pi", "sd_mod",
		}},
		{names: []string{"a"}, want: []string{"b", "a"}},
		{names: []string{"nosuch", "crc64"}, want: []string{"crc64"}, err: ErrNotFound},
		{names: []string{"broken"}, err: ErrNotFound},
	} {
		steps, err := x.Order(tt.names...)
		if !errors.Is(err, tt.err) {
			t.Errorf("Order(%v) error = %v, want %v", tt.names, err, tt.err)
		}
		if diff := cmp.Diff(tt.want, stepNames(steps)); diff != "" {
			t.Errorf("Order(%v) (-want +got):\n%s", tt.names, diff)
		}
	}
}

// What may be loaded at the same time must not be what needs each other, soft
// dependencies included; a cycle must not wait for itself.
//
// mutant: order.go: o.after(append(before, m.Deps...)) => o.after(before)
func TestOrderAfter(t *testing.T) {
	steps, err := testIndex(t).Order("sd_mod", "ahci", "a")
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][]string{}
	for _, s := range steps {
		got[s.Name] = slices.Sorted(slices.Values(s.After))
	}
	want := map[string][]string{
		"scsi_mod": nil, "nls_iso8859_1": {"scsi_mod"}, "crc64": nil, "crc64_rocksoft": {"crc64"},
		"crct10dif_pclmul": nil, "crct10dif_generic": nil,
		"t10_pi": {"crc64", "crc64_rocksoft", "crct10dif_generic", "crct10dif_pclmul"},
		"sd_mod": {"crc64", "crc64_rocksoft", "scsi_mod", "t10_pi"},
		"ahci":   {"scsi_mod"}, "b": nil, "a": {"b"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("after (-want +got):\n%s", diff)
	}
}

func TestMatch(t *testing.T) {
	x := testIndex(t)
	for q, want := range map[string][]string{
		"pci:v00008086d00002922sv00001AF4sd00001100bc01sc06i01": {"ahci"},
		"pci:v00001234d00001111sv*sd*bc02sc00i00":               nil,
		"acpi:PNP0303:":   {"a"},
		"acpi0:PNP0303:X": {"a"},
		"crct10dif":       {"crct10dif_pclmul", "crct10dif_generic"},
		"scsi:t-0x00":     {"sd_mod"},
		"scsi:t-0x05":     nil,
		"":                nil,
	} {
		if diff := cmp.Diff(want, x.Match(q)); diff != "" {
			t.Errorf("Match(%q) (-want +got):\n%s", q, diff)
		}
	}
}

func TestGlob(t *testing.T) {
	for _, tt := range []struct {
		p, s string
		want bool
	}{
		{"", "", true}, {"*", "", true}, {"**", "abc", true}, {"a*c", "abbbc", true},
		{"a*c", "abbbd", false}, {"a?c", "abc", true}, {"a?c", "ac", false},
		{"d0[0-2]*", "d015", true}, {"d0[0-2]*", "d035", false}, {"d[!0-2]", "d3", true},
		{"d[!0-2]", "d1", false}, {"[]]", "]", true}, {"[a", "[a", true}, {`\*`, "*", true},
		{`\*`, "a", false}, {"v13FDp3940d0[0-2]*dc*", "v13FDp3940d0123dc00", true},
	} {
		if got := glob(tt.p, tt.s); got != tt.want {
			t.Errorf("glob(%q, %q) = %v", tt.p, tt.s, got)
		}
	}
}

func TestParseErrors(t *testing.T) {
	for name, b := range map[string]string{
		"modules.dep":     "ok.ko:\nno colon\n",
		"modules.alias":   "alias x y\nalias lonely\n",
		"modules.softdep": "softdep a pre: b\nharddep\n",
		"modules.builtin": "a.ko\n../../etc/passwd\n",
	} {
		fsys := fstest.MapFS{"modules.dep": {Data: []byte("a.ko:\n")}}
		fsys[name] = &fstest.MapFile{Data: []byte(b)}
		_, err := Load(fsys)
		var se *SyntaxError
		if !errors.As(err, &se) || se.File != name || se.Line != 2 {
			t.Errorf("%s: error = %v, want a SyntaxError in line 2", name, err)
		}
	}
	if _, err := Load(fstest.MapFS{}); err == nil {
		t.Error("Load without modules.dep succeeded")
	}
}

// The subset must resolve as the whole does: an image is built from it.
func TestSubsetRoundTrip(t *testing.T) {
	x := testIndex(t)
	steps, err := x.Order("sd_mod", "ahci")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range steps {
		names = append(names, s.Name)
	}
	fsys := fstest.MapFS{}
	for f, b := range x.Subset(names) {
		fsys[f] = &fstest.MapFile{Data: b}
	}
	y, err := Load(fsys)
	if err != nil {
		t.Fatal(err)
	}
	again, err := y.Order("sd_mod", "pci:v00008086d00002922sv1sd1bc01sc06i01")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(steps, again); diff != "" {
		t.Errorf("subset resolves differently (-whole +subset):\n%s", diff)
	}
	if _, ok := y.Module("a"); ok {
		t.Error("subset kept a module that was not asked for")
	}
	if !y.Builtin("rtc-cmos") {
		t.Error("subset lost the built-in modules")
	}
}
