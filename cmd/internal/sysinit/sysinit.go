// Package sysinit is what the booted agent does before its work: it checks that
// it runs in its own image, loads the drivers that the hardware asks for, waits
// for the drives to appear, brings up the network and judges the clock.
//
// It is the layer between u-root's init (which mounts the kernel's file systems
// and starts /bin/uinit) and Lethe. It prints nothing: what happens is told by
// events. See Applet for how the parts of the image call the one binary.
package sysinit

import (
	"context"
	"errors"
	"time"

	"lethe/image/label"
	"lethe/image/site"
)

// ErrNotImage is returned by Run outside of a Lethe image: on an ordinary
// machine none of this may happen.
var ErrNotImage = errors.New("not in a Lethe boot image")

// State is what Run found and did.
type State struct {
	Image   label.Label
	Site    site.Site
	Cmdline Cmdline
	Net     *Net // comes up in the background
	// Disks are the names in /sys/block when they stopped changing, sorted,
	// without loop and RAM disks.
	Disks []string
	// Hotplug follows what comes and goes afterwards.
	Hotplug *Hotplug `json:"-"`
}

// Limits of Run; none of them is waited for when all is well.
const (
	// quiet is how long the drives must stay the same once every driver is loaded
	// and nothing is known to be on its way: a USB hub needs most of a second to
	// find what is plugged into it.
	quiet = time.Second
	// answerLimit is how long USB storage may take to name its drives.
	answerLimit = 15 * time.Second
	// settleLimit is above what the slowest drive takes to spin up.
	settleLimit = 90 * time.Second
)

// Run prepares the machine and calls emit for everything worth telling, one
// call at a time. It returns ErrNotImage, a broken image's error, or that of
// ctx; missing drivers, cables and servers are events, not errors, because a
// machine without a network must still list its drives. The network comes up in the
// background until ctx ends; see Net.Ready for work that needs it.
func Run(ctx context.Context, emit func(Event)) (State, error) {
	began := sinceKernel()
	var s State
	var err error
	var self func() error
	if s.Image, self, err = image(); err != nil {
		return s, err
	}
	say := serial(emit)
	say(ImageFound{s.Image})
	say(AgentRunning{began})
	mountMissing(say)
	harden(say)
	if s.Site, err = loadSite(); err != nil {
		return s, err
	}
	if s.Cmdline, err = loadCmdline(); err != nil {
		return s, err
	}
	for _, w := range s.Cmdline.Restrict(s.Site.Permit) {
		say(WordRefused{w})
	}
	l, err := newLoader(say)
	if err != nil {
		return s, err
	}
	s.Hotplug = newHotplug(ctx, l, say)
	l.coldplug()

	keepConsole()
	if err := loadKeymap(s.Site.Keymap); err != nil {
		say(KeymapFailed{err})
	}
	setHostname(s.Site.Hostname)
	s.Net = newNet(s.Site, s.Cmdline, say)
	s.Net.begin(ctx, s.Cmdline.NoNet)
	s.Disks, err = s.Hotplug.settle(ctx)
	return s, errors.Join(self(), err)
}
