package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"lethe/certs/deliver"
	"lethe/certs/order"
	"lethe/certs/record"
	"lethe/certs/sign"
	"lethe/inventory"
	"lethe/wipe"
)

// soon is how much time a key or an order should have left.
const soon = time.Hour

// byOrder checks the order and looks at the drives it names.
func (d *doctor) byOrder(m record.Machine, ds []inventory.Device) []inventory.Device {
	g, p, _, err := d.permitOrder(m, time.Now())
	if err != nil {
		d.fail("order", because(err), "have a new one signed, or wait for its time")
		return nil
	}
	plan, err := wipe.NewPlan(wipe.Request{Candidates: candidates(ds, g), Policy: p, Grant: g, Boot: bootID(), Now: time.Now()})
	if err != nil {
		d.fail("order", because(err), "have a new one signed")
		return nil
	}
	d.window()
	for _, w := range plan.Missing() {
		d.fail("order", w+" is not found in this machine", "put the drive in, or have an order without it signed")
	}
	var out []inventory.Device
	for _, x := range ds {
		if g.Permits(x.Identity) == nil {
			d.drive(x, true)
			out = append(out, x)
		}
	}
	for _, b := range plan.Blocked() {
		for _, x := range out {
			if x.Device.Node == b.Node && len(holds(x)) == 0 {
				d.fail("drive "+b.Node, strings.Join(b.Reasons, ", "), "")
			}
		}
	}
	return out
}

// window says how long the order's erase may still start.
func (d *doctor) window() {
	b, err := os.ReadFile(d.order)
	if err != nil {
		return // it was read a moment ago; what follows has said what it is for
	}
	o, err := order.Show(trimEnvelope(b))
	if err != nil {
		return
	}
	until := o.Window.NotAfter.UTC().Format(time.RFC3339)
	if left := time.Until(o.Window.NotAfter.Time); left < soon {
		d.warn("order", fmt.Sprintf("%s: the erase may start until %s only, in %s", o.ID, until, left.Round(time.Minute)), "start soon")
		return
	}
	d.ok("order", "%s: signature good, for this machine, the erase may start until %s", o.ID, until)
}

// paperFolder looks at where the papers would go, and makes nothing there.
func (d *doctor) paperFolder(named []inventory.Device) {
	name := "papers"
	if err := apart(d.papers, named); err != nil {
		d.fail(name, because(err), "")
		return
	}
	free, memory, err := room(d.papers)
	need := int64(len(named)+1) * paperRoom
	switch {
	case err != nil:
		d.fail(name, fmt.Sprintf("%s cannot be written to: %v", d.papers, unwrapPath(err)), "choose another --papers")
	case free < need:
		d.fail(name, fmt.Sprintf("%s has %d bytes free, the papers may take %d", d.papers, free, need), "make room, or choose another --papers")
	case memory:
		d.warn(name, d.papers+" is in memory and ends with the machine", "choose --papers on a disk, or copy them before power-off")
	default:
		d.ok(name, "%s can take them", d.papers)
	}
}

// signer checks the key that is to sign, and under --trust that it leads there.
func (d *doctor) signer(now time.Time) {
	s, err := readSigner(d.key, d.cert)
	if err != nil {
		d.fail("key", because(err), "lethe key init makes one")
		return
	}
	leaf := s.Chain()[0]
	if d.trust != "" {
		if err := leadsTo(d.trust, s, now); err != nil {
			d.fail("key", because(err), "papers it signs would not be believed: use a key that the root issued")
			return
		}
	}
	until := leaf.NotAfter.UTC().Format(time.RFC3339)
	if leaf.NotAfter.Sub(now) < 24*soon {
		d.warn("key", leaf.Subject.CommonName+" is valid until "+until+" only; an erase may take longer", "have a new one issued")
		return
	}
	d.ok("key", "%s signs records until %s", leaf.Subject.CommonName, until)
}

func leadsTo(trust string, s sign.Signer, now time.Time) error {
	roots, err := readRoots(trust)
	if err != nil {
		return err
	}
	env, err := sign.SignDSSE(sign.PayloadRecord, []byte("{}"), s)
	if err != nil {
		return err
	}
	_, _, err = sign.VerifyDSSE(env, sign.PayloadRecord, roots, sign.RoleRecord, now)
	return err
}

// depotWait is how long a depot has to answer.
const depotWait = 10 * time.Second

// askDepot makes one request that leaves nothing behind.
func (d *doctor) askDepot(ctx context.Context) {
	roots, err := readRoots(d.trust)
	if err == nil {
		_, err = deliver.NewHTTPS(d.depot, roots, roots, time.Now)
	}
	if err != nil {
		d.fail("depot", because(err), "")
		return
	}
	ctx, cancel := context.WithTimeout(ctx, depotWait)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimRight(d.depot, "/")+"/healthz", nil)
	if err != nil {
		d.fail("depot", because(err), "")
		return
	}
	t := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, DisableKeepAlives: true}
	res, err := (&http.Client{Transport: t}).Do(req)
	if err != nil {
		d.fail("depot", because(err), "start it, open the way to it, or correct --depot and --trust")
		return
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		d.fail("depot", d.depot+" answers "+res.Status, "is this a depot?")
		return
	}
	d.ok("depot", "%s answers and is trusted", d.depot)
}
