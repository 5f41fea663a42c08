package menu_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"lethe/image/menu"
)

func sample() menu.Menu {
	return menu.Menu{Title: "Lethe 0.1.0", Words: menu.KernelWords(nil, ""), Default: menu.Erase, Seconds: 5}
}

func texts(m menu.Menu) map[string]string {
	return map[string]string{
		"ipxe":      m.IPXE("vmlinuz", "initrd.img"),
		"pxelinux":  m.PXELinux("vmlinuz", "initrd.img"),
		"grub":      m.GRUB(menu.Net, "/vmlinuz", "/initrd.img"),
		"grub disk": m.GRUB(menu.Disk, "/boot/vmlinuz", "/boot/initrd.img"),
	}
}

// Every loader offers all three, and only listing lists.
func TestChoices(t *testing.T) {
	for name, text := range texts(sample()) {
		for _, want := range []string{"List the drives only", "Erase under a signed order", "local disk", "Lethe 0.1.0"} {
			if !strings.Contains(text, want) {
				t.Errorf("%s: no %q in\n%s", name, want, text)
			}
		}
		if n := strings.Count(text, "lethe.list"); n != 1 {
			t.Errorf("%s: lethe.list %d times, want once:\n%s", name, n, text)
		}
		if n := strings.Count(text, menu.KernelWords(nil, "")); n != 2 {
			t.Errorf("%s: the kernel's words %d times, want twice", name, n)
		}
	}
}

// GRUB must not look through the machine's disks for a file: they are the targets.
//
// mutant: grub.go: set root=$disk => search --set=root --file /boot/vmlinuz
func TestNoSearch(t *testing.T) {
	for name, text := range texts(sample()) {
		if strings.Contains(text, "search") {
			t.Errorf("%s searches the disks:\n%s", name, text)
		}
	}
}

func TestKernelWords(t *testing.T) {
	for _, c := range []struct {
		consoles []string
		further  string
		want     string
	}{
		{nil, "", "console=tty0 console=ttyS0,115200n8 quiet libata.allow_tpm=1 module.sig_enforce=1"},
		{[]string{"ttyS1"}, " a b ", "console=ttyS1 quiet libata.allow_tpm=1 module.sig_enforce=1 a b"},
	} {
		if got := menu.KernelWords(c.consoles, c.further); got != c.want {
			t.Errorf("words %q, want %q", got, c.want)
		}
	}
}

func TestGRUBSyntax(t *testing.T) {
	for _, at := range []menu.Place{menu.Net, menu.Disk} {
		name := filepath.Join(t.TempDir(), "grub.cfg")
		if err := os.WriteFile(name, []byte(sample().GRUB(at, "/k", "/i")), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command("grub-script-check", name).CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
	}
}

func TestWaits(t *testing.T) {
	for name, text := range texts(menu.Menu{Title: "T"}) {
		for _, bad := range []string{"--timeout", "TIMEOUT", "timeout=5", "DEFAULT"} {
			if strings.Contains(text, bad) {
				t.Errorf("%s does not wait: %q", name, bad)
			}
		}
	}
}

// A title or a word must not become a command of the loader.
//
// mutant: menu.go: if strings.ContainsAny(s, "\r\n'\"`\\{}$;#&|<>") { => if false {
func TestCheck(t *testing.T) {
	for _, f := range []func(*menu.Menu){
		func(m *menu.Menu) { m.Title = "x\nboot" }, func(m *menu.Menu) { m.Words = "a;reboot" },
		func(m *menu.Menu) { m.Words = "$(x)" }, func(m *menu.Menu) { m.Title = "it's" },
		func(m *menu.Menu) { m.Default = "wipe" }, func(m *menu.Menu) { m.Seconds = -1 },
	} {
		m := sample()
		f(&m)
		if m.Check() == nil {
			t.Errorf("%+v was taken", m)
		}
	}
	if err := sample().Check(); err != nil {
		t.Error(err)
	}
}
