package menu

import (
	"fmt"
	"strings"
)

// Place is where GRUB finds what it loads.
type Place int

const (
	// Net: beside the folder grub that the configuration came from.
	Net Place = iota
	// Disk: in the file system that the configuration came from, or, where that
	// is only the EFI partition of a disk written from an ISO image, in the image
	// that is the whole disk.
	Disk
)

// GRUB is a grub.cfg for BIOS and UEFI alike. It reads no drive but the one it
// was started from: there is no search over the disks of the machine, which are
// the targets.
func (m Menu) GRUB(at Place, kernel, initrd string) string {
	var b strings.Builder
	if m.waits() {
		b.WriteString("set timeout=-1\n")
	} else {
		fmt.Fprintf(&b, "set timeout=%d\nset default=%s\n", m.Seconds, m.Default)
	}
	b.WriteString("if serial --unit=0 --speed=115200; then\n" +
		"  terminal_input --append serial\n  terminal_output --append serial\nfi\n")
	if at == Disk {
		fmt.Fprintf(&b, "if [ ! -e %s ]; then\n  regexp --set=1:disk '^([^,]+),' \"$root\"\n  set root=$disk\nfi\n", kernel)
	}
	fmt.Fprintf(&b, "echo '%s'\n", m.Title)
	for _, c := range m.choices() {
		fmt.Fprintf(&b, "menuentry '%s' --id %s {\n  echo 'Loading ...'\n  linux %s %s\n  initrd %s\n}\n",
			c.title, c.name, kernel, c.words, initrd)
	}
	fmt.Fprintf(&b, "menuentry '%s' --id %s {\n  exit\n}\n", localTitle, Local)
	return b.String()
}
