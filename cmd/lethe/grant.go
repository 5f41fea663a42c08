package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	"lethe/certs/order"
	"lethe/certs/record"
	"lethe/cmd/internal/cli"
	"lethe/cmd/internal/replay"
	"lethe/inventory"
	"lethe/inventory/sysfs"
	"lethe/wipe"
	"lethe/wipe/profile"
)

// grantArgs are the flags that say what may be erased and how.
type grantArgs struct {
	devices, confirm list
	order, trust     string
	least, profile   string
	pattern, verify  string
	technique        record.Technique
	crypto           cryptoArgs
	labels           record.Labels
	patience         time.Duration
	errors           wipe.ErrorBudget
	perAdapter       int64

	files   []inventory.Device // image files among devices
	pins    claims             // keep them what they are
	earlier string             // folder of the papers of earlier runs, "" where none counts
	done    []wipe.Done        // what the order has led to there

	unfinished []wipe.Unfinished // tasks in that folder that could go on
}

func (a *grantArgs) flags(fs *flag.FlagSet) {
	fs.Var(&a.devices, "device", "`path` of a drive or image file; repeat per drive")
	fs.Var(&a.confirm, "confirm", "its `serial` number, typed by a person; repeat per drive, in the same order")
	fs.StringVar(&a.order, "order", "", "signed order `file` instead of --device and --confirm")
	fs.StringVar(&a.trust, "trust", "", "root certificate `file` that the order's approver must lead to")
	fs.StringVar(&a.least, "least", string(record.MethodClear), "least `method` that will do: Clear or Purge")
	fs.StringVar(&a.profile, "profile", profile.Default, "`profile`: "+strings.Join(profile.IDs(), ", "))
	fs.StringVar(&a.pattern, "pattern", "", "overwrite `pattern`: aes-128-ctr (default) or zero")
	fs.Func("verify", "`how` the result is verified: full (every byte, the default), sampled (NIST SP 800-88r1 §4.7: a tenth at drawn places), or a percentage such as 25%", func(s string) (err error) {
		a.verify, err = checkWord(s)
		return err
	})
	techniqueFlag(fs, &a.technique)
	a.crypto.flags(fs)
	fs.DurationVar(&a.patience, "patience", wipe.DefaultPatience.GiveUp, "how `long` a drive may give no sign of life before it is given up")
	fs.Int64Var(&a.errors.Sectors, "max-errors", wipe.DefaultErrorBudget.Sectors, "how `many` sectors may fail before the rest of the drive is left")
	fs.DurationVar(&a.errors.Time, "error-time", wipe.DefaultErrorBudget.Time, "how `long` errors may take before the rest of the drive is left")
	fs.Int64Var(&a.perAdapter, "per-adapter", 0, "how `many` drives behind one host adapter or USB controller are erased at the same time (0: all of them)")
	fs.StringVar(&a.labels.Operator.Name, "operator", "", "`name` of the person who performs the erase")
	fs.StringVar(&a.labels.Contract, "contract", "", "contract `number`")
	fs.StringVar(&a.labels.Customer, "customer", "", "customer's `name`")
	fs.StringVar(&a.labels.AssetTag, "asset-tag", "", "asset `tag`")
}

type list []string

func (l *list) String() string { return strings.Join(*l, ",") }

// Set appends one value.
func (l *list) Set(s string) error {
	if s == "" {
		return errors.New("empty")
	}
	*l = append(*l, s)
	return nil
}

