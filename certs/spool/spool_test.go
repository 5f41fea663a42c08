package spool_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"lethe/certs/bundle"
	"lethe/certs/bundle/durable"
	"lethe/certs/record"
	"lethe/certs/spool"
)

func open(t *testing.T, dir string) *spool.Spool {
	t.Helper()
	s, err := spool.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() }) // some tests have closed it
	return s
}

func paper(i int) bundle.Bundle {
	return bundle.Bundle{Name: fmt.Sprintf("paper-%03d.pdf", i), PDF: fmt.Appendf(nil, "%%PDF paper %d", i)}
}

func receipt(t *testing.T, b bundle.Bundle) bundle.Receipt {
	t.Helper()
	r := bundle.Receipt{Format: bundle.ReceiptFormat, Digest: b.Digest(), Size: record.Size(len(b.PDF)),
		Stored: record.At(time.Unix(1, 0)), Depot: "d"}
	raw, err := record.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	r.Raw = raw
	return r
}

func pending(t *testing.T, s *spool.Spool) []string {
	t.Helper()
	p, err := s.Pending()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func put(t *testing.T, s *spool.Spool, bs ...bundle.Bundle) {
	t.Helper()
	for _, b := range bs {
		if err := s.Put(b); err != nil {
			t.Fatal(err)
		}
	}
}

func TestPutIsIdempotentAndRefusesAnother(t *testing.T) {
	s := open(t, t.TempDir())
	put(t, s, paper(1), paper(1))
	other := paper(1)
	other.PDF = []byte("another")
	if err := s.Put(other); !errors.Is(err, spool.ErrConflict) {
		t.Errorf("Put of another paper = %v; want ErrConflict", err)
	}
	if got, err := s.Get(paper(1).Name); err != nil || got.Digest() != paper(1).Digest() {
		t.Errorf("Get = %v, %v; want the first paper", got, err)
	}
	for _, name := range []string{"../x.pdf", ".tmp-x.pdf", "x.json", ""} {
		if err := s.Put(bundle.Bundle{Name: name, PDF: []byte("x")}); !errors.Is(err, bundle.ErrInvalid) {
			t.Errorf("Put(%q) = %v; want ErrInvalid", name, err)
		}
		if _, err := s.Get(name); !errors.Is(err, bundle.ErrInvalid) {
			t.Errorf("Get(%q) = %v; want ErrInvalid", name, err)
		}
	}
}

// mutant: spool.go: err = kept.Covers(b) => _ = kept
func TestMarkDelivered(t *testing.T) {
	s := open(t, t.TempDir())
	put(t, s, paper(1), paper(2))
	if err := s.MarkDelivered(paper(1).Name, receipt(t, paper(2))); !errors.Is(err, bundle.ErrReceipt) {
		t.Errorf("a receipt for another paper = %v; want ErrReceipt", err)
	}
	for range 2 {
		if err := s.MarkDelivered(paper(1).Name, receipt(t, paper(1))); err != nil {
			t.Fatal(err)
		}
	}
	if got := pending(t, s); !slices.Equal(got, []string{paper(2).Name}) {
		t.Errorf("Pending = %v; want the second", got)
	}
	all, err := s.List()
	if err != nil || len(all) != 2 || all[0].Receipt == nil || all[1].Receipt != nil {
		t.Errorf("List = %v, %v", all, err)
	}
}

// What a crash or a bad disk may leave: a torn temporary file, a receipt for
// nothing, a receipt torn by someone else's hand. The paper stays pending.
func TestSurvivesWhatACrashLeaves(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	put(t, s, paper(1), paper(2))
	if err := s.MarkDelivered(paper(2).Name, receipt(t, paper(2))); err != nil {
		t.Fatal(err)
	}
	if _, err := durable.Stage(dir, []byte("%PDF torn")); err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string]string{
		paper(1).Name + ".receipt.json": `{"format":"lethe.rec`,
		"gone.pdf.receipt.json":         "{}",
		"notes.txt":                     "by hand",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if got := pending(t, s); !slices.Equal(got, []string{paper(1).Name}) {
		t.Errorf("Pending with a torn temporary file = %v", got)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir)
	if got := pending(t, s); !slices.Equal(got, []string{paper(1).Name}) {
		t.Errorf("Pending after a crash = %v; want the first", got)
	}
	if left, err := filepath.Glob(filepath.Join(dir, durable.TempPrefix+"*")); err != nil || len(left) > 0 {
		t.Errorf("torn files left: %v, %v", left, err)
	}
	if err := s.MarkDelivered(paper(1).Name, receipt(t, paper(1))); err != nil {
		t.Errorf("MarkDelivered over a torn receipt = %v", err)
	}
	if got := pending(t, s); len(got) != 0 {
		t.Errorf("Pending = %v; want none", got)
	}
}

func TestOneOwner(t *testing.T) {
	dir := t.TempDir()
	open(t, dir)
	if _, err := spool.Open(dir); !errors.Is(err, durable.ErrLocked) {
		t.Errorf("second Open = %v; want ErrLocked", err)
	}
}

func TestConcurrentPut(t *testing.T) {
	s := open(t, t.TempDir())
	var wg sync.WaitGroup
	for i := range 60 {
		wg.Go(func() {
			if err := s.Put(paper(i % 20)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got := pending(t, s); len(got) != 20 {
		t.Errorf("%d papers; want 20", len(got))
	}
}
