package main

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"time"

	"lethe/certs/marker"
	"lethe/certs/record"
	"lethe/certs/sign"
	"lethe/image"
	"lethe/image/fat"
	"lethe/image/initramfs"
	"lethe/image/site"
)

// addSite puts the site file, and what it names, into the image and lets it say
// which consoles there are.
func addSite(o *image.Options, name string) (consoles []string, err error) {
	if name == "" {
		return nil, nil
	}
	s, files, err := site.Load(name)
	if err != nil {
		return nil, err
	}
	if s.Permit != nil && !slices.Contains(s.Permit, "lethe.list") {
		return nil, fmt.Errorf("site file %s: permit lacks lethe.list: the menus' choice to list only would erase", name)
	}
	var own []initramfs.File
	for _, f := range files {
		own = append(own, initramfs.File{Path: f.Path, Mode: f.Mode, Data: f.Data})
	}
	o.Overlay = append(own, o.Overlay...)
	return s.Consoles, nil
}

// stickFlags say what the papers' partition of the USB image starts with.
type stickFlags struct {
	serial, key, cert, order string
	valid                    time.Duration
	mib                      int64
}

func addStickFlags(fs *flag.FlagSet) *stickFlags {
	s := &stickFlags{}
	fs.StringVar(&s.serial, "stick-serial", "", "`serial` number of the stick that the USB image is for: a marker is\n"+
		"signed for it; without it, lethe stick prepare does so later")
	fs.StringVar(&s.key, "stick-key", "", "approver's key `file` for the marker")
	fs.StringVar(&s.cert, "stick-cert", "", "approver's certificate `file`")
	fs.StringVar(&s.order, "stick-order", "", "signed order `file` to put beside the marker")
	fs.DurationVar(&s.valid, "stick-valid", 90*24*time.Hour, "how `long` the marker is good, from now")
	fs.Int64Var(&s.mib, "stick-size", 64, "size of the papers' partition in `MiB`")
	return s
}

// apply signs the marker and reads the order.
func (s *stickFlags) apply(o *image.Options) error {
	if s.mib < 36 || s.mib > 1<<20 {
		return &usageError{"--stick-size is 36 to 1048576 MiB"}
	}
	o.PapersLen = s.mib << 20
	if s.order != "" {
		b, err := os.ReadFile(s.order)
		if err != nil {
			return fmt.Errorf("read order: %w", err)
		}
		o.Papers = append(o.Papers, fat.File{Path: marker.OrderPath, Data: b})
	}
	if s.serial == "" && s.key == "" && s.cert == "" {
		return nil
	}
	if s.serial == "" || s.key == "" || s.cert == "" {
		return &usageError{"--stick-serial, --stick-key and --stick-cert go together"}
	}
	signer, err := sign.ReadSigner(s.key, s.cert)
	if err != nil {
		return err
	}
	now := time.Now()
	env, err := marker.Sign(marker.Marker{Format: marker.Format, Purpose: marker.PurposeDelivery,
		Drive: record.DriveTarget{Serial: s.serial}, Issued: record.At(now),
		Window: record.Window{NotBefore: record.At(now.Add(-time.Hour)), NotAfter: record.At(now.Add(s.valid))}}, signer)
	if err != nil {
		return err
	}
	o.Papers = append(o.Papers, fat.File{Path: marker.Path, Data: append(env, '\n')})
	return nil
}
