package kmod

import (
	"errors"
	"fmt"
	"slices"
)

// Step is one module to load.
type Step struct {
	Module
	// Optional marks a soft dependency: its failure stops nothing.
	Optional bool
	// After are the normalised names of the steps that must be over before this
	// one starts; all of them stand before it. Steps that do not name each other
	// may be loaded at the same time.
	After []string
}

// Order returns the modules to load for the names, dependencies first, each
// once; what is built in needs no step. Names may be aliases or modaliases. An
// unknown name, or a dependency without a file, is an error that wraps
// ErrNotFound; the steps for the other names are returned with it.
func (x *Index) Order(names ...string) ([]Step, error) {
	o := order{x: x, state: map[string]int{}}
	var errs []error
	for _, n := range names {
		mods, err := x.Lookup(n)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		for _, m := range mods {
			if err := o.visit(m, false); err != nil {
				errs = append(errs, err)
			}
		}
	}
	return o.steps, errors.Join(errs...)
}

type order struct {
	x     *Index
	state map[string]int // 0 new, 1 being visited, 2 done
	steps []Step
}

// after returns those of the names that have a step already. One that has none
// is built in, absent, or part of a cycle, which ends here.
func (o *order) after(names []string) []string {
	var out []string
	for _, n := range names {
		if o.state[n] == 2 && !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	return out
}

func (o *order) visit(name string, soft bool) error {
	if o.state[name] != 0 || o.x.builtin[name] {
		return nil // a cycle ends here too: the kernel decides whether it loads
	}
	m, ok := o.x.modules[name]
	if !ok {
		return fmt.Errorf("%w: %s", ErrNotFound, name)
	}
	o.state[name] = 1
	s := o.x.soft[name]
	before := o.visitSoft(s.Pre)
	for _, d := range slices.Backward(m.Deps) {
		if err := o.visit(d, soft); err != nil {
			return fmt.Errorf("%s needs: %w", name, err)
		}
	}
	o.steps = append(o.steps, Step{Module: m, Optional: soft, After: o.after(append(before, m.Deps...))})
	o.state[name] = 2
	o.visitPost(name, s.Post)
	return nil
}

// visitSoft returns the modules that the names stand for.
func (o *order) visitSoft(names []string) []string {
	var out []string
	for _, n := range names {
		mods, err := o.x.Lookup(n)
		if err != nil {
			continue // soft: the image may simply not carry it
		}
		for _, m := range mods {
			_ = o.visit(m, true) // soft: see above
		}
		out = append(out, mods...)
	}
	return out
}

// visitPost adds what must come after the module. Of those that had a step
// before, the order stays as it is.
func (o *order) visitPost(name string, post []string) {
	have := len(o.steps)
	o.visitSoft(post)
	for i := have; i < len(o.steps); i++ {
		if s := &o.steps[i]; !slices.Contains(s.After, name) {
			s.After = append(s.After, name)
		}
	}
}
