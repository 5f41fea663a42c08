package archive

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"lethe/certs/bundle"
	"lethe/certs/record"
)

// Checked is one paper of an archive as it was found at a later check.
type Checked struct {
	File    string
	Entry   Entry   // as it was taken in; zero for a file outside the index
	Finding Finding // as it is judged now
	Err     error   // nil when everything holds
}

// ReceiptOpener verifies a receipt at the time it says itself that it was made.
type ReceiptOpener func(envelope []byte) (bundle.Receipt, error)

// Verify judges every paper of a folder again and calls each with the result: the
// drives' papers of the index, then the summaries, whose rows must be the papers
// kept, then files beside the index. It takes no lock and changes nothing,
// so that it can run beside a depot. Its error says that the folder or the index
// cannot be read; what is wrong with a paper is in Checked.
func Verify(dir string, c Checker, open ReceiptOpener, each func(Checked)) error {
	b, err := os.ReadFile(filepath.Join(dir, indexName))
	if err != nil {
		return fmt.Errorf("verify archive: %w", err)
	}
	entries, _, err := readIndex(b)
	if err != nil {
		return fmt.Errorf("verify archive: %w", err)
	}
	names, err := papers(dir)
	if err != nil {
		return fmt.Errorf("verify archive: %w", err)
	}
	known, content := map[string]bool{}, map[string]record.Hex{}
	var summaries []Checked
	for _, e := range entries {
		twice := known[e.ID]
		known[e.ID] = true
		r := verifyOne(dir, e, c, open)
		if twice {
			r.Err = errors.Join(errors.New("it is in the index twice"), r.Err)
		}
		if r.Err == nil && r.Finding.Kind == bundle.KindSummary {
			summaries = append(summaries, r)
			continue
		}
		content[e.ID] = r.Finding.Content
		each(r)
	}
	for _, r := range summaries {
		r.Err = rowsHold(r.Finding.Rows, content)
		each(r)
	}
	for _, n := range names {
		if known[strings.TrimSuffix(n, ".pdf")] {
			continue
		}
		each(Checked{File: n, Err: errors.New("not in the index: no depot took it in")})
	}
	return nil
}

func verifyOne(dir string, e Entry, c Checker, open ReceiptOpener) Checked {
	r := Checked{File: paperName(e.ID), Entry: e}
	pdf, err := os.ReadFile(filepath.Join(dir, r.File))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		r.Err = errors.New("it is in the index, but the file is gone")
	case err != nil:
		r.Err = err
	case record.Digest(pdf) != e.Digest:
		r.Err = errors.New("the file is not the one that was taken in")
	}
	if r.Err != nil {
		return r
	}
	if r.Finding, r.Err = c.Check(pdf); r.Err != nil {
		return r
	}
	if now := entryOf(r.Finding, pdf, e.Stored); now != e {
		r.Err = fmt.Errorf("it is judged %s now, and was taken in as %s", now.words(), e.words())
		return r
	}
	raw, err := os.ReadFile(filepath.Join(dir, receiptName(e.ID)))
	if err != nil {
		r.Err = fmt.Errorf("receipt: %w", err)
		return r
	}
	got, err := open(raw)
	if err == nil {
		err = got.Covers(bundle.Bundle{PDF: pdf})
	}
	if err != nil {
		r.Err = fmt.Errorf("receipt: %w", err)
	}
	return r
}

// rowsHold compares a summary with the papers kept. Those that are not kept here
// may be elsewhere.
func rowsHold(rows, content map[string]record.Hex) error {
	for id, stated := range rows {
		if kept := content[id]; kept != "" && kept != stated {
			return fmt.Errorf("its row %s states digest %s, the paper kept has %s", id, stated, kept)
		}
	}
	return nil
}

func (e Entry) words() string {
	return strings.Join([]string{e.Kind, e.ID, string(e.State), string(e.Method), e.Serial}, " ")
}
