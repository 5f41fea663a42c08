package pdf

import (
	"bytes"
	"fmt"

	"lethe/certs/pdf/internal/object"
)

// shape says what a dictionary looks like: every key of it, each with the test its
// value must pass. A key that is not in the shape is refused; one that is missing
// is too, unless its test is wrapped in maybe.
type shape map[object.Name]test

type test struct {
	ok       func(object.Object) error
	optional bool
}

// match holds a dictionary against a shape.
func match(o object.Object, s shape) error {
	d, ok := o.(object.Dict)
	if !ok {
		return fmt.Errorf("%s is no dictionary", brief(o))
	}
	for k := range d {
		if _, ok := s[k]; !ok {
			return fmt.Errorf("key /%s is not one this reader knows", k)
		}
	}
	for k, t := range s {
		v, ok := d[k]
		if !ok {
			if t.optional {
				continue
			}
			return fmt.Errorf("key /%s is missing", k)
		}
		if err := t.ok(v); err != nil {
			return fmt.Errorf("/%s: %w", k, err)
		}
	}
	return nil
}

// brief is the start of an object's spelling, for a message.
func brief(o object.Object) string {
	if o == nil {
		return "nothing"
	}
	if s, ok := o.(*object.Stream); ok {
		o = s.Dict
	}
	b := object.Bytes(o)
	if len(b) > 40 {
		b = append(b[:40:40], "…"...)
	}
	return string(b)
}

func maybe(t test) test { t.optional = true; return t }

// is asks for exactly this value.
func is(want object.Object) test {
	return test{ok: func(o object.Object) error {
		if !bytes.Equal(object.Bytes(o), object.Bytes(want)) {
			return fmt.Errorf("%s, want %s", brief(o), brief(want))
		}
		return nil
	}}
}

func name(s string) test { return is(object.Name(s)) }

// into takes any value of one kind.
func into[T object.Object](dst *T) test {
	return test{ok: func(o object.Object) error {
		v, ok := o.(T)
		if !ok {
			return fmt.Errorf("%s is of another kind than expected", brief(o))
		}
		*dst = v
		return nil
	}}
}

// number takes any number and forgets it.
func number() test { return into(new(object.Number)) }

// sub asks for a dictionary of a shape.
func sub(s shape) test {
	return test{ok: func(o object.Object) error { return match(o, s) }}
}

// one asks for an array of one element.
func one(t test) test {
	return test{ok: func(o object.Object) error {
		a, _ := o.(object.Array)
		if len(a) != 1 {
			return fmt.Errorf("%s is no array of one", brief(o))
		}
		return t.ok(a[0])
	}}
}
