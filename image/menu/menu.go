// Package menu writes the boot menus, the same three choices for every boot
// loader: list the drives, erase under a signed order, leave for the local disk.
//
// The choice that is taken when nobody is there erases nothing by itself: without
// an order that an approver signed for this machine the agent only lists.
package menu

import (
	"fmt"
	"strings"
)

// Names of the choices.
const (
	List  = "list"
	Erase = "erase"
	Local = "local"
)

// Consoles are those of a site that names none: screen and first serial line. The
// kernel leaves out a port that is not there, and the last one is /dev/console.
var Consoles = []string{"tty0", "ttyS0,115200n8"}

// hardening are the words of every boot. allow_tpm opens the ATA commands that TCG
// drives need; sig_enforce keeps modules out that Debian did not sign.
const hardening = "quiet libata.allow_tpm=1 module.sig_enforce=1"

// KernelWords is the kernel's command line: the consoles, nil for [Consoles], the
// words of every boot, and further ones.
func KernelWords(consoles []string, further string) string {
	if len(consoles) == 0 {
		consoles = Consoles
	}
	return join("console="+strings.Join(consoles, " console="), hardening, strings.TrimSpace(further))
}

// Menu is one menu. The zero values of Default and Seconds wait for a person.
type Menu struct {
	Title   string
	Words   string // kernel command line of every choice
	Default string // List, Erase or Local
	Seconds int    // until Default is taken
}

type choice struct{ name, title, words string }

func (m Menu) choices() []choice {
	return []choice{
		{List, "List the drives only", join(m.Words, "lethe.list")},
		{Erase, "Erase under a signed order", m.Words},
	}
}

// localTitle is the choice that starts nothing of ours.
const localTitle = "Leave: boot the local disk"

// Check refuses what would break out of a menu's syntax.
func (m Menu) Check() error {
	for _, s := range []string{m.Title, m.Words} {
		if strings.ContainsAny(s, "\r\n'\"`\\{}$;#&|<>") {
			return fmt.Errorf("boot menu: %q has a character that boot loaders act on", s)
		}
	}
	switch m.Default {
	case "", List, Erase, Local:
	default:
		return fmt.Errorf("boot menu: no choice %q: say %s, %s or %s", m.Default, List, Erase, Local)
	}
	if m.Seconds < 0 || m.Seconds > 3600 {
		return fmt.Errorf("boot menu: %d seconds are not 0 to 3600", m.Seconds)
	}
	return nil
}

// waits tells whether the menu waits for a person however long it takes.
func (m Menu) waits() bool { return m.Default == "" || m.Seconds == 0 }

// IPXE is a script for iPXE; the paths are relative to the script. On UEFI the
// kernel takes its initramfs by the name of initrd=.
func (m Menu) IPXE(kernel, initrd string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "#!ipxe\n:menu\nmenu %s\n", m.Title)
	for _, c := range m.choices() {
		fmt.Fprintf(&b, "item %s %s\n", c.name, c.title)
	}
	fmt.Fprintf(&b, "item %s %s\n", Local, localTitle)
	if m.waits() {
		b.WriteString("choose target && goto ${target} || goto menu\n")
	} else {
		fmt.Fprintf(&b, "choose --default %s --timeout %d target && goto ${target} || goto menu\n", m.Default, m.Seconds*1000)
	}
	for _, c := range m.choices() {
		fmt.Fprintf(&b, ":%s\nkernel %s initrd=%s %s || goto failed\ninitrd %s || goto failed\nboot || goto failed\n",
			c.name, kernel, base(initrd), c.words, initrd)
	}
	// BIOS has the first disk at hand; UEFI goes on in its own boot order.
	fmt.Fprintf(&b, ":%s\niseq ${platform} pcbios && sanboot --no-describe --drive 0x80 || exit\n", Local)
	b.WriteString(":failed\nimgfree\necho Lethe could not be started. Press a key for the menu.\nprompt\ngoto menu\n")
	return b.String()
}

// PXELinux is pxelinux.cfg/default for menu.c32; the paths are below the TFTP
// server's folder of pxelinux.0.
func (m Menu) PXELinux(kernel, initrd string) string {
	var b strings.Builder
	// Without SERIAL, a machine with nothing but a serial line shows nothing.
	fmt.Fprintf(&b, "SERIAL 0 115200\nUI menu.c32\nMENU TITLE %s\n", m.Title)
	if !m.waits() {
		fmt.Fprintf(&b, "TIMEOUT %d\n", m.Seconds*10)
	}
	mark := func(name string) string {
		if name == m.Default {
			return "  MENU DEFAULT\n"
		}
		return ""
	}
	for _, c := range m.choices() {
		fmt.Fprintf(&b, "LABEL %s\n  MENU LABEL %s\n%s  KERNEL %s\n  INITRD %s\n  APPEND %s\n",
			c.name, c.title, mark(c.name), kernel, initrd, c.words)
	}
	fmt.Fprintf(&b, "LABEL %s\n  MENU LABEL %s\n%s  LOCALBOOT 0\n", Local, localTitle, mark(Local))
	return b.String()
}

func join(words ...string) string { return strings.TrimSpace(strings.Join(words, " ")) }

func base(p string) string { return p[strings.LastIndexByte(p, '/')+1:] }
