// Package demo is the main job, end to end, on one machine: it makes drives full
// of data, signs an order, boots the image in QEMU, lets it erase the drives and
// deliver its papers to a depot on loopback, and then proves on the host, from
// the drives' own bytes and with foreign tools, that what the papers say is so.
//
// The tests that boot a machine use it too, with a lethe that was tampered with.
package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"lethe/certs/record"
	"lethe/certs/sign"
	"lethe/cmd/internal/demo/scratch"
	"lethe/image"
	"lethe/image/boottest"
)

// Machine is what the emulated server says it is; the order is bound to it.
var Machine = boottest.Machine{Manufacturer: "Lethe", Product: "Demo Server",
	Serial: "DEMO-SRV-0001", UUID: "6a1d3c50-3a44-4f0c-9a55-5d0f6e8f2b11"}

// Options say where and how.
type Options struct {
	Out      string // folder for papers, root and summary
	Bin      string // folder of the binaries
	Image    string // folder of vmlinuz and initrd.img
	Size     int64  // bytes of each drive
	NoOrder  bool   // leave the order out: the machine must list only
	Say      func(f string, a ...any)
	Console  io.Writer     // the guest's console as it speaks; nil keeps it quiet
	Live     bool          // Console is a terminal: the guest may draw bars
	BootTime time.Duration // limit for the machine; 10 min when zero
}

// Result is what came of it, and what summary.json says.
type Result struct {
	Started record.Time   `json:"started"`
	Seconds int64         `json:"seconds"`
	Image   ImageResult   `json:"image"`
	Drives  []DriveResult `json:"drives"`
	Summary *PaperResult  `json:"summary"`
	Checked bool          `json:"checked"` // lethe-check accepted all papers in one call
	Proven  bool          `json:"proven"`  // everything below holds for every drive
	Console string        `json:"-"`
}

// ImageResult is the size of what was booted.
type ImageResult struct {
	Kernel int64 `json:"kernelBytes"`
	Initrd int64 `json:"initrdBytes"`
}

// DriveResult is one drive, seen from the host.
type DriveResult struct {
	Name    string          `json:"name"`
	Bus     string          `json:"bus"`
	Serial  string          `json:"serial"`
	Size    int64           `json:"size"`
	Loop    bool            `json:"loopDevice"`
	Remains scratch.Remains `json:"remains"`
	Paper   *PaperResult    `json:"paper"`
}

// PaperResult is what foreign tools and lethe-check say of one paper.
type PaperResult struct {
	File    string `json:"file"`
	State   string `json:"state,omitempty"`
	Kind    string `json:"kind"`
	Pdfsig  bool   `json:"pdfsig"`  // valid, trusted, total document signed
	Qpdf    bool   `json:"qpdf"`    // --check clean
	Checked bool   `json:"checked"` // lethe-check, exit 0
}

// Run does it all. The result is returned with an error too, as far as it got.
func Run(ctx context.Context, o Options) (res Result, err error) {
	began := time.Now()
	res.Started = record.At(began)
	s := &stage{Options: o, ctx: ctx}
	defer func() {
		res.Seconds = int64(time.Since(began).Seconds())
		err = errors.Join(err, s.close())
	}()
	for _, step := range []struct {
		what string
		do   func(*Result) error
	}{
		{"drives full of data", s.makeDrives},
		{"keys, order and overlay", s.makePapers},
		{"depot on loopback", s.startDepot},
		{"boot and erase in QEMU", s.boot},
		{"proof on the host", s.prove},
	} {
		t := time.Now()
		s.Say("== %s", step.what)
		if err := step.do(&res); err != nil {
			return res, fmt.Errorf("%s: %w", step.what, err)
		}
		s.Say("   %.1f s", time.Since(t).Seconds())
	}
	return res, nil
}

// stage is one run's things, all of which close takes away again.
type stage struct {
	Options
	ctx     context.Context
	work    string
	drives  []*Target
	root    *sign.Authority
	overlay []byte
	depot   *depot
}

// Target is a scratch drive and where it is plugged in.
type Target struct {
	*scratch.Drive
	Bus    boottest.Bus
	Serial string
	Model  string
}

func (s *stage) close() error {
	var errs []error
	if s.depot != nil {
		errs = append(errs, s.depot.stop())
	}
	for _, d := range s.drives {
		errs = append(errs, d.Detach())
	}
	if s.work != "" {
		errs = append(errs, os.RemoveAll(s.work))
	}
	return errors.Join(errs...)
}

// makeDrives makes four drives on four buses; the first stands behind a loop
// device of the host. The last two are of odd size.
func (s *stage) makeDrives(*Result) error {
	if err := os.MkdirAll(s.Out, 0o755); err != nil {
		return err
	}
	var err error
	if s.work, err = os.MkdirTemp(s.Out, "work-"); err != nil {
		return err
	}
	for _, t := range []struct {
		name, fs, serial, model string
		bus                     boottest.Bus
		size                    int64
		loop                    bool
	}{
		{"sata-loop", "ext4", "DEMO-SATA-1", "LETHE DEMO SATA", boottest.SATA, s.Size, true},
		{"nvme", "ext4", "DEMO-NVME-2", "", boottest.NVMe, s.Size, false},
		{"virtio", "ext4", "DEMO-VIRT-3", "", boottest.Virtio, s.Size + 512, false},
		{"usb", "vfat", "DEMO-USB-4", "", boottest.USB, s.Size + 3584, false},
	} {
		d, err := scratch.Make(s.ctx, s.work, scratch.Spec{Name: t.name, Size: t.size, FS: t.fs})
		if err != nil {
			return err
		}
		s.drives = append(s.drives, &Target{Drive: d, Bus: t.bus, Serial: t.serial, Model: t.model})
		if t.loop {
			if err := d.Attach(s.ctx); err != nil {
				return err
			}
		}
		s.Say("   %-10s %s on %s, %s with files, serial %s", t.name, d.Node(), t.bus, t.fs, t.serial)
	}
	return nil
}

// boot runs the machine until it switches itself off.
func (s *stage) boot(res *Result) error {
	limit := s.BootTime
	if limit == 0 {
		limit = 10 * time.Minute
	}
	ctx, cancel := context.WithTimeoutCause(s.ctx, limit, fmt.Errorf("the machine did not finish within %s", limit))
	defer cancel()
	c := boottest.Config{
		Kernel: filepath.Join(s.Image, image.KernelFile), Initrd: filepath.Join(s.Image, image.InitrdFile),
		Overlays: [][]byte{s.overlay}, Append: "lethe.poweroff", Network: true, Machine: Machine,
	}
	if !s.Live {
		c.Append += " lethe.plain"
	}
	for _, p := range []struct {
		file string
		size *int64
	}{{c.Kernel, &res.Image.Kernel}, {c.Initrd, &res.Image.Initrd}} {
		st, err := os.Stat(p.file)
		if err != nil {
			return fmt.Errorf("%w (make image)", err)
		}
		*p.size = st.Size()
	}
	for _, d := range s.drives {
		b := boottest.Drive{Bus: d.Bus, Path: d.Node(), Serial: d.Serial, Model: d.Model}
		if d.Bus == boottest.SATA {
			b.RPM, b.WWN = 7200, 0x5000c500de300001
		}
		c.Drives = append(c.Drives, b)
	}
	vm, err := boottest.Start(ctx, c, s.Console)
	if err != nil {
		return err
	}
	defer vm.Close()
	err = vm.Wait(ctx)
	res.Console = vm.Output()
	return err
}
