package demo

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"lethe/image"
	"lethe/image/boottest"
	"lethe/image/disk"
	"lethe/image/fat"
	"lethe/image/pxe"
)

// ErrArtefact is wrapped for a name that is none of [Artefacts].
var ErrArtefact = errors.New("no such artefact")

// Artefacts are the names of what a folder of lethe-image can be booted as.
func Artefacts() []string { return []string{"kernel", "uki", "iso", "cd", "usb", "pxe", "ipxe"} }

// StartFrom is the machine that boots the folder dir of lethe-image in the form of
// an artefact: iso is the ISO image as a stick, pxe what the firmware itself loads.
// What is booted from a stick or disk is a copy in the folder work: the artefact
// stays as it is.
func StartFrom(artefact string, f boottest.Firmware, dir, work string) (boottest.Config, error) {
	c := boottest.Config{Firmware: f, Network: true}
	pxeFolder := filepath.Join(dir, image.PXEFolder)
	var err error
	switch artefact {
	case "kernel":
		c.Kernel, c.Initrd = filepath.Join(dir, image.KernelFile), filepath.Join(dir, image.InitrdFile)
	case "uki":
		c.Boot = boottest.Boot{From: boottest.Disk, Path: filepath.Join(work, "uki.img"), Serial: "LETHE-UKI"}
		err = UKIDisk(filepath.Join(dir, image.UKIFile), c.Boot.Path)
	case "cd":
		c.Boot = boottest.Boot{From: boottest.CD, Path: filepath.Join(dir, image.ISOFile)}
	case "iso", "usb":
		name := map[string]string{"iso": image.ISOFile, "usb": image.USBFile}[artefact]
		c.Boot = boottest.Boot{From: boottest.Stick, Path: filepath.Join(work, name), Serial: StickSerial}
		err = copyFile(filepath.Join(dir, name), c.Boot.Path)
	case "pxe":
		c.Boot = boottest.Boot{From: boottest.PXE, Path: pxeFolder, File: pxe.PXELinux}
		if f != boottest.BIOS {
			c.Boot.File = pxe.Shim
		}
	case "ipxe":
		c.Boot = boottest.Boot{From: boottest.IPXE, Path: pxeFolder, File: pxe.IPXEScript}
	default:
		err = fmt.Errorf("%w: %q (there are %s)", ErrArtefact, artefact, strings.Join(Artefacts(), ", "))
	}
	return c, err
}

// UKIDisk makes the image of a disk of one FAT file system on which UEFI finds a
// unified kernel image.
func UKIDisk(uki, img string) error {
	b, err := os.ReadFile(uki)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(img, os.O_CREATE|os.O_TRUNC|os.O_RDWR, 0o644)
	if err != nil {
		return err
	}
	size := max(int64(len(b))+4<<20, 64<<20)
	if err = f.Truncate(size); err == nil {
		err = fat.Format(f, fat.Options{Label: "LETHE", Serial: 1, Sectors: size / fat.SectorSize},
			fat.File{Path: disk.EFIPath, Data: b})
	}
	return errors.Join(err, f.Close())
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// TrialDrives plugs files and loop devices of the host in, one bus after the other
// and the last for all that are left. Anything else of the host is refused.
func TrialDrives(paths []string, buses []string) ([]boottest.Drive, error) {
	if len(buses) == 0 {
		buses = []string{string(boottest.SATA)}
	}
	var out []boottest.Drive
	for i, p := range paths {
		b := boottest.Bus(buses[min(i, len(buses)-1)])
		if !slices.Contains(boottest.Buses(), b) {
			return nil, fmt.Errorf("no bus %q: there are %s", b, strings.Trim(fmt.Sprint(boottest.Buses()), "[]"))
		}
		if err := boottest.CheckDisk(p); err != nil {
			return nil, err
		}
		out = append(out, boottest.Drive{Bus: b, Path: p, Serial: serialOf(p, i, b)})
	}
	return out, nil
}

// serialOf makes a serial number from the name of a file.
func serialOf(path string, i int, b boottest.Bus) string {
	if b == boottest.SD {
		return boottest.SDSerial
	}
	name := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return r - 'a' + 'A'
		case r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-':
			return r
		}
		return '-'
	}, strings.TrimSuffix(filepath.Base(path), filepath.Ext(path)))
	return fmt.Sprintf("%.16s-%d", name, i)
}
