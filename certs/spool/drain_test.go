package spool_test

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"lethe/certs/bundle"
	"lethe/certs/deliver"
	"lethe/certs/record"
	"lethe/certs/spool"
)

// depot is a Deliverer that does as told for each paper.
type depot struct {
	mu    sync.Mutex
	tries map[string]int
	act   func(ctx context.Context, b bundle.Bundle) (bundle.Receipt, error)
}

func (d *depot) Deliver(ctx context.Context, b bundle.Bundle) (bundle.Receipt, error) {
	d.mu.Lock()
	if d.tries == nil {
		d.tries = map[string]int{}
	}
	d.tries[b.Name]++
	d.mu.Unlock()
	return d.act(ctx, b)
}

func names(os []spool.Outcome) []string {
	var n []string
	for _, o := range os {
		n = append(n, o.Name)
	}
	return n
}

// One paper is refused, one waits for ever: the others go through at once.
//
// mutant (hangs): drain.go: go func() { r.ended <- r.spool.deliver(ctx, r.to, n) }() => r.ended <- r.spool.deliver(ctx, r.to, n)
func TestRunKeepsGoingPastABadPaper(t *testing.T) {
	s := open(t, t.TempDir())
	put(t, s, paper(0), paper(1), paper(2), paper(3))
	no := &deliver.RefusedError{Status: 422, Reason: "broken"}
	d := &depot{act: func(ctx context.Context, b bundle.Bundle) (bundle.Receipt, error) {
		switch b.Name {
		case paper(0).Name:
			<-ctx.Done()
			return bundle.Receipt{}, ctx.Err()
		case paper(1).Name:
			return bundle.Receipt{}, no
		}
		return receipt(t, b), nil
	}}
	ctx, cancel := context.WithCancel(context.Background())
	good := 0
	left, err := s.Drain(ctx, d, func(o spool.Outcome) {
		if o.Err == nil {
			good++
		}
		if good == 2 {
			cancel()
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := names(left), []string{paper(0).Name, paper(1).Name}; !slices.Equal(got, want) {
		t.Errorf("undelivered %v; want %v", got, want)
	}
	var refused *deliver.RefusedError
	if !errors.Is(left[0].Err, context.Canceled) || !errors.As(left[1].Err, &refused) {
		t.Errorf("reasons: %v, %v", left[0].Err, left[1].Err)
	}
	if got := pending(t, s); !slices.Equal(got, names(left)) {
		t.Errorf("Pending = %v; want what was returned", got)
	}
}

func TestRunDeliversAsSoonAsPut(t *testing.T) {
	s := open(t, t.TempDir())
	put(t, s, paper(0))
	got := make(chan string)
	d := &depot{act: func(_ context.Context, b bundle.Bundle) (bundle.Receipt, error) { return receipt(t, b), nil }}
	done := make(chan struct{})
	result := make(chan []spool.Outcome, 1)
	go func() {
		left, err := s.Run(t.Context(), d, done, func(o spool.Outcome) { got <- o.Name })
		if err != nil {
			t.Error(err)
		}
		result <- left
	}()
	for i := range 5 {
		if i > 0 {
			put(t, s, paper(i))
		}
		select {
		case n := <-got:
			if n != paper(i).Name {
				t.Errorf("delivered %s; want %s", n, paper(i).Name)
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("paper %d was not delivered while more may come", i)
		}
	}
	close(done)
	if left := <-result; len(left) != 0 {
		t.Errorf("undelivered: %v", left)
	}
	if left, err := s.Drain(t.Context(), d, nil); err != nil || len(left) != 0 {
		t.Errorf("Drain of nothing = %v, %v", left, err)
	}
	for n, k := range d.tries {
		if k != 1 {
			t.Errorf("%s was delivered %d times", n, k)
		}
	}
}

func TestRunAfterTheEnd(t *testing.T) {
	s := open(t, t.TempDir())
	put(t, s, paper(0))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	d := &depot{act: func(context.Context, bundle.Bundle) (bundle.Receipt, error) {
		t.Error("delivered after the end")
		return bundle.Receipt{}, nil
	}}
	left, err := s.Drain(ctx, d, nil)
	if err != nil || len(left) != 1 || !errors.Is(left[0].Err, context.Canceled) {
		t.Errorf("Drain = %v, %v; want the one paper, cancelled", left, err)
	}
}

// A deliverer that hands back a receipt for something else delivers nothing.
func TestRunBelievesNoOtherReceipt(t *testing.T) {
	s := open(t, t.TempDir())
	put(t, s, paper(0))
	d := &depot{act: func(context.Context, bundle.Bundle) (bundle.Receipt, error) { return receipt(t, paper(1)), nil }}
	left, err := s.Drain(t.Context(), d, nil)
	if err != nil || len(left) != 1 || !errors.Is(left[0].Err, bundle.ErrReceipt) {
		t.Errorf("Drain = %v, %v; want ErrReceipt", left, err)
	}
}

func TestDrainToFolder(t *testing.T) {
	s, to := open(t, t.TempDir()), t.TempDir()
	put(t, s, paper(0), paper(1))
	f := deliver.Folder{Dir: to, Name: "folder", Now: time.Now}
	for range 2 {
		if left, err := s.Drain(t.Context(), f, nil); err != nil || len(left) != 0 {
			t.Fatalf("Drain = %v, %v", left, err)
		}
	}
	if got, err := filepath.Glob(filepath.Join(to, "*.pdf")); err != nil || len(got) != 2 {
		t.Errorf("folder has %v, %v", got, err)
	}
	all, err := s.List()
	if err != nil || all[0].Receipt == nil || all[0].Receipt.Size != record.Size(len(paper(0).PDF)) {
		t.Errorf("List = %v, %v", all, err)
	}
}
