package main

import (
	"fmt"

	"lethe/certs/record"
	"lethe/cmd/internal/cli"
	"lethe/cmd/internal/tui"
	"lethe/inventory"
	"lethe/wipe"
)

// printOffers says of every drive what could erase it: from which bit or page that is
// known, what each command would earn under the profile, and what stands in the way.
func printOffers(env cli.Env, ds []inventory.Device, p wipe.Policy) {
	say := func(indent int, f string, a ...any) {
		fmt.Fprintln(env.Stdout, tui.Wrap(fmt.Sprintf(f, a...), env.Width, indent))
	}
	for _, d := range ds {
		say(2, "%s (%s, %s, %s, %s), by profile %s:", d.Identity, d.Device.Node, tui.Bytes(int64(d.Size)), d.Transport, d.Medium, p.Profile.ID)
		for _, o := range wipe.Offers(d.Device, p) {
			say(6, "  %s", offer(o))
		}
		for _, h := range holds(d) {
			say(6, "    HELD: %s", h)
		}
	}
}

// offer is one command in a line.
func offer(o wipe.Offer) string {
	earns := string(o.Method)
	if o.Method == record.MethodNone {
		earns = "nothing"
	}
	s := fmt.Sprintf("%s earns %s: %s", techniqueWords[o.Technique], earns, o.Command)
	if o.Source != "" {
		s += " (" + o.Source + ")"
	}
	if o.Minutes > 0 {
		s += fmt.Sprintf(", about %d min by the drive's own estimate", o.Minutes)
	}
	if !o.Usable {
		return s + "; not to be used: " + o.Reason
	}
	return s + "; " + o.Reason
}
