package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"lethe/certs/order"
	"lethe/certs/record"
	"lethe/certs/sign"
	"lethe/cmd/internal/cli"
	"lethe/wipe"
	"lethe/wipe/profile"
)

func orderCommand() cli.Command {
	return cli.Command{
		Name: "order", Short: "write, sign and show orders: order new | sign | show",
		Help: `An order is the signed authorisation to erase named drives of one machine.

  lethe order new --machine-serial M1 --drive S1 --drive S2 ... > order.json
  lethe order sign --key approver-key.pem --cert approver.pem order.json > order.dsse.json
  lethe order show [--trust root.pem] order.dsse.json

An order names every drive by its serial number; nothing else is touched. It is
for one machine and for a window of time. "-" reads standard input.

Each drive is erased by the strongest technique it has; --technique binds all of them to
one. A cryptographic erase destroys keys, not data: alone it counts only where the order
says that the drives have always encrypted (--crypto-always-on yes), that no key is kept
elsewhere (--crypto-escrow no), and on whose word (--crypto-by).`,
		Flags: orderFlags,
	}
}

type orderArgs struct {
	o             record.Order
	drives        []record.DriveTarget
	crypto        cryptoArgs
	remote        string
	valid         time.Duration
	from          string
	key, cert     string
	trust, output string
}

func orderFlags(fs *flag.FlagSet) cli.Run {
	a := &orderArgs{}
	str := func(p *string, name, def, usage string) { fs.StringVar(p, name, def, usage) }
	str(&a.o.ID, "id", "", "order `number`; one is made where none is given")
	str(&a.o.Reason, "reason", record.ReasonDecommission, "`why`: decommission or contract-termination")
	str(&a.o.Machine.Serial, "machine-serial", "", "`serial` number of the machine (SMBIOS)")
	str(&a.o.Machine.UUID, "machine-uuid", "", "`UUID` of the machine (SMBIOS)")
	str((*string)(&a.o.Least), "least", string(record.MethodClear), "least `method` that will do: Clear or Purge")
	str(&a.o.Profile, "profile", profile.Default, "`profile`: "+strings.Join(profile.IDs(), ", "))
	str(&a.o.Pattern, "pattern", "", "overwrite `pattern`: aes-128-ctr (default) or zero")
	fs.Func("verify", "least `verification`: full (default), sampled, or a percentage such as 25%", func(s string) (err error) {
		a.o.Verify, err = checkWord(s)
		return err
	})
	techniqueFlag(fs, &a.o.Technique)
	a.crypto.flags(fs)
	fs.BoolVar(&a.o.StepDown, "step-down", false, "a weaker technique may be used, down to --least")
	l := &a.o.Labels
	str(&l.Contract, "contract", "", "contract `number`")
	str(&l.Customer, "customer", "", "customer's `name`")
	str(&l.ServiceCode, "service-code", "", "service `code`")
	str(&l.AssetTag, "asset-tag", "", "asset `tag` of the machine")
	str(&l.Site, "site", "", "`place` where it stands")
	str(&l.Operator.Name, "operator", "", "`name` of the person who performs the erase")
	str(&l.Operator.Title, "operator-title", "", "their `title`")
	str(&l.Operator.Organization, "operator-organization", "", "their `organisation`")
	str(&l.Operator.Contact, "operator-contact", "", "their phone or `mail`")
	str(&l.Source, "media-source", "", "user or `computer` the media come from")
	str(&l.Destination, "destination", "", "`where` the media go next")
	str(&l.Backup, "backup", "", "`whether` data was backed up, and where")
	str(&l.Classification, "classification", "", "`confidentiality` before sanitisation")
	fs.Func("drive", "`serial` number of a drive; SERIAL/NSID for one NVMe namespace; repeat per drive", func(s string) error {
		t := record.DriveTarget{Serial: s}
		if ser, ns, ok := strings.Cut(s, "/"); ok {
			if _, err := fmt.Sscanf(ns, "%d", &t.NSID); err != nil || t.NSID < 1 {
				return fmt.Errorf("want SERIAL or SERIAL/NSID")
			}
			t.Serial = ser
		}
		a.drives = append(a.drives, t)
		return nil
	})
	str(&a.remote, "remote", "", "transport and `address` over which these drives are attached, as lethe list shows it: 'tcp traddr=192.0.2.1,trsvcid=4420'")
	fs.DurationVar(&a.valid, "valid", 24*time.Hour, "how `long` the erase may start, from --from")
	str(&a.from, "from", "", "`time` (RFC 3339) from which it may start; now where not given")
	str(&a.key, "key", "", "approver's key `file` (sign)")
	str(&a.cert, "cert", "", "approver's certificate `file` (sign)")
	str(&a.trust, "trust", "", "root certificate `file` to check the signature with (show)")
	str(&a.output, "out", "-", "`file` to write; - is standard output")
	return func(_ context.Context, env cli.Env, args []string) error {
		if len(args) == 0 {
			return cli.Usagef("say: lethe order new, sign or show")
		}
		switch verb, rest := args[0], args[1:]; {
		case verb == "new" && len(rest) == 0:
			return a.create(env)
		case verb == "sign" && len(rest) == 1:
			return a.sign(env, rest[0])
		case verb == "show" && len(rest) == 1:
			return a.show(env, rest[0])
		}
		return cli.Usagef("say: lethe order new | sign FILE | show FILE")
	}
}

