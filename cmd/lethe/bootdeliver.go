package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"lethe/certs/bundle"
	"lethe/certs/deliver"
	"lethe/certs/record"
	"lethe/certs/sign"
	"lethe/certs/spool"
	"lethe/cmd/internal/cli"
	"lethe/cmd/internal/sysinit/fat"
	"lethe/inventory"
)

// redeliver is how long the agent rests before it tries papers again that could
// not be delivered.
const redeliver = 30 * time.Second

// lastTries is how long papers are still sent after somebody asked the agent to end.
const lastTries = time.Minute

// connect makes the client of the depot, where one is configured.
func (b *boot) connect(roots *x509.CertPool) error {
	url := b.state.Site.Depot
	if w := b.state.Cmdline.Depot; w != "" {
		url = w
	}
	if url == "" {
		return nil
	}
	tls, err := b.depotRoots(roots)
	if err != nil {
		return err
	}
	opts := []deliver.Option{deliver.WithEvents(b.tell), deliver.WithPatience()}
	if p := b.state.Site.Proxy; p != "" {
		opts = append(opts, deliver.WithProxy(p))
	}
	d, err := deliver.NewHTTPS(url, tls, roots, b.depotNow, opts...)
	if err != nil {
		return err
	}
	b.depot = d
	return nil
}

// depotRoots are those of the depot's TLS certificate.
func (b *boot) depotRoots(trust *x509.CertPool) (*x509.CertPool, error) {
	if ca := b.state.Site.DepotCA; ca != "" {
		return readRoots(ca)
	}
	return trust, nil
}

// tell logs what happens on the way to the depot.
func (b *boot) tell(e deliver.Event) {
	switch e := e.(type) {
	case deliver.Waiting:
		b.log.Warnf("depot: %s: try %d: %v; next try in %s", e.Name, e.N, e.Err, e.For.Round(time.Second))
		if text := advice(e.Err, time.Now(), b.state.Net.Now().Up()); b.adviser.due(e.N, text) {
			b.log.Warnf("WHAT TO DO: %s. %s is kept and tried again for as long as this machine stays on", text, e.Name)
		}
	case deliver.Refused:
		b.log.Errorf("depot: %s: %v", e.Name, e.Err)
	case deliver.Delivered:
		b.log.Infof("depot: %s delivered, receipt checked", e.Name)
	}
}

// takeStick makes the drive that the site names as its delivery stick a hold and
// uses it if its marker counts. Nothing is written to it before the intent.
func (b *boot) takeStick(ds []inventory.Device) {
	site := b.state.Site.Stick
	if site == nil {
		return
	}
	s := &stick{serial: site.Serial, dir: stickDir, typ: fat.FAT, now: b.now,
		say: func(w string) { b.log.Info(w) }, warn: func(w string) { b.log.Warn(w) }}
	if b.state.Cmdline.List {
		s.hold(ds)
		return
	}
	roots, err := b.roots()
	if err == nil {
		s.roots = roots
		err = s.take(ds)
	} else {
		s.hold(ds)
	}
	before := seen(ds)
	s.look = func(ctx context.Context) []inventory.Device { return lookAgain(ctx, before) }
	if err != nil {
		b.log.Warnf("delivery stick %s is not used: %v", s.serial, err)
	} else {
		b.log.Infof("delivery stick %s: its marker is valid, papers go to it", s.serial)
	}
	b.stick = s
}

// acknowledge has the intent kept by depot or stick before anything irreversible
// (law 8). A configured depot that does not answer is waited for: nothing starts.
// With a depot the stick has a copy; without, its word is the one that counts.
func (b *boot) acknowledge(ctx context.Context, m *mission) error {
	if b.depot != nil && b.stick != nil && !b.stick.present() {
		b.log.Warnf("delivery stick %s is not here: papers go to the depot only", b.stick.serial)
		b.stick = nil
	}
	if b.depot == nil && b.stick == nil || len(m.plan.Tasks()) == 0 {
		return nil
	}
	doc, err := m.plan.Intent(m.machine)
	if err != nil {
		return err
	}
	if b.stick != nil {
		receipt, err := b.stick.Acknowledge(ctx, doc)
		if err != nil && b.depot == nil {
			return cli.Refusedf("what is about to be done could not be kept: %v; nothing was touched", err)
		}
		if err == nil {
			m.plan.Acknowledged(record.Audit{Kind: record.AuditStick, Name: b.stick.serial, Receipt: record.Digest(receipt)})
			b.log.Infof("intent is on the stick: receipt %.16s", record.Digest(receipt))
		}
	}
	if b.depot == nil {
		return nil
	}
	receipt, err := b.depot.Acknowledge(ctx, doc)
	if err != nil {
		return cli.Refusedf("the depot did not acknowledge what is about to be done: %v; nothing was touched", err)
	}
	name := keeperName(receipt, doc)
	m.plan.Acknowledged(record.Audit{Kind: record.AuditDepot, Name: name, Receipt: record.Digest(receipt)})
	b.log.Infof("intent acknowledged by the depot (%s): receipt %.16s", name, record.Digest(receipt))
	return nil
}

