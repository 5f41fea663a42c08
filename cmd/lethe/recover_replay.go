package main

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"lethe/certs/check"
	"lethe/certs/order"
	"lethe/certs/record"
	"lethe/cmd/internal/cli"
)

// carriedOut is the drives of the order at hand that have their certificate from
// an earlier run. It is filled before the plan is made, and empty where there is
// no order: a person who names a drive again means it.
var carriedOut replay

// replay is the certificates that an order has led to already.
type replay struct{ done []certificate }

type certificate struct {
	paper    string
	identity record.Identity
	state    record.State
}

// paper is the certificate of the drive, "" where it has none.
func (r replay) paper(id record.Identity) string {
	for _, c := range r.done {
		if id.Known() && c.identity.Same(id) {
			return c.paper
		}
	}
	return ""
}

// names reports whether a word of the order means a drive that is done.
func (r replay) names(serial string) bool {
	for _, c := range r.done {
		if c.identity.Name() == serial {
			return true
		}
	}
	return false
}

// whole reports whether every drive of the order is done.
func (r replay) whole(o record.Order) bool {
	for _, d := range o.Drives {
		found := false
		for _, c := range r.done {
			found = found || d.Matches(c.identity)
		}
		if !found {
			return false
		}
	}
	return true
}

// print says it to a program, in the form in which a run is told.
func (r replay) print(env cli.Env, papers string) error {
	type drive struct {
		record.Identity
		State string `json:"state"`
		Kind  string `json:"kind"`
		Paper string `json:"paper"`
	}
	var ds []drive
	for _, c := range r.done {
		ds = append(ds, drive{c.identity, string(c.state), record.KindCertificate, c.paper + ".pdf"})
	}
	e := json.NewEncoder(env.Stdout)
	e.SetIndent("", "  ")
	return e.Encode(map[string]any{"status": cli.ExitOK, "papers": papers, "wanted": len(ds), "reached": len(ds),
		"drives": ds, "missing": []string{}})
}

// replayOf reads the papers of a folder. Only a certificate counts that holds in
// every step under these roots and was made under this very order.
func replayOf(papers string, ref record.OrderRef, roots *x509.CertPool) (r replay) {
	files, err := filepath.Glob(filepath.Join(papers, "*.pdf"))
	if err != nil {
		return r
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			continue // it proves nothing
		}
		p := check.Check(b, check.Options{Roots: roots})
		if p.Outcome() != check.Erased || p.Record == nil || p.Record.Order == nil || p.Record.Order.Digest != ref.Digest {
			continue
		}
		r.done = append(r.done, certificate{p.RecordID, p.Record.Device.Identity, p.Verdict.State})
	}
	return r
}

// resuming lets a command that erases first issue what an earlier run in the same
// folder left without papers, and then leave alone what its order has done already.
func resuming(c cli.Command) cli.Command {
	flags := c.Flags
	c.Flags = func(fs *flag.FlagSet) cli.Run {
		run := flags(fs)
		return func(ctx context.Context, env cli.Env, args []string) error {
			v := func(name string) string {
				if f := fs.Lookup(name); f != nil {
					return f.Value.String()
				}
				return ""
			}
			if len(args) > 0 {
				return run(ctx, env, args)
			}
			if s, err := readSigner(v("key"), v("cert")); err == nil { // else the command says why not
				if _, err := recoverIn(env, v("papers"), s); err != nil {
					return err
				}
			}
			if replayed(env, v) {
				return nil
			}
			return run(ctx, env, args)
		}
	}
	return c
}

// replayed fills carriedOut and reports whether the order leaves nothing to do. An
// order that cannot be read is the command's own to refuse.
func replayed(env cli.Env, v func(string) string) bool {
	if v("order") == "" || v("trust") == "" || v("device") != "" {
		return false
	}
	roots, err := readRoots(v("trust"))
	if err != nil {
		return false
	}
	b, err := os.ReadFile(v("order"))
	if err != nil {
		return false
	}
	o, ref, err := order.Open(trimEnvelope(b), roots, time.Now())
	if err != nil {
		return false
	}
	carriedOut = replayOf(v("papers"), ref, roots)
	for _, c := range carriedOut.done {
		fmt.Fprintf(env.Stderr, "%s already has certificate %s under order %s and is not erased again\n", c.identity, c.paper, o.ID)
	}
	if !carriedOut.whole(o) {
		return false
	}
	if v("json") == "true" {
		return carriedOut.print(env, v("papers")) == nil
	}
	fmt.Fprintf(env.Stdout, "order %s is carried out: all %d drives have their certificates in %s\n", o.ID, len(o.Drives), v("papers"))
	return true
}
