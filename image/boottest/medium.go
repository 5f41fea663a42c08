package boottest

import "fmt"

// Medium is what firmware starts from.
type Medium string

// The media. By PXE, firmware loads by its own network boot; SeaBIOS has none and
// uses the card's ROM, as a BIOS of real machines does. By IPXE the ROM of the
// card, QEMU's iPXE, loads on UEFI, too.
const (
	Direct Medium = ""      // kernel and initrd, given straight to QEMU
	PXE    Medium = "pxe"   // Path is the TFTP server's folder, File what DHCP names in it
	IPXE   Medium = "ipxe"  // likewise
	HTTP   Medium = "http"  // File is a URL; UEFI only
	CD     Medium = "cd"    // Path is an ISO image
	Stick  Medium = "stick" // Path is the image of a USB stick, which may be written
	Disk   Medium = "disk"  // Path is the image of a virtio-blk disk, which may be written
)

// Boot is what the machine boots.
type Boot struct {
	From   Medium
	Path   string
	File   string
	Serial string // of stick or disk
}

func (b Boot) check(f Firmware) error {
	switch {
	case b.From == HTTP && (f == BIOS || b.File == ""):
		return fmt.Errorf("%w: http needs UEFI and a URL", ErrConfig)
	case (b.From == PXE || b.From == IPXE) && (b.Path == "" || b.File == ""):
		return fmt.Errorf("%w: %s needs a folder and a file in it", ErrConfig, b.From)
	case (b.From == CD || b.From == Stick || b.From == Disk) && b.Path == "":
		return fmt.Errorf("%w: %s needs an image", ErrConfig, b.From)
	}
	return nil
}

// args attach the medium.
func (b Boot) args(r *rig, f Firmware) ([]string, error) {
	drive := func(more string) []string {
		return []string{"-drive", "if=none,id=boot,file=" + escape(b.Path) + ",format=raw" + more, "-device"}
	}
	switch b.From {
	case Direct, PXE, IPXE, HTTP:
		return nil, nil
	case CD:
		// The last of the chipset's own places.
		bus := "ide.5"
		if r.chipset == PC {
			bus = "ide.1,unit=1"
		}
		return append(drive(",media=cdrom,readonly=on"), "ide-cd,bus="+bus+",drive=boot,bootindex=0"), nil
	case Stick:
		r.xhci()
		return append(drive(",cache=writeback"), "usb-storage,bus=xhci.0,drive=boot,removable=on,bootindex=0"+opt("serial", b.Serial)), nil
	case Disk:
		return append(drive(",cache=writeback"), "virtio-blk-pci,drive=boot,bootindex=0"+opt("serial", b.Serial)), nil
	}
	return nil, fmt.Errorf("%w: medium %q is unknown", ErrConfig, b.From)
}

// network is the card, by which the machine may boot.
func (b Boot) network(f Firmware) []string {
	net, card := "user,id=net0", "virtio-net-pci,netdev=net0"
	switch {
	case b.From == PXE || b.From == IPXE:
		net += ",tftp=" + escape(b.Path) + ",bootfile=" + escape(b.File)
		card += ",bootindex=0"
		if b.From == PXE && f != BIOS {
			card += ",romfile="
		}
	default:
		// Without its ROM the card costs the firmware no time.
		card += ",romfile="
	}
	return []string{"-netdev", net, "-device", card}
}

// variables are those that make UEFI boot from the medium, where bootindex does not.
func (b Boot) variables() []Variable {
	if b.From == HTTP {
		return bootURI(b.File)
	}
	return nil
}