// keeperName is what the depot calls itself in a receipt that was checked already.
func keeperName(receipt, intent []byte) string {
	payload, err := sign.UnverifiedPayload(receipt, sign.PayloadReceipt)
	if err == nil {
		var r bundle.IntentReceipt
		if r, err = bundle.DecodeIntentReceipt(payload, intent); err == nil {
			return r.Depot
		}
	}
	return "depot"
}

// keeper is where papers go, nil where nothing is configured.
func (b *boot) keeper() deliver.Deliverer {
	switch {
	case b.depot != nil && b.stick != nil:
		return everywhere{b.depot, b.stick}
	case b.depot != nil:
		return b.depot
	case b.stick != nil:
		return b.stick
	}
	return nil
}

// eraseAndDeliver runs the plan while finished papers leave at once.
func (b *boot) eraseAndDeliver(ctx context.Context, m *mission) error {
	made := make(chan struct{})
	gone := make(chan error, 1)
	// Who stops the erase does not stop the notices that say so.
	sending, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(lastTries, end) })()
	go func() { gone <- b.deliverAll(sending, m.spool, made) }()
	if m.carry != nil {
		carrying, enough := context.WithCancel(context.WithoutCancel(ctx))
		defer enough()
		go m.carry.run(carrying)
	}
	out, err := m.run(ctx)
	var missing error
	if err != nil {
		b.log.Errorf("papers: %v", err)
		missing = b.makeUp(sending, m.unkept(bootPapers), redeliver)
	}
	close(made)
	derr := errors.Join(<-gone, missing)
	fmt.Fprintln(b.env.Stdout, sum(m.plan, out))
	switch {
	case derr != nil:
		return cli.Undeliveredf("%v; the machine stays on", derr)
	case err != nil || ctx.Err() != nil:
		return signalled(ctx, err)
	}
	// What was delivered may be bad news; it is delivered all the same, and the
	// machine may go off. The depot's ledger has the notices.
	if oerr := m.outcomeError(out); oerr != nil {
		b.log.Warn(oerr.Error())
	}
	return nil
}

// deliverAll delivers until every paper has its receipt or ctx ends.
func (b *boot) deliverAll(ctx context.Context, s *spool.Spool, made <-chan struct{}) error {
	to := b.keeper()
	c, err := b.newCopier()
	if err != nil {
		b.log.Warnf("encrypted copies: %v", err)
	} else if c != nil {
		copying, end := context.WithCancel(ctx)
		defer end()
		go c.run(copying, s)
	}
	if to == nil {
		<-made
		if c != nil { // copies are no delivery; but they need time
			b.log.Errorf("no depot and no delivery stick is configured: the papers stay in %s, in memory only, and go out as encrypted copies", bootPapers)
			c.wait(ctx, s)
		}
		return fmt.Errorf("no depot and no delivery stick is configured: the papers are in %s, in memory only", bootPapers)
	}
	left, err := s.Run(ctx, to, made, nil)
	for err == nil && len(left) > 0 {
		if ctx.Err() != nil {
			return fmt.Errorf("%d papers are not delivered: they are in %s, in memory only", len(left), bootPapers)
		}
		b.log.Errorf("%d papers are not delivered (%s: %v); they are kept in %s and tried again in %s",
			len(left), left[0].Name, left[0].Err, bootPapers, redeliver)
		select {
		case <-ctx.Done():
		case <-time.After(redeliver):
		}
		left, err = s.Drain(ctx, to, nil)
	}
	if err != nil {
		return errors.Join(errors.New("papers cannot be read back"), err)
	}
	return nil
}
