package image

import (
	"context"
	"encoding/hex"
	"fmt"
	"path/filepath"

	"lethe/image/debian"
	"lethe/image/disk"
	"lethe/image/fat"
	"lethe/image/iso"
	"lethe/image/menu"
)

// Names of the media.
const (
	FormatISO = "iso"
	FormatUSB = "usb"
	ISOFile   = "lethe.iso"
	USBFile   = "lethe-usb.img"
)

func isoNeeds() []debian.Need { return append(append(iso.Needs(), disk.EFINeeds()...), ukiNeeds()...) }

func usbNeeds() []debian.Need { return append(append(disk.Needs(), disk.EFINeeds()...), ukiNeeds()...) }

// id is unique to the image, without chance: serial numbers and signatures of
// media are made from it.
func (a *artefacts) id() (id [16]byte, err error) {
	b, err := hex.DecodeString(a.label.digest)
	if err != nil {
		return id, fmt.Errorf("image digest: %w", err)
	}
	copy(id[:], b)
	return id, nil
}

// grubConfig is the same for both media: what it names lies at the same place. It
// tells the agent by the disk signature which medium the machine came from, so
// that this one is never a target.
func (a *artefacts) grubConfig(id [16]byte) string {
	m := a.menu
	m.Words += " lethe.medium=" + disk.Signature(id)
	return m.GRUB(menu.Disk, "/"+disk.KernelPath, "/"+disk.InitrdPath)
}

// efi are the files that UEFI starts from a medium. With the unified image alone
// there is no GRUB, which would load what nobody signed.
func (a *artefacts) efi(id [16]byte) ([]fat.File, error) {
	if a.opt.EFI != EFIUKI {
		return disk.SignedBoot(a.grubConfig(id))
	}
	b, err := a.unified()
	return []fat.File{{Path: disk.EFIPath, Data: b}}, err
}

func writeISO(ctx context.Context, a *artefacts) error {
	id, err := a.id()
	if err != nil {
		return err
	}
	efi, err := a.efi(id)
	if err != nil {
		return err
	}
	return a.made(ISOFile, func(name string) error {
		return iso.Write(ctx, name, iso.Image{Kernel: a.vmlinuz, Initrd: a.initrd, Config: a.grubConfig(id), EFI: efi, ID: id})
	})
}

func writeUSB(ctx context.Context, a *artefacts) error {
	id, err := a.id()
	if err != nil {
		return err
	}
	files, err := a.efi(id)
	if err != nil {
		return err
	}
	if a.opt.EFI == EFIUKI { // GRUB for BIOS wants it all the same
		files = append(files, fat.File{Path: disk.ConfigPath, Data: []byte(a.grubConfig(id))})
	}
	files = append(files, fat.File{Path: disk.KernelPath, Data: a.vmlinuz}, fat.File{Path: disk.InitrdPath, Data: a.initrd})
	papers := append([]fat.File{{Path: "README.TXT", Data: []byte(papersReadme)}}, a.opt.Papers...)
	return a.made(USBFile, func(name string) error {
		return disk.Write(ctx, name, disk.Image{Boot: files, Papers: papers, PapersLen: a.opt.PapersLen, ID: id})
	})
}

// made lets a tool write a file, which appears whole or not at all.
func (a *artefacts) made(name string, write func(name string) error) error {
	tmp := filepath.Join(a.out, name+".tmp")
	f, err := stage(tmp, filepath.Join(a.out, name), write)
	if err != nil {
		return err
	}
	f.Name = name
	a.files = append(a.files, f)
	return nil
}

// papersReadme lies on the papers' partition. Lines end as Notepad wants them.
const papersReadme = "Lethe: this partition takes the papers of an erase.\r\n" +
	"\r\n" +
	"It does so once it carries a marker that an approver signed for this very\r\n" +
	"stick. With the stick in a machine that has Lethe:\r\n" +
	"\r\n" +
	"  lethe list                                   (shows its serial number)\r\n" +
	"  lethe stick prepare --device /dev/sdX --confirm SERIAL \\\r\n" +
	"      --key approver-key.pem --cert approver.pem\r\n" +
	"\r\n" +
	"The image must name the same stick in its site file, and trust the approver's\r\n" +
	"root:  stick: {serial: SERIAL}\r\n" +
	"\r\n" +
	"Papers come to LETHE\\papers. An order may lie in LETHE\\order.dsse.json.\r\n"
