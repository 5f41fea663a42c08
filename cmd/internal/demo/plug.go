package demo

import (
	"cmp"
	"hash/crc32"
	"os"

	"lethe/cmd/internal/demo/scratch"
	"lethe/image/boottest"
)

// Plug says what drive to make and how to plug it in.
type Plug struct {
	Name   string // of its file
	FS     string // "ext4", "vfat", or "" for noise only
	Bus    boottest.Bus
	Serial string
	Model  string
	Size   int64 // bytes; Options.Size when zero
	Behind bool  // behind a loop device of the host
	Rate   int64 // bytes a second, 0 unlimited
	Faults []boottest.Fault
	Log    string // boottest.Drive's
	// Logical and Physical are sector sizes in bytes, 512 where 0.
	Logical, Physical int
}

// fourBuses are the demonstration's drives; the last two are of odd size.
func fourBuses(size int64) []Plug {
	return []Plug{
		{Name: "sata-loop", FS: "ext4", Bus: boottest.SATA, Serial: "DEMO-SATA-1", Model: "LETHE DEMO SATA", Behind: true},
		{Name: "nvme", FS: "ext4", Bus: boottest.NVMe, Serial: "DEMO-NVME-2"},
		{Name: "virtio", FS: "ext4", Bus: boottest.Virtio, Serial: "DEMO-VIRT-3", Size: size + 512},
		{Name: "usb", FS: "vfat", Bus: boottest.USB, Serial: "DEMO-USB-4", Size: size + 3584},
	}
}

// drive is the plug as QEMU has it.
func (p Plug) drive(node string) boottest.Drive {
	b := boottest.Drive{Bus: p.Bus, Path: node, Serial: p.Serial, Model: p.Model, Rate: p.Rate, Faults: p.Faults, Log: p.Log,
		Logical: p.Logical, Physical: p.Physical}
	if p.Bus == boottest.SATA {
		// A name of its own: two drives of one name are refused.
		b.RPM, b.WWN = 7200, 0x5000c500<<32|uint64(crc32.ChecksumIEEE([]byte(p.Serial)))
	}
	return b
}

// makeDrives makes the drives, full of data.
func (s *stage) makeDrives(*Result) error {
	if err := os.MkdirAll(s.Out, 0o755); err != nil {
		return err
	}
	var err error
	if s.work, err = os.MkdirTemp(s.Out, "work-"); err != nil {
		return err
	}
	plugs := s.Options.Drives
	if plugs == nil {
		plugs = fourBuses(s.Size)
	}
	for _, p := range plugs {
		p.Size = cmp.Or(p.Size, s.Size)
		d, err := scratch.Make(s.ctx, s.work, scratch.Spec{Name: p.Name, Size: p.Size, FS: p.FS})
		if err != nil {
			return err
		}
		s.drives = append(s.drives, &Target{Drive: d, Plug: p})
		if p.Behind {
			if err := d.Attach(s.ctx); err != nil {
				return err
			}
		}
		fs := cmp.Or(p.FS, "noise")
		s.Say("   %-10s %s on %s, %s with files, serial %s", p.Name, d.Node(), p.Bus, fs, p.Serial)
	}
	return nil
}
