package archive

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"

	"lethe/certs/bundle"
	"lethe/certs/bundle/durable"
	"lethe/certs/record"
	"lethe/certs/sign"
)

// PutIntent keeps an intent, whose meaning is none of the depot's business, and
// gives the signed receipt for it after the flush. The same intent again gives the
// same receipt. What bundle.ValidIntent refuses is a *Refusal.
func (a *Archive) PutIntent(intent []byte) (receipt []byte, fresh bool, err error) {
	if err := bundle.ValidIntent(intent); err != nil {
		return nil, false, &Refusal{err.Error()}
	}
	digest := record.Digest(intent)
	a.mu.Lock()
	defer a.mu.Unlock()
	dir := filepath.Join(a.Dir, intentDir)
	old, payload := a.acknowledged(dir, digest, intent)
	if old != nil {
		return old, false, nil
	}
	if payload == nil {
		payload, err = record.Marshal(bundle.IntentReceipt{Format: bundle.IntentReceiptFormat,
			Digest: digest, Size: record.Size(len(intent)), Stored: record.At(a.Now()), Depot: a.Name})
	}
	if err == nil {
		receipt, err = a.keepIntent(dir, digest, intent, payload)
	}
	if err != nil {
		return nil, false, fmt.Errorf("keep intent %s: %w", digest, err)
	}
	return receipt, true, nil
}

// acknowledged is the receipt of an intent that is kept already and, where that
// one's certificate has ended since, the statement to be signed anew.
func (a *Archive) acknowledged(dir, digest string, intent []byte) (receipt, payload []byte) {
	kept, err := os.ReadFile(filepath.Join(dir, digest+".json"))
	if err != nil || !bytes.Equal(kept, intent) {
		return nil, nil
	}
	raw, err := os.ReadFile(filepath.Join(dir, receiptName(digest)))
	if err != nil {
		return nil, nil
	}
	payload, err = sign.UnverifiedPayload(raw, sign.PayloadReceipt)
	if err != nil {
		return nil, nil
	}
	if _, err := bundle.DecodeIntentReceipt(payload, intent); err != nil {
		return nil, nil
	}
	if _, err := a.Seal.Open(raw); err != nil {
		return nil, payload
	}
	return raw, payload
}

// keepIntent flushes intent and receipt before either has its name, and names the
// intent first: no receipt is ever seen without what it is for.
func (a *Archive) keepIntent(dir, digest string, intent, payload []byte) ([]byte, error) {
	receipt, err := a.Seal.Seal(payload)
	if err != nil {
		return nil, fmt.Errorf("sign receipt: %w", err)
	}
	i, err := durable.Stage(dir, intent)
	if err != nil {
		return nil, err
	}
	defer i.Discard()
	r, err := durable.Stage(dir, receipt)
	if err != nil {
		return nil, err
	}
	defer r.Discard()
	if err := i.Replace(digest + ".json"); err != nil {
		return nil, err
	}
	return receipt, r.Replace(receiptName(digest))
}
