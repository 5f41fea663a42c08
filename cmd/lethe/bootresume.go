package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"lethe/certs/bundle"
	"lethe/certs/bundle/durable"
	"lethe/certs/deliver"
	"lethe/certs/record"
	"lethe/certs/sign"
	"lethe/cmd/internal/handover"
	"lethe/inventory"
)

// againInBoot is what to do for a task to go on.
const againInBoot = "start this machine again with the same delivery stick, image and order"

// goesOn has what is cut short from here on go on after the next start, where there is
// a stick, and says what becomes of it where there is none.
func (b *boot) goesOn(m *mission) error {
	if len(m.plan.Tasks()) == 0 {
		return nil
	}
	if b.stick == nil {
		b.log.Info("there is no delivery stick: a drive that a loss of power cuts short begins anew at the next start")
		return m.concludeRest(bootPapers)
	}
	c, err := newCarrier(m.journal, m.machine, m.signer, b.stick.leave)
	if err != nil {
		b.log.Warnf("a drive that a loss of power cuts short begins anew at the next start: %v", err)
		return m.concludeRest(bootPapers)
	}
	b.log.Infof("delivery stick %s: a drive that a loss of power cuts short goes on at the next start with the stick", b.stick.serial)
	m.carry, m.goesOn = c, true
	return m.concludeRest(bootPapers)
}

// restorer puts what an earlier boot of this machine has left on the stick where it
// would lie had that boot never ended. From there on all is as on a host.
type restorer struct {
	*recovery
	machine record.Machine
	drives  []inventory.Device
	stick   *stick
	depot   *deliver.HTTPS // nil where none is configured
	info    func(format string, args ...any)
	warn    func(format string, args ...any)
	begun   map[string]string // tasks that are back, and by what they were begun
}

// restore brings back what the stick has of this machine and its drives.
func (b *boot) restore(ctx context.Context, m record.Machine, ds []inventory.Device, s sign.Signer, roots *x509.CertPool) (begun map[string]string, err error) {
	if b.stick == nil {
		return nil, nil
	}
	key, err := sign.Secret(s, handoverUse)
	if err != nil {
		return nil, nil // nor could anything be left there
	}
	sp, err := papersIn(bootPapers)
	if err != nil {
		return nil, err
	}
	defer sp.Close()
	tool, err := b.tool()
	if err != nil {
		return nil, err
	}
	r := &restorer{machine: m, drives: ds, stick: b.stick, depot: b.depot, info: b.log.Infof, warn: b.log.Warnf, begun: map[string]string{},
		recovery: &recovery{env: b.env, dir: journalDir(bootPapers), spool: sp, papers: bootPapers, signer: s, roots: roots, tool: tool}}
	return r.begun, r.all(ctx, key)
}

// all looks at every task on the stick. Only a folder in memory that cannot be written
// is an error; a task that cannot be brought back begins anew.
func (r *restorer) all(ctx context.Context, key []byte) error {
	var notes []handover.Note
	err := r.stick.found(key, func(papers string, ns []handover.Note, torn []string) {
		for _, t := range torn {
			r.warn("delivery stick: what an earlier start left of %s cannot be opened: it is of another key or image, or damaged", t)
		}
		on := &recovery{papers: papers, roots: r.roots}
		for _, n := range ns {
			if has, _ := on.hasPaper(n.Task); has {
				r.stick.conclude(n.Task)
				continue
			}
			notes = append(notes, n)
		}
	})
	if err != nil {
		r.warn("delivery stick: what an earlier start may have left cannot be read: %v", err)
		return nil
	}
	if len(notes) == 0 {
		return nil
	}
	issued, err := r.inDepot(ctx)
	if err != nil {
		r.warn("what an earlier start left on the delivery stick is not used: %v", err)
		return nil
	}
	if err := os.MkdirAll(r.dir, 0o750); err != nil {
		return fmt.Errorf("bring back what was begun: %w", err)
	}
	for _, n := range notes {
		if issued[n.Task] {
			r.stick.mu.Lock()
			r.stick.conclude(n.Task)
			r.stick.mu.Unlock()
			continue
		}
		if why := r.task(n); why != nil {
			r.warn("delivery stick: %s was begun by an earlier start and is left as it is: %v", n.Task, why)
		}
	}
	return nil
}

// inDepot are the tasks whose papers the depot has: the stick may have been away when
// they were issued.
func (r *restorer) inDepot(ctx context.Context) (map[string]bool, error) {
	out := map[string]bool{}
	if r.depot == nil {
		return out, nil
	}
	_, err := r.depot.Papers(ctx, func(l deliver.Listed) bool {
		out[l.ID] = true
		return false // its name is enough
	})
	return out, err
}

// task brings one task back, or says why it stays where it is. One that cannot go on
// gets its paper.
func (r *restorer) task(n handover.Note) error {
	t, err := journalIn(n.Files)
	if err != nil {
		return err
	}
	first := t.Lines[0].Event.Task
	if n.Machine.Serial != r.machine.Serial || n.Machine.UUID != r.machine.UUID {
		return fmt.Errorf("that was on another machine (serial number %q)", n.Machine.Serial)
	}
	if !slices.ContainsFunc(r.drives, func(d inventory.Device) bool { return d.Identity.Same(first.Device.Identity) }) {
		return fmt.Errorf("its drive %s is not here", first.Device.Identity)
	}
	if old, _ := filepath.Glob(filepath.Join(r.dir, n.Task+".*")); len(old) > 0 {
		return nil // this start knows more of it
	}
	put, err := r.put(n)
	if err == nil {
		_, err = r.unfinishedTask(n.Task, time.Now())
		if err != nil {
			r.info("%s of %s was cut short and cannot go on (%v): it gets its paper", n.Task, first.Device.Identity, err)
			_, err = r.one(n.Task)
		} else {
			r.begun[n.Task] = r.byWhat(first)
		}
	}
	if err != nil {
		for _, name := range put {
			err = errors.Join(err, os.Remove(filepath.Join(r.dir, name)))
		}
	}
	return err
}

// put writes the files of a note, and returns those of the task alone.
func (r *restorer) put(n handover.Note) (put []string, err error) {
	for _, f := range n.Files {
		plan, isRun := strings.CutSuffix(f.Name, runSuffix)
		switch {
		case isRun && bundle.ValidDigest(plan):
			if _, err := os.Lstat(filepath.Join(r.dir, f.Name)); err == nil {
				continue // tasks of one run share it
			}
		case slices.Contains([]string{n.Task + journalSuffix, n.Task + resumeSuffix, n.Task + sealSuffix}, f.Name):
			put = append(put, f.Name)
		default:
			return put, fmt.Errorf("%q is no file of a task", f.Name)
		}
		s, err := durable.StagePrivate(r.dir, f.Data)
		if err != nil {
			return put, err
		}
		defer s.Discard()
		if err := s.Commit(f.Name); err != nil {
			return put, err
		}
	}
	return put, nil
}

// byWhat says which image the task was begun by, and in which boot.
func (r *restorer) byWhat(t *record.Task) string {
	s := "kept on delivery stick " + r.stick.serial + "; begun in boot " + t.Boot
	if n, err := readRun(r.dir, t.Plan, r.signer); err == nil {
		s += fmt.Sprintf(" by %s %s", n.Tool.Name, n.Tool.Version)
		if n.Tool.ImageDigest != "" {
			s += ", image " + n.Tool.ImageDigest
		}
	}
	return s
}
