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
	"lethe/image/site"
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

	Drives []Plug   // four on four buses, of Size, when nil
	QEMU   []string // arguments added to QEMU's
	// Chipset is the board.
	Chipset boottest.Chipset
	// Artefact is booted instead of Image.
	Artefact *Artefact
	// Site changes the site file before it goes into the image.
	Site func(*site.Site)
	// Overlay are files, by their path in the machine, that come with the site file.
	Overlay map[string][]byte
	// Window is the order's; from an hour ago on for twelve hours when zero.
	Window record.Window
	// NoDepot leaves the depot off until During turns it on; orders and site file
	// name it all the same.
	NoDepot bool
	// During goes along with the machine once it runs and returns when it has seen
	// enough; the machine is then unplugged, if it still runs. It waits for the
	// power-off when nil.
	During func(context.Context, *Running) error
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
	Kept    []int64         `json:"-"` // 512-byte sectors that are as they were, the first 2000
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
	// Authentic: lethe-check, exit 0 or that of a notice
	Authentic bool           `json:"authentic"`
	Record    *record.Record `json:"-"` // nil of a summary
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
		{"depot on loopback", func(*Result) error { return s.firstDepot() }},
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
	ctx      context.Context
	work     string
	drives   []*Target
	root     *sign.Authority
	approver sign.Signer
	overlay  []byte
	depot    *depot
	booted   boottest.Boot
}

// Target is a scratch drive and how it is plugged in.
type Target struct {
	*scratch.Drive
	Plug
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

// boot runs the machine until it switches itself off.
func (s *stage) boot(res *Result) error {
	limit := s.BootTime
	if limit == 0 {
		limit = 10 * time.Minute
	}
	ctx, cancel := context.WithCancelCause(s.ctx)
	defer cancel(nil)
	c, err := s.config()
	if err != nil {
		return err
	}
	c.Machine, c.Extra = Machine, append(c.Extra, s.QEMU...)
	if s.Chipset != boottest.Q35 {
		c.Chipset = s.Chipset
	}
	if err := s.sizes(res); err != nil {
		return err
	}
	s.booted = c.Boot
	unchanged, err := s.sealed(c.Boot)
	if err != nil {
		return err
	}
	for _, d := range s.drives {
		c.Drives = append(c.Drives, d.drive(d.Node()))
	}
	vm, err := boottest.Start(ctx, c, s.Console)
	if err != nil {
		return err
	}
	defer vm.Close()
	// From here on, for it may have waited for its turn.
	defer time.AfterFunc(limit, func() { cancel(fmt.Errorf("the machine did not finish within %s", limit)) }).Stop()
	during := s.During
	if during == nil {
		during = func(ctx context.Context, r *Running) error { return r.Wait(ctx) }
	}
	err = during(ctx, &Running{VM: vm, stage: s})
	vm.Close()
	res.Console = vm.Output()
	return errors.Join(err, unchanged())
}

// sizes are those of kernel and initramfs, whatever form they are booted in.
func (s *stage) sizes(res *Result) error {
	dir := s.Image
	if s.Artefact != nil {
		dir = s.artefactDir()
	}
	for _, p := range []struct {
		file string
		size *int64
	}{{image.KernelFile, &res.Image.Kernel}, {image.InitrdFile, &res.Image.Initrd}} {
		st, err := os.Stat(filepath.Join(dir, p.file))
		if err != nil {
			return fmt.Errorf("%w (make image)", err)
		}
		*p.size = st.Size()
	}
	return nil
}
