package main

import (
	"context"
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
	once  sync.Once
	tests []string          // the tests that mutants belong to
	red   map[string]string // those that are red even so, with the reason
	took  map[string]time.Duration
	err   error
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
		if r.bases[m.base()] == nil {
			r.bases[m.base()] = &base{}
		}
		if b := r.bases[m.base()]; m.Test != "" && !slices.Contains(b.tests, m.Test) {
			b.tests = append(b.tests, m.Test)
		}
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
	b := r.bases[m.base()]
	b.once.Do(func() { b.try(ctx, r, m, filepath.Join(dir, "base")) })
	if b.err != nil {
		return m.is(broken, "without the change: "+b.err.Error())
	}
	if why := b.red[m.Test]; why != "" {
		return m.is(broken, "without the change: "+why)
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
	limit := max(r.timeout, 3*b.took[m.Test])
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

// try runs the tests of the mutants' package as it is: red means nothing unless
// they are green without the change.
func (b *base) try(ctx context.Context, r *runner, m mutant, dir string) {
	defer os.RemoveAll(dir)
	if b.err = os.MkdirAll(dir, 0o700); b.err != nil {
		return
	}
	t := target{root: r.root, dir: dir, pkg: m.Package, tags: m.Tags}
	if b.err = t.build(ctx); b.err != nil {
		return
	}
	b.red, b.took = map[string]string{}, map[string]time.Duration{}
	for _, name := range b.tests {
		begin := time.Now()
		o := t.test(ctx, patience*r.timeout, name)
		b.took[name] = time.Since(begin)
		switch {
		case o.err != nil:
			b.red[name] = o.err.Error()
		case o.red:
			b.red[name] = name + " is red: " + o.why
		}
	}
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
