package archive

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"lethe/certs/bundle"
	"lethe/certs/bundle/durable"
	"lethe/certs/record"
)

const (
	indexName   = "index.jsonl"
	entryFormat = "lethe.depot-entry/v1"
)

// Entry is one line of the index.
type Entry struct {
	Format  string        `json:"format"`
	Digest  record.Hex    `json:"digest"` // SHA-256 of the PDF
	Size    record.Size   `json:"size"`
	Stored  record.Time   `json:"stored"`
	ID      string        `json:"id"`
	Kind    string        `json:"kind"`
	State   record.State  `json:"state,omitempty"`
	Method  record.Method `json:"method,omitempty"`
	Virtual bool          `json:"virtual,omitempty"`
	Serial  string        `json:"serial,omitempty"`
	Model   string        `json:"model,omitempty"`
}

func entryOf(f Finding, pdf []byte, stored record.Time) Entry {
	return Entry{Format: entryFormat, Digest: record.Digest(pdf), Size: record.Size(len(pdf)),
		Stored: stored, ID: f.ID, Kind: f.Kind, State: f.State, Method: f.Method,
		Virtual: f.Virtual, Serial: f.Serial, Model: f.Model}
}

func (e Entry) receipt(depot string) bundle.Receipt {
	return bundle.Receipt{Format: bundle.ReceiptFormat, Digest: e.Digest, Size: e.Size,
		Stored: e.Stored, Depot: depot, ID: e.ID, Kind: e.Kind, State: e.State, Virtual: e.Virtual}
}

func paperName(id string) string   { return id + ".pdf" }
func receiptName(id string) string { return id + ".receipt.json" }

// papers is the names of the papers of a folder, in order.
func papers(dir string) ([]string, error) {
	files, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, f := range files {
		if f.Type().IsRegular() && bundle.ValidName(f.Name()) {
			names = append(names, f.Name())
		}
	}
	return names, nil
}

// readIndex decodes the whole lines of an index; whole is their length. A tail
// without a newline was never answered for. A bad line before it is an error: a
// depot writes none.
func readIndex(b []byte) (entries []Entry, whole int, err error) {
	for n := 1; ; n++ {
		i := bytes.IndexByte(b[whole:], '\n')
		if i < 0 {
			return entries, whole, nil
		}
		var e Entry
		err := record.Unmarshal(b[whole:whole+i], &e)
		switch {
		case err != nil:
		case e.Format != entryFormat:
			err = fmt.Errorf("format %q, want %q", e.Format, entryFormat)
		case !bundle.ValidDigest(e.Digest) || !bundle.ValidID(e.ID):
			err = fmt.Errorf("digest %q, id %q", e.Digest, e.ID)
		}
		if err != nil {
			return entries, whole, fmt.Errorf("%s line %d: %w", indexName, n, err)
		}
		entries = append(entries, e)
		whole += i + 1
	}
}

// openIndex reads the index, makes it when it is not there, and cuts a torn tail.
func openIndex(dir string) ([]Entry, *os.File, error) {
	path := filepath.Join(dir, indexName)
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		err = durable.Write(dir, indexName, nil)
	}
	if err != nil {
		return nil, nil, err
	}
	entries, whole, err := readIndex(b)
	if err != nil {
		return nil, nil, err
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, nil, err
	}
	err = f.Truncate(int64(whole))
	if err == nil {
		_, err = f.Seek(0, io.SeekEnd)
	}
	if err == nil {
		err = f.Sync()
	}
	if err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	return entries, f, nil
}

// append adds a line and flushes it. On an error the index is as it was.
func (a *Archive) append(e Entry) error {
	line, err := record.Marshal(e)
	if err != nil {
		return fmt.Errorf("append to index: %w", err)
	}
	end, err := a.index.Seek(0, io.SeekEnd)
	if err != nil {
		return fmt.Errorf("append to index: %w", err)
	}
	_, err = a.index.Write(append(line, '\n'))
	if err == nil {
		err = a.index.Sync()
	}
	if err != nil {
		return errors.Join(fmt.Errorf("append to index: %w", err), a.index.Truncate(end))
	}
	return nil
}
