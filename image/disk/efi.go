package disk

import (
	"fmt"
	"os"

	"lethe/image/debian"
	"lethe/image/fat"
)

// Where UEFI looks on a removable medium (UEFI 2.10 §3.5.1.1), and where shim
// looks for what it starts.
const (
	EFIPath  = "EFI/BOOT/BOOTX64.EFI"
	GRUBPath = "EFI/BOOT/GRUBX64.EFI"
)

const (
	shim = "/usr/lib/shim/shimx64.efi.signed"
	// gcdx64 has the prefix /boot/grub; grubx64 would want Debian's own folder.
	grub = "/usr/lib/grub/x86_64-efi-signed/gcdx64.efi.signed"
)

// EFINeeds are the packages of Debian that the EFI boot loaders come from.
func EFINeeds() []debian.Need {
	return []debian.Need{{Path: shim, Package: "shim-signed"}, {Path: grub, Package: "grub-efi-amd64-signed"}}
}

// SignedBoot are Debian's signed shim and GRUB, which start on machines with
// Secure Boot as delivered, and the configuration for GRUB.
func SignedBoot(config string) ([]fat.File, error) {
	files := []fat.File{{Path: ConfigPath, Data: []byte(config)}}
	for _, f := range []struct{ to, from string }{{EFIPath, shim}, {GRUBPath, grub}} {
		b, err := os.ReadFile(f.from)
		if err != nil {
			return nil, fmt.Errorf("read boot loader: %w", err)
		}
		files = append(files, fat.File{Path: f.to, Data: b})
	}
	return files, nil
}
