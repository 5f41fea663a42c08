// Package iso writes the hybrid ISO image: it boots as a CD and, copied onto a
// stick, as a disk, on BIOS and on UEFI.
//
//	BIOS   GRUB as El Torito image, and in the MBR for a stick
//	UEFI   a FAT image with Debian's signed shim and GRUB, as El Torito image
//	       and as an appended partition of type EFh for a stick
//
// Kernel and initramfs are in the ISO file system once; GRUB finds them on the
// medium it was started from. xorriso lays it out; every date, serial number and
// sector it writes is given, so that the same input gives the same bytes.
package iso

import (
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"lethe/image/debian"
	"lethe/image/disk"
	"lethe/image/fat"
)

const hybridMBR = "/usr/lib/grub/i386-pc/boot_hybrid.img"

// Volume is the name of the medium.
const Volume = "LETHE"

// Image is what goes onto the medium.
type Image struct {
	Kernel, Initrd []byte
	Config         string     // grub.cfg, for BIOS and UEFI
	EFI            []fat.File // the EFI partition
	Extra          []fat.File // further files of the ISO file system
	ID             [16]byte   // unique to this image: volume date and serial numbers
}

var modules = []string{"biosdisk", "iso9660", "part_msdos", "normal", "configfile", "linux", "serial", "terminal",
	"test", "echo", "regexp", "minicmd", "boot"}

// Needs are the packages of Debian that the image is made with.
func Needs() []debian.Need {
	return []debian.Need{{Path: hybridMBR, Package: "grub-pc-bin"}, {Path: "grub-mkimage", Package: "grub-common"},
		{Path: "xorriso", Package: "xorriso"}}
}

// Write writes the image to a file, which must not exist.
func Write(ctx context.Context, name string, i Image) error {
	if _, err := os.Lstat(name); err == nil {
		return fmt.Errorf("write ISO image: %s exists", name)
	}
	dir, err := os.MkdirTemp("", "lethe-iso-")
	if err != nil {
		return fmt.Errorf("write ISO image: %w", err)
	}
	defer os.RemoveAll(dir)
	if err := i.stage(ctx, dir); err != nil {
		return err
	}
	if _, err := debian.Run(ctx, "xorriso", i.args(dir, name)...); err != nil {
		os.Remove(name)
		return err
	}
	return i.sign(name)
}

// sign writes the disk signature, which xorriso leaves at zero.
func (i Image) sign(name string) error {
	f, err := os.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("write ISO image: %w", err)
	}
	_, err = f.WriteAt(i.ID[:4], disk.SignatureAt)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return fmt.Errorf("write ISO image: %w", err)
	}
	return nil
}

// stage puts everything that xorriso reads into dir: the tree in root, the EFI
// partition beside it.
func (i Image) stage(ctx context.Context, dir string) error {
	files := append([]fat.File{{Path: disk.KernelPath, Data: i.Kernel}, {Path: disk.InitrdPath, Data: i.Initrd},
		{Path: disk.ConfigPath, Data: []byte(i.Config)}}, i.Extra...)
	for _, f := range files {
		name := filepath.Join(dir, "root", filepath.FromSlash(f.Path))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return fmt.Errorf("write ISO image: %w", err)
		}
		if err := os.WriteFile(name, f.Data, 0o644); err != nil {
			return fmt.Errorf("write ISO image: %w", err)
		}
	}
	args := append([]string{"-O", "i386-pc-eltorito", "-p", "/boot/grub",
		"-o", filepath.Join(dir, "root", "boot", "grub", "bios.img")}, modules...)
	if _, err := debian.Run(ctx, "grub-mkimage", args...); err != nil {
		return err
	}
	return i.efi(filepath.Join(dir, "efi.img"))
}

func (i Image) efi(name string) error {
	f, err := os.Create(name)
	if err != nil {
		return fmt.Errorf("write EFI partition: %w", err)
	}
	defer f.Close()
	size := int64(3 << 20) // of a FAT16, at least
	for _, e := range i.EFI {
		size += int64(len(e.Data)) + 4096
	}
	sectors := (size + 1<<20 - 1) >> 20 << 11
	if err := f.Truncate(sectors * fat.SectorSize); err != nil {
		return fmt.Errorf("write EFI partition: %w", err)
	}
	o := fat.Options{Label: "LETHE-EFI", Serial: binary.LittleEndian.Uint32(i.ID[4:]), Sectors: sectors, Cluster: 1}
	if sectors > 60000 {
		o.Cluster = 4
	}
	if err := fat.Format(f, o, i.EFI...); err != nil {
		return fmt.Errorf("write EFI partition: %w", err)
	}
	return f.Close()
}

// date is the volume's date. GRUB and Linux take it for the volume's UUID, so that
// it is made from the image's ID; it lies in the years 2000 to 2031.
func (i Image) date() time.Time {
	const span = 1_000_000_000 // seconds
	return time.Unix(946_684_800+int64(binary.LittleEndian.Uint64(i.ID[8:])%span), 0).UTC()
}

// args are xorriso's words: as mkisofs, with all that it would take from the
// clock or by chance.
func (i Image) args(dir, out string) []string {
	stamp := i.date().Format("20060102150405") + "00"
	root := filepath.Join(dir, "root")
	return []string{
		"-report_about", "WARNING", "-as", "mkisofs",
		"-o", out, "-V", Volume, "-J", "-joliet-long", "-r", "-graft-points",
		"--modification-date=" + stamp, "--set_all_file_dates", "1980010100000000",
		"--sort-weight", "1", "/boot/grub/bios.img",
		"--grub2-mbr", hybridMBR, "-partition_offset", "0",
		"-b", "boot/grub/bios.img", "-no-emul-boot", "-boot-load-size", "4", "-boot-info-table", "--grub2-boot-info",
		"-eltorito-alt-boot", "-e", "--interval:appended_partition_2:all::", "-no-emul-boot",
		"-append_partition", "2", "0xef", filepath.Join(dir, "efi.img"),
		"--mbr-force-bootable", "-no-pad",
		"/=" + root,
	}
}
