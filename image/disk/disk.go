// Package disk writes the image of a USB stick that boots on BIOS and UEFI and
// takes the papers:
//
//	sector 0      MBR: GRUB's boot code, two partitions, disk signature
//	sector 1      GRUB's core for BIOS, in the gap before the first partition
//	partition 1   FAT32 "LETHE": marker, order, papers
//	partition 2   FAT "LETHE-BOOT", EFI system partition: shim, GRUB, kernel, initramfs
//
// An MBR, not a GPT: the second copy of a GPT belongs at the end of the stick,
// whose size nobody knows when the image is made, and BIOS firmware of 2012
// refuses some. UEFI takes the partition type EFh (UEFI 2.10 §5.2). The papers
// come first, since older systems show only the first partition of a stick.
package disk

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"lethe/image/debian"
	"lethe/image/fat"
)

const (
	boot       = "/usr/lib/grub/i386-pc/boot.img"
	alignment  = 2048 // sectors: 1 MiB
	typeFAT32  = 0x0c
	typeESP    = 0xef
	tableAt    = 446
	activeFlag = 0x80
)

// Kernel and initramfs lie here on the boot partition.
const (
	KernelPath = "boot/vmlinuz"
	InitrdPath = "boot/initrd.img"
	ConfigPath = "boot/grub/grub.cfg"
)

// SignatureAt is where an MBR has the signature that tells the disk from others.
const SignatureAt = 440

// Signature is the disk signature of an image with that ID, as kernels and
// partition tools write it: eight hex digits.
func Signature(id [16]byte) string {
	return fmt.Sprintf("%08x", binary.LittleEndian.Uint32(id[:]))
}

// MinPapers is the least size of the papers' partition in bytes.
const MinPapers = 36 << 20

// Image is what goes onto the stick.
type Image struct {
	Boot      []fat.File // EFI boot loaders, kernel, initramfs, grub.cfg
	Papers    []fat.File // what the papers' partition starts with
	PapersLen int64      // its size in bytes, at least MinPapers
	ID        [16]byte   // unique to this image: disk signature and serial numbers
}

// modules are what GRUB for BIOS needs to read its configuration and a kernel.
var modules = []string{"biosdisk", "part_msdos", "fat", "normal", "configfile", "linux", "serial", "terminal",
	"test", "echo", "regexp", "minicmd", "boot"}

// Needs are the packages of Debian that the image is made with.
func Needs() []debian.Need {
	return []debian.Need{{Path: boot, Package: "grub-pc-bin"}, {Path: "grub-mkimage", Package: "grub-common"}}
}

// Write writes the image to a new file.
func Write(ctx context.Context, name string, i Image) error {
	mbr, err := os.ReadFile(boot)
	if err != nil {
		return fmt.Errorf("read boot loader: %w", err)
	}
	core, err := coreImage(ctx)
	if err != nil {
		return err
	}
	if len(mbr) != fat.SectorSize || len(core) > (alignment-1)*fat.SectorSize {
		return fmt.Errorf("GRUB: boot code of %d bytes, core of %d", len(mbr), len(core))
	}
	f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("write disk image: %w", err)
	}
	err = i.write(f, mbr, core)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		os.Remove(name)
		return fmt.Errorf("write disk image: %w", err)
	}
	return nil
}

// coreImage is GRUB for BIOS; the empty disk name stands for the one it was
// started from, so that it looks at no other.
func coreImage(ctx context.Context) ([]byte, error) {
	dir, err := os.MkdirTemp("", "lethe-grub-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	name := filepath.Join(dir, "core.img")
	args := append([]string{"-O", "i386-pc", "-p", "(,msdos2)/boot/grub", "-o", name}, modules...)
	if _, err := debian.Run(ctx, "grub-mkimage", args...); err != nil {
		return nil, err
	}
	return os.ReadFile(name)
}

// partition is one partition in sectors.
type partition struct {
	kind, flag  byte
	start, size int64
}

func (i Image) write(f *os.File, mbr, core []byte) error {
	papers := partition{typeFAT32, 0, alignment, roundUp(max(i.PapersLen, MinPapers) / fat.SectorSize)}
	esp := partition{typeESP, activeFlag, papers.start + papers.size, roundUp(bootSectors(i.Boot))}
	if err := f.Truncate((esp.start + esp.size) * fat.SectorSize); err != nil {
		return err
	}
	sector := make([]byte, fat.SectorSize)
	copy(sector, mbr)
	// Some BIOSes do not say which drive they start from; GRUB's own installer
	// turns its check of that on for hard disks by two NOPs here.
	sector[0x66], sector[0x67] = 0x90, 0x90
	copy(sector[SignatureAt:], i.ID[:4])
	sector[444], sector[445] = 0, 0
	clear(sector[tableAt : tableAt+64])
	for n, p := range []partition{papers, esp} {
		p.put(sector[tableAt+16*n:])
	}
	if err := writeAll(f, at{0, sector}, at{fat.SectorSize, core}); err != nil {
		return err
	}
	serial := binary.LittleEndian.Uint32(i.ID[4:])
	err := fat.Format(io.NewOffsetWriter(f, papers.start*fat.SectorSize),
		fat.Options{Label: "LETHE", Serial: serial, Sectors: papers.size, Hidden: papers.start}, i.Papers...)
	if err != nil {
		return fmt.Errorf("papers: %w", err)
	}
	err = fat.Format(io.NewOffsetWriter(f, esp.start*fat.SectorSize),
		fat.Options{Label: "LETHE-BOOT", Serial: serial + 1, Sectors: esp.size, Hidden: esp.start}, i.Boot...)
	if err != nil {
		return fmt.Errorf("boot partition: %w", err)
	}
	return nil
}

type at struct {
	off  int64
	data []byte
}

func writeAll(w io.WriterAt, parts ...at) error {
	for _, p := range parts {
		if _, err := w.WriteAt(p.data, p.off); err != nil {
			return err
		}
	}
	return nil
}

// put writes a partition's entry. The addresses by cylinder are at their limit,
// which says that they do not count.
func (p partition) put(b []byte) {
	b[0], b[4] = p.flag, p.kind
	copy(b[1:4], []byte{0xfe, 0xff, 0xff})
	copy(b[5:8], []byte{0xfe, 0xff, 0xff})
	binary.LittleEndian.PutUint32(b[8:], uint32(p.start))
	binary.LittleEndian.PutUint32(b[12:], uint32(p.size))
}

// bootSectors is room for the files, and never so little that it is no FAT32:
// some firmware takes nothing else for its partition.
func bootSectors(files []fat.File) int64 {
	n := int64(4 << 20)
	for _, f := range files {
		n += int64(len(f.Data)) + 4096
	}
	return max(n, MinPapers) / fat.SectorSize
}

func roundUp(sectors int64) int64 { return (sectors + alignment - 1) / alignment * alignment }
