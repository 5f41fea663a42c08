//go:build boot

package demo_test

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"lethe/certs/record"
	"lethe/cmd/internal/demo"
	"lethe/image/boottest"
	"lethe/image/secureboot"
)

// way is one way to start the machine, from a folder that lethe-image wrote.
type way struct {
	formats string
	args    func(t *testing.T) []string // of lethe-image build, nil for none
	config  func(t *testing.T, dir string) boottest.Config
	stick   bool
	seen    string // on the console, "" for anything
	says    string // every certificate, of who verified the agent; "" for nobody
}

func at(f boottest.Firmware, from boottest.Medium, file string) func(*testing.T, string) boottest.Config {
	return func(_ *testing.T, dir string) boottest.Config {
		return boottest.Config{Firmware: f, Boot: boottest.Boot{From: from, Path: filepath.Join(dir, file), Serial: demo.StickSerial}}
	}
}

func netboot(f boottest.Firmware, from boottest.Medium, file string) func(*testing.T, string) boottest.Config {
	return func(_ *testing.T, dir string) boottest.Config {
		return boottest.Config{Firmware: f, Boot: boottest.Boot{From: from, Path: filepath.Join(dir, "pxe"), File: file}}
	}
}

const (
	bios   = boottest.BIOS
	uefi   = boottest.UEFI
	secure = boottest.SecureBoot
)

// What the certificate says under Secure Boot.
const (
	byDebian = "agent not verified by firmware (Secure Boot verified boot loader and kernel only)"
	byOwner  = "agent verified by firmware (Secure Boot, unified kernel image)"
)

// ways are all ways to boot, by name.
var ways = map[string]way{
	"kernel":            {config: direct(bios)},
	"kernel-uefi":       {config: direct(uefi)},
	"pxe-bios-pxelinux": {formats: "pxe", config: netboot(bios, boottest.PXE, "pxelinux.0"), seen: `(?s)PXELINUX 6.*Automatic boot in`},
	"pxe-bios-ipxe":     {formats: "pxe", config: netboot(bios, boottest.IPXE, "menu.ipxe"), seen: `iPXE`},
	"pxe-uefi-uki":      {formats: "uki,pxe", config: netboot(uefi, boottest.PXE, "lethe.efi")},
	"pxe-uefi-grub":     {formats: "pxe", config: netboot(uefi, boottest.PXE, "shimx64.efi"), seen: `GNU GRUB`},
	"pxe-uefi-ipxe":     {formats: "pxe", config: netboot(uefi, boottest.IPXE, "menu.ipxe"), seen: `iPXE`},
	"http-uefi-uki":     {formats: "uki,pxe", config: byHTTP("lethe.efi"), seen: `HTTP`},
	"iso-cd-bios":       {formats: "iso", config: at(bios, boottest.CD, "lethe.iso")},
	"iso-cd-uefi":       {formats: "iso", config: at(uefi, boottest.CD, "lethe.iso")},
	"iso-stick-bios":    {formats: "iso", config: at(bios, boottest.Stick, "lethe.iso")},
	"iso-stick-uefi":    {formats: "iso", config: at(uefi, boottest.Stick, "lethe.iso")},
	"uki-fat":           {formats: "uki", config: onFAT(uefi, nil)},
	"usb-bios":          {formats: "usb", config: at(bios, boottest.Stick, "lethe-usb.img"), stick: true},
	"usb-uefi":          {formats: "usb", config: at(uefi, boottest.Stick, "lethe-usb.img"), stick: true},
	"debian-iso-cd":     {formats: "iso", config: at(secure, boottest.CD, "lethe.iso"), says: byDebian},
	"debian-pxe":        {formats: "pxe", config: netboot(secure, boottest.PXE, "shimx64.efi"), says: byDebian},
	"debian-usb":        {formats: "usb", config: at(secure, boottest.Stick, "lethe-usb.img"), stick: true, says: byDebian},
	"ownkeys-uki-fat":   {formats: "uki", args: signed, config: onFAT(secure, ownKeys), says: byOwner},
	"ownkeys-iso-stick": {formats: "iso", args: signedISO, config: withKeys(at(secure, boottest.Stick, "lethe.iso")), says: byOwner},
	"ownkeys-pxe-uki":   {formats: "uki,pxe", args: signed, config: withKeys(netboot(secure, boottest.PXE, "lethe.efi")), says: byOwner},
}

// Each way leads from power-on to a signed certificate for two drives, proven from
// the host, and the medium the machine booted from is as it was.
func TestWays(t *testing.T) {
	for _, name := range slices.Sorted(maps.Keys(ways)) {
		w := ways[name]
		t.Run(name, func(t *testing.T) {
			began := time.Now()
			res := run(t, w.options(t))
			if !res.Proven {
				t.Errorf("not proven: %+v", res.Drives)
			}
			for _, d := range res.Drives {
				if d.Paper == nil || d.Paper.State != string(record.Cleared) {
					t.Errorf("%s: paper %+v, want a certificate of Cleared", d.Name, d.Paper)
					continue
				}
				want := cmp.Or(w.says, "agent not verified by firmware")
				if got := d.Paper.Record.Context.Tool.Image; !strings.Contains(got, "; "+want) {
					t.Errorf("%s: image %q, want %q", d.Name, got, want)
				}
			}
			if w.seen != "" && !regexp.MustCompile(w.seen).MatchString(res.Console) {
				t.Errorf("the console never said %q", w.seen)
			}
			t.Logf("%s: signed certificates after %.0f s", name, time.Since(began).Seconds())
		})
	}
}

