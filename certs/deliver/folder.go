package deliver

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"lethe/certs/bundle"
	"lethe/certs/bundle/durable"
	"lethe/certs/record"
)

// Folder delivers into a directory of a disk or a stick: written, flushed, renamed,
// and read back from the medium. It judges nothing and signs nothing.
type Folder struct {
	Dir  string           // must exist
	Name string           // what the receipt calls it, e.g. "folder" or the stick's serial
	Now  func() time.Time // the clock of the receipt
}

// Deliver writes the paper under its own name. Another paper of that name is never
// replaced: *RefusedError.
func (f Folder) Deliver(ctx context.Context, b bundle.Bundle) (bundle.Receipt, error) {
	if err := b.Validate(); err != nil {
		return bundle.Receipt{}, fmt.Errorf("deliver: %w", err)
	}
	if err := f.keep(ctx, b.Name, b.PDF); err != nil {
		return bundle.Receipt{}, fmt.Errorf("deliver %s: %w", b.Name, err)
	}
	r := bundle.Receipt{Format: bundle.ReceiptFormat, Digest: b.Digest(),
		Size: record.Size(len(b.PDF)), Stored: record.At(f.Now()), Depot: f.Name}
	raw, err := record.Marshal(r)
	if err != nil {
		return bundle.Receipt{}, fmt.Errorf("deliver %s: %w", b.Name, err)
	}
	r.Raw = raw
	return r, nil
}

// Acknowledge keeps the intent as intent-{sha256}.json.
func (f Folder) Acknowledge(ctx context.Context, intent []byte) ([]byte, error) {
	if err := bundle.ValidIntent(intent); err != nil {
		return nil, fmt.Errorf("acknowledge: %w", err)
	}
	d := record.Digest(intent)
	if err := f.keep(ctx, "intent-"+d+".json", intent); err != nil {
		return nil, fmt.Errorf("acknowledge intent %s: %w", d, err)
	}
	return record.Marshal(bundle.IntentReceipt{Format: bundle.IntentReceiptFormat, Digest: d,
		Size: record.Size(len(intent)), Stored: record.At(f.Now()), Depot: f.Name})
}

func (f Folder) keep(ctx context.Context, name string, data []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	err := durable.Write(f.Dir, name, data)
	there := errors.Is(err, fs.ErrExist)
	if err != nil && !there {
		return err
	}
	err = durable.ReadBack(filepath.Join(f.Dir, name), data)
	if there && errors.Is(err, durable.ErrDiffers) {
		return &RefusedError{Reason: "another file of that name is there"}
	}
	if err != nil {
		return err
	}
	return durable.SyncDir(f.Dir) // also where an earlier run was cut off before its own
}