func (a *orderArgs) create(env cli.Env) error {
	now := time.Now()
	from := now
	if a.from != "" {
		t, err := time.Parse(time.RFC3339, a.from)
		if err != nil {
			return cli.Usagef("--from %q: want a time such as 2026-11-24T09:00:00Z", a.from)
		}
		from = t
	}
	o := a.o
	o.Format, o.Issued = record.OrderFormat, record.At(now)
	if o.ID == "" {
		o.ID = strings.Replace(wipe.NewID(now), "LTH-", "ORD-", 1)
	}
	for i := range a.drives {
		a.drives[i].Remote = a.remote
	}
	o.Drives, o.Count = a.drives, int64(len(a.drives))
	o.Window = record.Window{NotBefore: record.At(from), NotAfter: record.At(from.Add(a.valid))}
	var err error
	if o.Crypto, err = a.crypto.declaration(); err != nil {
		return err
	}
	if err := checkOrder(o); err != nil {
		return err
	}
	b, err := json.MarshalIndent(o, "", "  ")
	if err != nil {
		return err
	}
	return writeOut(env, a.output, append(b, '\n'))
}

func checkOrder(o record.Order) error {
	if err := o.Validate(); err != nil {
		return cli.Usagef("%v", err)
	}
	p, err := profile.ByID(o.Profile)
	if err != nil {
		return cli.Usagef("%v", err)
	}
	return lax(p, o.Check())
}

func (a *orderArgs) sign(env cli.Env, file string) error {
	if a.key == "" || a.cert == "" {
		return cli.Usagef("order sign needs --key and --cert of an approver")
	}
	b, err := readIn(env, file)
	if err != nil {
		return err
	}
	var o record.Order
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&o); err != nil {
		return cli.Usagef("%s is not an order: %v", file, err)
	}
	if err := checkOrder(o); err != nil {
		return err
	}
	s, err := sign.ReadSigner(a.key, a.cert)
	if err != nil {
		return cli.Usagef("%v", err)
	}
	env2, err := order.Sign(o, s)
	if err != nil {
		return cli.Usagef("%v", err)
	}
	return writeOut(env, a.output, append(env2, '\n'))
}

func (a *orderArgs) show(env cli.Env, file string) error {
	b, err := readIn(env, file)
	if err != nil {
		return err
	}
	b = bytes.TrimSpace(b)
	o, err := order.Show(b)
	if err != nil {
		return cli.Usagef("%s: %v", file, err)
	}
	status := "signature not checked (give --trust root.pem)"
	if a.trust != "" {
		roots, err := readRoots(a.trust)
		if err != nil {
			return err
		}
		_, ref, err := order.Open(b, roots, time.Now())
		if err != nil {
			return cli.Refusedf("%s: %v", file, err)
		}
		status = "approved by " + strings.Join(ref.Approved, ", ")
	}
	pretty, err := json.MarshalIndent(o, "", "  ")
	if err != nil {
		return err
	}
	return writeOut(env, a.output, fmt.Appendf(pretty, "\n# %s\n", status))
}

func readIn(env cli.Env, file string) ([]byte, error) {
	if file == "-" {
		return io.ReadAll(io.LimitReader(env.Stdin, 16<<20))
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, cli.Usagef("read %s: %v", file, unwrapPath(err))
	}
	return b, nil
}

func writeOut(env cli.Env, file string, b []byte) error {
	if file == "-" {
		_, err := env.Stdout.Write(b)
		return err
	}
	return os.WriteFile(file, b, 0o644)
}
