package inventory

import (
	"context"
	"time"

	"lethe/inventory/devio"
	"lethe/inventory/sysfs"
)

// Prober is a drive opened for listing. *devio.Probe is one.
type Prober interface {
	Identify(ctx context.Context) (devio.Identification, error)
	Survey(ctx context.Context, id devio.Identification) devio.Survey
	Close() error
}

// Opener opens the device file of a drive for listing.
type Opener func(path string) (Prober, error)

// Option changes what Discover does.
type Option func(*options)

type options struct {
	root    sysfs.Root
	open    Opener
	loop    bool
	timeout time.Duration
}

// WithRoot makes Discover read sys, proc and dev below dir. No device is opened
// then unless WithOpener says how.
func WithRoot(dir string) Option {
	return func(o *options) { o.root, o.open = sysfs.Root(dir), nil }
}

// WithOpener replaces how drives are opened for listing.
func WithOpener(open Opener) Option { return func(o *options) { o.open = open } }

// WithLoop includes or leaves out attached loop devices. They are included.
func WithLoop(on bool) Option { return func(o *options) { o.loop = on } }

// WithTimeout bounds how long Discover waits for any one drive (20 seconds). A
// drive that does not answer in time is listed, and held.
func WithTimeout(d time.Duration) Option { return func(o *options) { o.timeout = d } }

func settings(opts []Option) options {
	o := options{loop: true, timeout: 20 * time.Second, open: openProbe}
	for _, f := range opts {
		f(&o)
	}
	return o
}
