// Package pxe makes the folder that a TFTP or HTTP server gives to machines that
// boot from the network. Which file a machine asks for is the DHCP server's word:
//
//	BIOS            pxelinux.0
//	UEFI            shimx64.efi   (Debian's signed shim, GRUB and kernel: Secure Boot as delivered)
//	UEFI, own keys  lethe.efi     (the unified kernel image)
//	iPXE            menu.ipxe
//	UEFI HTTP       http://…/lethe.efi or http://…/shimx64.efi
//
// The folder is the server's root, or for iPXE any folder; shim and GRUB look for
// grubx64.efi and /grub/grub.cfg below the root.
package pxe

import (
	"fmt"
	"os"

	"lethe/image/debian"
	"lethe/image/menu"
)

// What the folder holds beside kernel and initramfs, which keep their names.
const (
	IPXEScript = "menu.ipxe"
	PXELinux   = "pxelinux.0"
	Shim       = "shimx64.efi"
	GRUB       = "grubx64.efi"
)

const (
	shimFile = "/usr/lib/shim/shimx64.efi.signed"
	grubFile = "/usr/lib/grub/x86_64-efi-signed/grubnetx64.efi.signed"
	bios     = "/usr/lib/syslinux/modules/bios/"
)

// File is one file of the folder.
type File struct {
	Path string // slash separated, below the folder
	Data []byte
}

// copied are the boot loaders, as Debian has them.
var copied = []struct{ to, from, pkg string }{
	{PXELinux, "/usr/lib/PXELINUX/pxelinux.0", "pxelinux"},
	{"ldlinux.c32", bios + "ldlinux.c32", "syslinux-common"},
	{"libutil.c32", bios + "libutil.c32", "syslinux-common"},
	{"menu.c32", bios + "menu.c32", "syslinux-common"},
	{Shim, shimFile, "shim-signed"},
	{GRUB, grubFile, "grub-efi-amd64-signed"},
}

// Needs are the files of Debian that go into the folder.
func Needs() []debian.Need {
	var out []debian.Need
	for _, c := range copied {
		out = append(out, debian.Need{Path: c.from, Package: c.pkg})
	}
	return out
}

// Files returns the boot loaders and their menus; kernel and initrd are the names
// of the two files that the caller puts beside them.
func Files(m menu.Menu, kernel, initrd string) ([]File, error) {
	if err := m.Check(); err != nil {
		return nil, err
	}
	var out []File
	for _, c := range copied {
		b, err := os.ReadFile(c.from)
		if err != nil {
			return nil, fmt.Errorf("read boot loader: %w", err)
		}
		out = append(out, File{c.to, b})
	}
	return append(out,
		File{IPXEScript, []byte(m.IPXE(kernel, initrd))},
		File{"pxelinux.cfg/default", []byte(m.PXELinux(kernel, initrd))},
		File{"grub/grub.cfg", []byte(m.GRUB(menu.Net, "/"+kernel, "/"+initrd))}), nil
}