func (w way) options(t *testing.T) demo.Options {
	o := options(t, "", 16<<20)
	o.Drives = []demo.Plug{{Name: "sata", FS: "ext4", Bus: boottest.SATA, Serial: "WAY-SATA-1", Model: "LETHE WAY"},
		{Name: "nvme", FS: "vfat", Bus: boottest.NVMe, Serial: "WAY-NVME-2"}}
	o.NoDepot = w.stick
	a := &demo.Artefact{Formats: w.formats, Stick: w.stick,
		Config: func(dir string) (boottest.Config, error) { return w.config(t, dir), nil }}
	if a.Formats == "" {
		a.Formats = "kernel"
	}
	if w.args != nil {
		a.Args = w.args(t)
	}
	o.Artefact = a
	return o
}

// What nobody signed by a key that the firmware knows is refused by it: nothing of
// ours runs, no drive is touched, there is no paper.
func TestUnsignedRefused(t *testing.T) {
	for name, w := range map[string]way{
		"microsoft": {formats: "uki", config: onFAT(secure, nil)},
		"ownkeys":   {formats: "uki", config: onFAT(secure, ownKeys)},
		"foreign":   {formats: "uki", args: otherKeys, config: onFAT(secure, ownKeys)},
	} {
		t.Run(name, func(t *testing.T) {
			o := w.options(t)
			refusedUntouched(t, o, `Access Denied[^\n]*`)
		})
	}
}

func direct(f boottest.Firmware) func(*testing.T, string) boottest.Config {
	return func(_ *testing.T, dir string) boottest.Config {
		return boottest.Config{Firmware: f, Kernel: filepath.Join(dir, "vmlinuz"), Initrd: filepath.Join(dir, "initrd.img"),
			Append: "lethe.plain"}
	}
}

// byHTTP serves the folder pxe on loopback.
func byHTTP(file string) func(*testing.T, string) boottest.Config {
	return func(t *testing.T, dir string) boottest.Config {
		s := httptest.NewServer(http.FileServer(http.Dir(filepath.Join(dir, "pxe"))))
		t.Cleanup(s.Close)
		return boottest.Config{Firmware: uefi, Boot: boottest.Boot{From: boottest.HTTP,
			File: fmt.Sprintf("http://10.0.2.2:%s/%s", portOf(s.URL), file)}}
	}
}

func portOf(url string) string { return regexp.MustCompile(`\d+$`).FindString(url) }

// onFAT puts lethe.efi where firmware looks on a disk of one file system; vars makes
// the firmware's keys.
func onFAT(f boottest.Firmware, vars func(*testing.T) string) func(*testing.T, string) boottest.Config {
	return func(t *testing.T, dir string) boottest.Config {
		img := filepath.Join(dir, "fat.img")
		if err := demo.UKIDisk(filepath.Join(dir, "lethe.efi"), img); err != nil {
			t.Fatal(err)
		}
		c := boottest.Config{Firmware: f, Boot: boottest.Boot{From: boottest.Disk, Path: img, Serial: "UKI-DISK"}}
		if vars != nil {
			c.Vars = vars(t)
		}
		return c
	}
}

func withKeys(config func(*testing.T, string) boottest.Config) func(*testing.T, string) boottest.Config {
	return func(t *testing.T, dir string) boottest.Config {
		c := config(t, dir)
		c.Vars = ownKeys(t)
		return c
	}
}

func command(t *testing.T, words ...string) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), words[0], words[1:]...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", words, err, out)
	}
}

// keys is the folder of an owner's keys, one a test.
func keys(t *testing.T) string {
	dir := filepath.Join(os.TempDir(), fmt.Sprintf("lethe-keys-%d-%x", os.Getpid(), t.Name()))
	if _, err := os.Stat(dir); err == nil {
		return dir
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	command(t, "bin/lethe-image", "keys", "--owner", "Boot test", "--out", dir)
	return dir
}

func signed(t *testing.T) []string { return signedBy(keys(t)) }

func signedISO(t *testing.T) []string { return append(signed(t), "--efi", "uki") }

// otherKeys signs by keys that the firmware does not have.
func otherKeys(t *testing.T) []string {
	dir := filepath.Join(t.TempDir(), "other")
	command(t, "bin/lethe-image", "keys", "--owner", "Somebody else", "--out", dir)
	return signedBy(dir)
}

func signedBy(dir string) []string {
	return []string{"--sb-key", filepath.Join(dir, "db.key"), "--sb-cert", filepath.Join(dir, "db.pem")}
}

// ownKeys makes a file of UEFI variables in which the owner's keys are enrolled.
func ownKeys(t *testing.T) string {
	b, err := os.ReadFile(boottest.EmptyVars)
	if err != nil {
		t.Fatal(err)
	}
	var vars []boottest.Variable
	for _, v := range []secureboot.Variable{secureboot.DB, secureboot.KEK, secureboot.PK} {
		list, err := os.ReadFile(filepath.Join(keys(t), v.Name+".esl"))
		if err != nil {
			t.Fatal(err)
		}
		vars = append(vars, boottest.Variable{Name: v.Name, Vendor: v.Vendor, Data: list, Signed: true})
	}
	if b, err = boottest.AddVariables(b, vars...); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "vars.fd")
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}
