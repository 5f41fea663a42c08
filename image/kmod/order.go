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
	o.visitSoft(s.Pre)
	for _, d := range slices.Backward(m.Deps) {
		if err := o.visit(d, soft); err != nil {
			return fmt.Errorf("%s needs: %w", name, err)
		}
	}
	o.steps = append(o.steps, Step{Module: m, Optional: soft})
	o.state[name] = 2
	o.visitSoft(s.Post)
	return nil
}

func (o *order) visitSoft(names []string) {
	for _, n := range names {
		mods, err := o.x.Lookup(n)
		if err != nil {
			continue // soft: the image may simply not carry it
		}
		for _, m := range mods {
			_ = o.visit(m, true) // soft: see above
		}
	}
}