// permit turns the flags into a grant and a policy. envelope is the order's file.
func (a *grantArgs) permit(ctx context.Context, m record.Machine, ds []inventory.Device, now time.Time) (g wipe.Grant, p wipe.Policy, envelope []byte, err error) {
	switch {
	case a.patience < time.Second:
		return g, p, nil, cli.Usagef("--patience %s: a drive needs a second at least", a.patience)
	case a.errors.Sectors < 1:
		return g, p, nil, cli.Usagef("--max-errors %d: at least 1", a.errors.Sectors)
	case a.errors.Time < time.Second:
		return g, p, nil, cli.Usagef("--error-time %s: errors need a second at least", a.errors.Time)
	case a.perAdapter < 0:
		return g, p, nil, cli.Usagef("--per-adapter %d: at least 1, or 0 for no limit", a.perAdapter)
	case a.order != "" && len(a.devices)+len(a.confirm) > 0:
		return g, p, nil, cli.Usagef("give either --order or --device and --confirm")
	case a.order != "" && a.crypto.d != (record.CryptoDeclaration{}):
		return g, p, nil, cli.Usagef("--crypto-...: under an order the declaration is the order's (lethe order new --crypto-...)")
	case a.order != "":
		return a.permitOrder(m, now)
	case len(a.devices) == 0:
		return g, p, nil, cli.Usagef("say which drive: --device PATH --confirm SERIAL, or --order FILE --trust root.pem")
	case len(a.devices) != len(a.confirm):
		return g, p, nil, cli.Usagef("%d times --device, %d times --confirm: type one serial number for each drive", len(a.devices), len(a.confirm))
	}
	prof, err := profile.ByID(a.profile)
	if err != nil {
		return g, p, nil, cli.Usagef("%v", err)
	}
	if err := lax(prof, a.verify); err != nil {
		return g, p, nil, err
	}
	word, err := a.crypto.declaration()
	if err != nil {
		return g, p, nil, err
	}
	if err := a.confirmed(ctx, ds); err != nil {
		return g, p, nil, err
	}
	return wipe.GrantConfirmed(a.confirm...), wipe.Policy{Least: record.Method(a.least), Pattern: a.pattern, Verify: a.verify, Technique: a.technique, Crypto: word, Profile: prof,
		Errors: a.errors, Patience: wipe.Patience{GiveUp: a.patience}, PerAdapter: a.perAdapter}, nil, nil
}

// confirmed compares what a person typed with what the drives say.
func (a *grantArgs) confirmed(ctx context.Context, ds []inventory.Device) error {
	found, err := targets(ctx, a.devices, ds, &a.pins)
	if err != nil {
		return err
	}
	for i, d := range found {
		if d.Transport == sysfs.File {
			a.files = append(a.files, d)
		}
		switch n := d.Identity.Name(); {
		case !d.Identity.Known():
			return cli.Refusedf("%s cannot say who it is (%s): nothing was touched", a.devices[i], strings.Join(holds(d), ", "))
		case !typed(a.confirm[i], d.Identity):
			return cli.Refusedf("%s is %q, not %q: nothing was touched", a.devices[i], n, a.confirm[i])
		}
	}
	return nil
}

// typed reports whether a person's word is this drive's: its name, or for one NVMe
// namespace the name, a slash and the number.
func typed(word string, id record.Identity) bool {
	return word == id.Name() || id.NSID > 0 && word == fmt.Sprintf("%s/%d", id.Name(), id.NSID)
}

// word is what a person types for a drive: where several namespaces bear their
// controller's serial number, the number of the one is needed.
func word(d inventory.Device) string {
	if d.Identity.NSID > 1 || d.Identity.NSID > 0 && len(d.Siblings) > 0 {
		return fmt.Sprintf("%s/%d", d.Identity.Name(), d.Identity.NSID)
	}
	return d.Identity.Name()
}

func (a *grantArgs) permitOrder(m record.Machine, now time.Time) (g wipe.Grant, p wipe.Policy, envelope []byte, err error) {
	if a.trust == "" {
		return g, p, nil, cli.Usagef("--order needs --trust root.pem")
	}
	roots, err := readRoots(a.trust)
	if err != nil {
		return g, p, nil, err
	}
	b, err := os.ReadFile(a.order)
	if err != nil {
		return g, p, nil, cli.Usagef("read order %s: %v", a.order, unwrapPath(err))
	}
	envelope = trimEnvelope(b)
	o, ref, err := order.Open(envelope, roots, now)
	if err != nil {
		return g, p, nil, cli.Refusedf("order %s: %v: nothing was touched", a.order, err)
	}
	if a.earlier != "" {
		a.done = replay.Folder(a.earlier, ref, roots)
	}
	if replay.Whole(o, m, a.done) {
		return g, p, nil, &carriedOut{o, a.done}
	}
	if g, err = wipe.GrantOf(o, ref, m, now); err != nil {
		return g, p, nil, cli.Refusedf("order %s: %v: nothing was touched", a.order, err)
	}
	if p, err = wipe.PolicyOf(o); err != nil {
		return g, p, nil, cli.Refusedf("order %s: %v: nothing was touched", a.order, err)
	}
	if a.verify != "" { // less than the order asks is refused with the plan
		p.Verify = a.verify
	}
	if a.technique != "" { // another than the order's is refused with the plan
		p.Technique = a.technique
	}
	p.Errors, p.Patience.GiveUp, p.PerAdapter = a.errors, a.patience, a.perAdapter
	a.labels = o.Labels
	return g, p, envelope, nil
}
