package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// patience is how many times the time-out a test may take without any change. With
// one it may take the time-out or three times what it took without, if that is more.
const patience = 5

// runner holds what the mutants of one run share.
type runner struct {
	root, dir string
	timeout   time.Duration
	bases     map[string]*base // by package and tags
}

// base is a package without any mutant.
type base struct {
	target
	once  sync.Once
	err   error             // it does not compile
	tests map[string]*trial // those that mutants belong to
}

// trial is a test without any mutant: red means nothing unless it is green so.
type trial struct {
	once sync.Once
	why  string // it is not green
	took time.Duration
}

func (m mutant) base() string { return m.Package + " " + m.Tags }

// runAll runs the mutants, so many at a time, and hands each result to add, which
// is never called twice at once. Mutants must be sorted by place.
func runAll(ctx context.Context, root string, ms []mutant, parallel int, timeout time.Duration, add func(result)) error {
	dir, err := os.MkdirTemp("", "mutants")
	if err != nil {
		return fmt.Errorf("run mutants: %w", err)
	}
	defer os.RemoveAll(dir)
	r := runner{root: root, dir: dir, timeout: timeout, bases: map[string]*base{}}
	for _, m := range ms {
		b := r.bases[m.base()]
		if b == nil {
			b = &base{tests: map[string]*trial{}, target: target{root: root, pkg: m.Package, tags: m.Tags,
				dir: filepath.Join(dir, fmt.Sprint("base", len(r.bases)))}}
			r.bases[m.base()] = b
		}
		b.tests[m.Test] = &trial{}
	}
	var wg sync.WaitGroup
	todo, done := make(chan mutant), make(chan result)
	for i := range parallel {
		wg.Go(func() {
			for m := range todo {
				begin := time.Now()
				res := r.one(ctx, m, filepath.Join(dir, fmt.Sprint(i)))
				res.Millis = time.Since(begin).Milliseconds()
				done <- res
			}
		})
	}
	go func() {
		defer func() { close(todo); wg.Wait(); close(done) }()
		for _, m := range ms {
			select {
			case todo <- m:
			case <-ctx.Done():
				return
			}
		}
	}()
	for res := range done {
		if ctx.Err() == nil {
			add(res)
		}
	}
	return context.Cause(ctx)
}

// one runs one mutant; what it needs on disk is in dir, which it removes.
func (r *runner) one(ctx context.Context, m mutant, dir string) result {
	text, bad := m.apply(r.root)
	if bad != nil {
		return *bad
	}
	plain, err := r.bases[m.base()].try(ctx, m.Test, r.timeout)
	if err != nil {
		return m.is(broken, "without the change: "+err.Error())
	}
	defer os.RemoveAll(dir)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return m.is(broken, err.Error())
	}
	over, err := m.overlay(r.root, dir, text)
	if err != nil {
		return m.is(broken, err.Error())
	}
	t := target{root: r.root, dir: dir, pkg: m.Package, tags: m.Tags, overlay: over}
	if err := t.build(ctx); err != nil {
		return m.is(broken, err.Error())
	}
	limit := max(r.timeout, 3*plain.took)
	switch o := t.test(ctx, limit, m.Test); {
	case o.err != nil:
		return m.is(broken, o.err.Error())
	case !o.red:
		return m.is(survived, "")
	case o.hung && !m.Hangs:
		return m.is(broken, fmt.Sprintf("no answer in %s", limit))
	default:
		return m.is(caught, o.why)
	}
}

// try runs a test as it is, once.
func (b *base) try(ctx context.Context, test string, timeout time.Duration) (*trial, error) {
	b.once.Do(func() {
		if b.err = os.MkdirAll(b.dir, 0o700); b.err == nil {
			b.err = b.build(ctx)
		}
	})
	if b.err != nil {
		return nil, b.err
	}
	t := b.tests[test]
	t.once.Do(func() {
		begin := time.Now()
		o := b.test(ctx, patience*timeout, test)
		t.took = time.Since(begin)
		switch {
		case o.err != nil:
			t.why = o.err.Error()
		case o.red:
			t.why = test + " is red: " + o.why
		}
	})
	if t.why != "" {
		return nil, errors.New(t.why)
	}
	return t, nil
}

// reds names the tests that an output calls failed, the innermost ones first.
func reds(output string) []string {
	set := map[string]bool{}
	for l := range strings.Lines(output) {
		if _, name, ok := strings.Cut(l, "--- FAIL: "); ok {
			name, _, _ = strings.Cut(strings.TrimSpace(name), " ")
			set[name] = true
		}
	}
	names := slices.Sorted(maps.Keys(set))
	slices.Reverse(names)
	return slices.DeleteFunc(names, func(n string) bool {
		return slices.ContainsFunc(names, func(o string) bool { return strings.HasPrefix(o, n+"/") })
	})
}
