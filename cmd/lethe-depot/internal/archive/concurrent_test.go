package archive_test

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"lethe/cmd/lethe-depot/internal/archive"
	"lethe/cmd/lethe-depot/internal/depottest"
	"lethe/cmd/lethe-depot/internal/identity"
)

func TestFiftyAtOnce(t *testing.T) {
	const n = 50
	k := depottest.New(t)
	open := func(t *testing.T, dir string) (*archive.Archive, *depottest.Plain) {
		c, p := k.Config(t, dir), &depottest.Plain{}
		c.Check = p
		a, err := archive.Open(c)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = a.Close() })
		return a, p
	}
	t.Run("of the same paper", func(t *testing.T) {
		a, p := open(t, t.TempDir())
		var mu sync.Mutex
		receipts, fresh := map[string]bool{}, 0
		hurry(n, func(int) {
			r, f, err := a.Put(depottest.PlainPaper(0))
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			receipts[string(r)] = true
			if f {
				fresh++
			}
		})
		if len(receipts) != 1 || fresh != 1 || len(a.List()) != 1 || p.Checks.Load() != 1 {
			t.Errorf("%d receipts, %d fresh, %d papers, %d checks; want 1 each",
				len(receipts), fresh, len(a.List()), p.Checks.Load())
		}
	})
	t.Run("of different papers", func(t *testing.T) {
		dir := t.TempDir()
		a, p := open(t, dir)
		hurry(n, func(i int) {
			if _, fresh, err := a.Put(depottest.PlainPaper(i)); err != nil || !fresh {
				t.Errorf("paper %d: fresh %v, %v", i, fresh, err)
			}
		})
		held := 0
		err := archive.Verify(dir, p, identity.ReceiptOpener(k.Roots()), func(c archive.Checked) {
			if c.Err != nil {
				t.Error(c.File, c.Err)
			}
			held++
		})
		if err != nil || held != n || len(a.List()) != n {
			t.Errorf("%d papers, %d verified, %v; want %d", len(a.List()), held, err, n)
		}
	})
	t.Run("of different papers for one record", func(t *testing.T) {
		a, _ := open(t, t.TempDir())
		var fresh, conflicts atomic.Int64
		hurry(n, func(i int) {
			_, f, err := a.Put(fmt.Appendf(nil, "plain-000\nissue %d", i))
			switch {
			case err == nil && f:
				fresh.Add(1)
			case errors.Is(err, archive.ErrConflict):
				conflicts.Add(1)
			default:
				t.Error(f, err)
			}
		})
		if fresh.Load() != 1 || conflicts.Load() != n-1 || len(a.List()) != 1 {
			t.Errorf("%d taken, %d conflicts, %d papers; want 1, %d, 1", fresh.Load(), conflicts.Load(), len(a.List()), n-1)
		}
	})
}

func hurry(n int, f func(int)) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { f(i) })
	}
	wg.Wait()
}
