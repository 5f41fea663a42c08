package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"strings"

	"lethe/certs/record"
	"lethe/cmd/internal/cli"
	"lethe/cmd/internal/tui"
	"lethe/inventory"
	"lethe/wipe"
	"lethe/wipe/profile"
)

func listCommand() cli.Command {
	return cli.Command{
		Name: "list", Short: "list the machine and its drives; touches nothing",
		Help: `lethe list shows every drive with what identifies it and whether it may be
erased. A drive that may not is marked with the first reason; --json gives every
reason and everything else that is known.

  lethe list --loop
  lethe list --capabilities  what could erase each drive: from which bit or page that is
                             known, what it would earn, and what stands in the way
  lethe list disk.img        what lethe erase wants to hear for this image file`,
		Flags: func(fs *flag.FlagSet) cli.Run {
			asJSON := fs.Bool("json", false, "everything, as JSON")
			offers := fs.Bool("capabilities", false, "what each drive can do to erase itself, and what it would earn")
			prof := fs.String("profile", profile.Default, "`profile` by which it earns that: "+strings.Join(profile.IDs(), ", "))
			loops := fs.Bool("loop", false, "loop devices too")
			return func(ctx context.Context, env cli.Env, args []string) error {
				pol := wipe.Policy{Least: record.MethodClear}
				var perr error
				if pol.Profile, perr = profile.ByID(*prof); perr != nil {
					return cli.Usagef("%v", perr)
				}
				m := thisMachine()
				ds, err := inventory.Discover(ctx, inventory.WithLoop(*loops || len(args) > 0))
				if len(args) > 0 {
					var pins claims
					var terr error
					ds, terr = targets(ctx, args, ds, &pins)
					if terr = errors.Join(terr, pins.Close()); terr != nil {
						return terr
					}
					err = nil // of other drives, or among the holds of these
				}
				if *asJSON {
					if !*offers {
						pol.Profile = profile.Profile{}
					}
					if jerr := listJSON(env, m, ds, pol, err); jerr != nil {
						return jerr
					}
				} else if *offers {
					printOffers(env, ds, pol)
				} else {
					listTable(env, m, ds)
					if len(args) > 0 {
						confirmations(env, ds)
					}
				}
				warn(env, err)
				return nil
			}
		},
	}
}

type listed struct {
	record.Device
	DevicePath string   `json:"devicePath"`
	Eligible   bool     `json:"eligible"`
	Holds      []string `json:"holds"`
	// Offers is what could erase it, where that was asked.
	Offers []wipe.Offer `json:"offers,omitempty"`
}

// warn tells of drives that could not be looked at; each is listed, and held.
func warn(env cli.Env, err error) {
	if err != nil {
		fmt.Fprintf(env.Stderr, "%s: warning: %s\n", env.Name, strings.ReplaceAll(err.Error(), "\n", "; "))
	}
}

func listJSON(env cli.Env, m record.Machine, ds []inventory.Device, p wipe.Policy, derr error) error {
	out := struct {
		Machine record.Machine `json:"machine"`
		Drives  []listed       `json:"drives"`
		Errors  []string       `json:"errors"`
	}{Machine: m, Drives: []listed{}, Errors: []string{}}
	for _, d := range ds {
		l := listed{d.Device, d.NodePath, d.Eligible() == nil, holds(d), nil}
		if p.Profile.ID != "" {
			l.Offers = wipe.Offers(d.Device, p)
		}
		out.Drives = append(out.Drives, l)
	}
	if derr != nil {
		out.Errors = strings.Split(derr.Error(), "\n")
	}
	e := json.NewEncoder(env.Stdout)
	e.SetIndent("", "  ")
	return e.Encode(out)
}

// holds are the reasons not to touch a drive, one each.
func holds(d inventory.Device) []string {
	out := []string{}
	var h *inventory.HoldError
	if err := d.Eligible(); errors.As(err, &h) {
		for _, x := range h.Holds {
			out = append(out, fmt.Sprintf("%s: %s", x.Kind, x.Detail))
		}
	} else if err != nil {
		out = append(out, err.Error())
	}
	return out
}

// listTable fits 80 columns: 9 + 20 + 18 + 8 + 7 and a word on what may be done.
func listTable(env cli.Env, m record.Machine, ds []inventory.Device) {
	where := strings.TrimSpace(m.Manufacturer + " " + m.Product)
	if where == "" {
		where = "unknown machine"
	}
	serial := m.Serial
	if serial == "" {
		serial = "not stated"
	}
	fmt.Fprintf(env.Stdout, "%s, serial %s", where, serial)
	if m.Virtual {
		fmt.Fprint(env.Stdout, " (VIRTUAL)")
	}
	fmt.Fprintf(env.Stdout, "\n%-9s%-20s%-18s%-8s%-8s%s\n", "NODE", "MODEL", "SERIAL", "SIZE", "BUS", "STATUS")
	for _, d := range ds {
		status := "free"
		if h := holds(d); len(h) > 0 {
			status = "HELD: " + h[0]
		}
		fmt.Fprintf(env.Stdout, "%-9s%-20s%-18s%-8s%-8s%s\n", cut(d.Device.Node, 8), cut(d.Identity.Model, 19),
			cut(word(d), 17), tui.Bytes(int64(d.Size)), cut(d.Transport, 7), cut(status, max(env.Width-63, 17)))
	}
	if len(ds) == 0 {
		fmt.Fprintln(env.Stdout, "no drives")
	}
}

// confirmations are the words for lethe erase, uncut.
func confirmations(env cli.Env, ds []inventory.Device) {
	for _, d := range ds {
		fmt.Fprintf(env.Stdout, "--device %s --confirm %s\n", d.NodePath, word(d))
	}
}

// cut shortens to n columns and shows that it did.
func cut(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return string(r[:n-1]) + "~"
}
