package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"strings"
	"time"

	"lethe/certs/record"
	"lethe/cmd/internal/cli"
	"lethe/cmd/internal/tui"
	"lethe/inventory"
	"lethe/wipe/pattern"
)

// The states of a check: nothing is wrong; the erase works, but not as well or as
// provably as it could; something prevents it.
const (
	stateOK   = "ok"
	stateWarn = "warn"
	stateFail = "FAIL"
)

// finding is one thing that lethe doctor looked at.
type finding struct {
	Name   string `json:"name"`
	State  string `json:"state"`
	Detail string `json:"detail"`
	Do     string `json:"do,omitempty"` // what helps
}

// doctor gathers checks. It writes nothing and claims nothing.
type doctor struct {
	grantArgs
	key, cert, papers, depot string
	json                     bool

	checks []finding
}

func (d *doctor) ok(name, f string, a ...any) {
	d.add(finding{name, stateOK, fmt.Sprintf(f, a...), ""})
}
func (d *doctor) warn(name, detail, do string) { d.add(finding{name, stateWarn, detail, do}) }
func (d *doctor) fail(name, detail, do string) { d.add(finding{name, stateFail, detail, do}) }

func (d *doctor) add(c finding) { d.checks = append(d.checks, c) }

func doctorCommand() cli.Command {
	return cli.Command{
		Name: "doctor", Short: "say what here prevents a good erase; touches nothing",
		Help: `lethe doctor looks at this machine, its drives and at whatever it is given, and
says line by line what is well, what could be better and what prevents an erase,
with what to do. It writes to nothing, claims nothing and erases nothing.

  lethe doctor
  lethe doctor --device /dev/sda --key agent-key.pem --cert agent.pem --papers papers
  lethe doctor --order order.dsse.json --trust root.pem --depot https://depot:8443

Without --device and --order every drive is looked at, and one that may be erased
is enough.`,
		Flags: func(fs *flag.FlagSet) cli.Run {
			d := &doctor{}
			fs.Var(&d.devices, "device", "`path` of a drive or image file that is to be erased; repeat per drive")
			fs.StringVar(&d.order, "order", "", "signed order `file`")
			fs.StringVar(&d.trust, "trust", "", "root certificate `file`, for the order, the key and the depot")
			fs.StringVar(&d.key, "key", "", "`file` of the key that is to sign the papers")
			fs.StringVar(&d.cert, "cert", "", "its certificate `file`")
			fs.StringVar(&d.papers, "papers", "papers", "`folder` for the papers")
			fs.StringVar(&d.depot, "depot", "", "`URL` of the depot")
			fs.BoolVar(&d.json, "json", false, "the checks as JSON")
			return d.run
		},
	}
}

func (d *doctor) run(ctx context.Context, env cli.Env, args []string) error {
	switch {
	case len(args) > 0:
		return cli.Usagef("doctor takes no arguments, got %q (did you mean --device?)", args[0])
	case d.order != "" && len(d.devices) > 0:
		return cli.Usagef("give either --order or --device")
	case (d.order != "" || d.depot != "") && d.trust == "":
		return cli.Usagef("--order and --depot need --trust root.pem")
	case (d.key == "") != (d.cert == ""):
		return cli.Usagef("--key and --cert go together")
	}
	m := thisMachine()
	d.rights()
	d.machine(m)
	d.ok("stream", "the keyed stream is made by %s", pattern.Kernel())
	d.clock(hostClock(), time.Now())
	named, err := d.drives(ctx, m)
	if err != nil {
		return err
	}
	d.paperFolder(named)
	if d.key != "" {
		d.signer(time.Now())
	}
	if d.depot != "" {
		d.askDepot(ctx)
	}
	return d.report(env)
}

// report prints the checks. What fails prevents an erase.
func (d *doctor) report(env cli.Env) error {
	bad := 0
	for _, c := range d.checks {
		if c.State == stateFail {
			bad++
		}
		if !d.json {
			line := c.Name + ": " + c.Detail
			if c.Do != "" {
				line += "; " + c.Do
			}
			fmt.Fprintf(env.Stdout, "%-6s%s\n", c.State, tui.Wrap(line, env.Width-6, 6))
		}
	}
	if d.json {
		e := json.NewEncoder(env.Stdout)
		e.SetIndent("", "  ")
		if err := e.Encode(struct {
			Prevented bool      `json:"prevented"`
			Checks    []finding `json:"checks"`
		}{bad > 0, d.checks}); err != nil {
			return err
		}
	}
	if bad > 0 {
		return cli.Refusedf("%d of %d checks failed: a good erase is prevented", bad, len(d.checks))
	}
	return nil
}

// because is a refusal's reason without the assurance that an erase adds to it.
func because(err error) string {
	return strings.TrimRight(strings.TrimSuffix(cli.Line(err), "nothing was touched"), ";: ")
}

func (d *doctor) machine(m record.Machine) {
	switch {
	case m.Serial == "" && m.UUID == "":
		d.warn("machine", "it states no serial number and no UUID (SMBIOS), so no order can name it",
			"erase with --device and --confirm, or set them in the firmware")
	default:
		d.ok("machine", "%s", strings.TrimSpace("serial "+or(m.Serial, "not stated")+", UUID "+or(m.UUID, "not stated")))
	}
	if m.Virtual {
		d.warn("virtual", strings.Join(m.VirtualWhy, ", "), "papers from here are marked VIRTUAL and count for no physical drive")
	}
}

func or(s, other string) string {
	if s != "" {
		return s
	}
	return other
}

// built is a time at which this program did not exist yet: a clock that says less is unset.
var built = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func (d *doctor) clock(c record.Clock, now time.Time) {
	switch {
	case now.Before(built):
		d.fail("clock", "it says "+now.UTC().Format(time.RFC3339)+", which is not so", "set it: keys and orders are valid for a time only")
	case c.Quality != "synchronised":
		d.warn("clock", "nothing keeps it right, so papers call their times unauthenticated", "run an NTP client such as chrony")
	default:
		d.ok("clock", "%s, %s", now.UTC().Format(time.RFC3339), c.Quality)
	}
}

// drives looks at the drives and, where there is one, at the order that names them.
// It returns those that are to be erased.
func (d *doctor) drives(ctx context.Context, m record.Machine) ([]inventory.Device, error) {
	ds, derr := inventory.Discover(ctx, inventory.WithLoop(len(d.devices) > 0 || d.order != ""))
	if len(ds) == 0 && derr != nil {
		d.fail("drives", because(derr), "run lethe as root")
	}
	d.tpm(ds)
	switch {
	case d.order != "":
		return d.byOrder(m, ds), nil
	case len(d.devices) > 0:
		return d.byPath(ctx, ds), nil
	}
	free := 0
	for _, x := range ds {
		if len(holds(x)) == 0 {
			free++
		}
		d.drive(x, false)
	}
	if free == 0 {
		d.fail("drives", "none of the drives here may be erased", "free one, or name an image file with --device")
	}
	return nil, nil
}

func (d *doctor) byPath(ctx context.Context, ds []inventory.Device) []inventory.Device {
	var out []inventory.Device
	for _, path := range d.devices {
		var pins claims
		found, err := targets(ctx, []string{path}, ds, &pins)
		if err = errors.Join(err, pins.Close()); err != nil {
			d.fail("drive "+path, because(err), "")
			continue
		}
		d.drive(found[0], true)
		out = append(out, found[0])
	}
	return out
}
