package check

import (
	"errors"
	"fmt"
	"slices"

	"lethe/certs/order"
	"lethe/certs/pdf"
	"lethe/certs/record"
)

// orderHolds: somebody who may have drives erased wanted this drive of this machine
// erased, at the time it was begun and no more weakly than it was; or, where there
// was no order, a person confirmed this drive.
func orderHolds(r *run) (string, error) {
	env, attached := r.doc.Attachments[pdf.AttachOrder]
	task := r.journal.Lines[0].Event.Task
	if !attached {
		return confirmed(*task)
	}
	if task.Order == nil || task.Confirmed != "" {
		return "", errors.New("an order is attached that the task was not done under")
	}
	start := r.journal.Lines[0].Wall
	o, ref, err := order.Open(env, r.opts.Roots, start.Time)
	if err != nil {
		return "", err
	}
	if !sameRef(ref, *task.Order) {
		return "", fmt.Errorf("the task was done under order %s (%s), attached is %s (%s)",
			task.Order.ID, task.Order.Digest, ref.ID, ref.Digest)
	}
	if err := o.Permits(start.Time, r.report.Record.Context.Machine); err != nil {
		return "", err
	}
	if err := covers(o, *task); err != nil {
		return "", err
	}
	if err := sameLabels(o.Labels, r.report.Record.Context.Labels); err != nil {
		return "", err
	}
	return fmt.Sprintf("%s, approved by %s, names this drive and machine, began within its window", o.ID, list(ref.Approved)), nil
}

// confirmed: without an order, the name of this very drive was typed.
func confirmed(task record.Task) (string, error) {
	if task.Order != nil {
		return "", fmt.Errorf("order %s is not attached", task.Order.ID)
	}
	if task.Confirmed == "" || task.Confirmed != task.Device.Identity.Name() {
		return "", fmt.Errorf("no order, and %q was confirmed instead of %q", task.Confirmed, task.Device.Identity.Name())
	}
	return fmt.Sprintf("none: a person confirmed %q at the machine", task.Confirmed), nil
}

func sameRef(a, b record.OrderRef) bool {
	return a.ID == b.ID && a.Digest == b.Digest && a.Reason == b.Reason && slices.Equal(a.Approved, b.Approved)
}

// covers: the task was about a drive the order names and asked what the order asks.
func covers(o record.Order, t record.Task) error {
	switch {
	case !slices.ContainsFunc(o.Drives, func(d record.DriveTarget) bool { return d.Matches(t.Device.Identity) }):
		return fmt.Errorf("order %s does not name %s", o.ID, t.Device.Identity)
	case t.Asked.Rank() < o.Least.Rank():
		return fmt.Errorf("order %s asks %s, the task asked only %s", o.ID, o.Least, t.Asked)
	case t.StepDown && !o.StepDown:
		return fmt.Errorf("order %s allows no step down, the task did", o.ID)
	case len(t.Acts) > 0 && t.Check != record.CheckCanaries:
		return fmt.Errorf("the drive's own commands are verified by %s, the task planned %s", record.CheckCanaries, t.Check)
	case len(t.Acts) == 0 && share(t.Check) < share(o.Check()):
		return fmt.Errorf("order %s asks verification %s, the task planned %s", o.ID, o.Check(), t.Check)
	case o.Technique != "" && o.Technique != chosen(t):
		return fmt.Errorf("order %s asks technique %s, the task used %s", o.ID, o.Technique, chosen(t))
	case t.Crypto != nil && (o.Crypto == nil || *t.Crypto != *o.Crypto):
		return fmt.Errorf("order %s does not make the task's declaration of the drive's encryption", o.ID)
	case t.Profile.ID != o.Profile:
		return fmt.Errorf("order %s asks profile %s, the task used %s", o.ID, o.Profile, t.Profile.ID)
	}
	return nil
}

// chosen is the technique the task was planned with.
func chosen(t record.Task) record.Technique {
	for _, r := range t.Ladder {
		if r.Chosen {
			return r.Technique
		}
	}
	return ""
}

// share is the part of the medium that a verification compares, in percent.
func share(check string) int64 {
	n, _ := record.CheckShare(check)
	return n
}

// sameLabels: what the order calls the job is what the paper calls it. The operator
// is who was there, which the order cannot know.
func sameLabels(ordered, printed record.Labels) error {
	for _, l := range []struct{ name, ordered, printed string }{
		{"contract", ordered.Contract, printed.Contract},
		{"customer", ordered.Customer, printed.Customer},
		{"service code", ordered.ServiceCode, printed.ServiceCode},
		{"asset tag", ordered.AssetTag, printed.AssetTag},
	} {
		if l.ordered != "" && l.ordered != l.printed {
			return fmt.Errorf("the order's %s is %q, the record's %q", l.name, l.ordered, l.printed)
		}
	}
	return nil
}
