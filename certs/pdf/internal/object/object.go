// Package object reads and writes the objects of a PDF file (ISO 32000-1 §7.3 and
// §7.5) in one spelling: numbered from 1 without a gap, one after another, one
// cross-reference table, one trailer, one revision. What [Parse] accepts, [Write]
// gives back byte for byte, so that a file has no corner in which to keep bytes
// that its objects do not account for.
package object

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

// Object is one of Name, String, Number, Ref, Array, Dict, *Stream.
type Object interface{ write(*bytes.Buffer) }

// Name is a PDF name without its slash.
type Name string

// String is a byte string.
type String string

// Number is an integer or a decimal as it is spelled.
type Number string

// Ref is a reference to the object of that number, generation 0.
type Ref int

// Array is a list of objects.
type Array []Object

// Dict is a dictionary.
type Dict map[Name]Object

// Stream is a dictionary with bytes. The dictionary has no Length: it is the
// length of Raw, and is added when the stream is written.
type Stream struct {
	Dict Dict
	Raw  []byte // as in the file, still compressed if Dict says so
}

// Bool is true or false.
type Bool bool

// Int makes a Number.
func Int(n int) Number { return Number(fmt.Sprint(n)) }

func (n Name) write(w *bytes.Buffer) {
	w.WriteByte('/')
	for i := range len(n) {
		if regular(n[i]) && n[i] != '#' {
			w.WriteByte(n[i])
		} else {
			fmt.Fprintf(w, "#%02X", n[i])
		}
	}
}

func (s String) write(w *bytes.Buffer) {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] > 0x7e {
			w.WriteByte('<')
			w.WriteString(hex.EncodeToString([]byte(s)))
			w.WriteByte('>')
			return
		}
	}
	w.WriteByte('(')
	for i := range len(s) {
		if s[i] == '(' || s[i] == ')' || s[i] == '\\' {
			w.WriteByte('\\')
		}
		w.WriteByte(s[i])
	}
	w.WriteByte(')')
}

func (n Number) write(w *bytes.Buffer) { w.WriteString(string(n)) }
func (r Ref) write(w *bytes.Buffer)    { fmt.Fprintf(w, "%d 0 R", int(r)) }
func (b Bool) write(w *bytes.Buffer)   { fmt.Fprint(w, bool(b)) }

func (a Array) write(w *bytes.Buffer) {
	w.WriteByte('[')
	for i, o := range a {
		if i > 0 {
			w.WriteByte(' ')
		}
		o.write(w)
	}
	w.WriteByte(']')
}

func (d Dict) write(w *bytes.Buffer) {
	keys := make([]Name, 0, len(d))
	for k := range d {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	w.WriteString("<<")
	for _, k := range keys {
		w.WriteByte(' ')
		k.write(w)
		w.WriteByte(' ')
		d[k].write(w)
	}
	w.WriteString(" >>")
}

func (s *Stream) write(w *bytes.Buffer) {
	d := Dict{"Length": Int(len(s.Raw))}
	for k, v := range s.Dict {
		d[k] = v
	}
	d.write(w)
	w.WriteString("\nstream\n")
	w.Write(s.Raw)
	w.WriteString("\nendstream")
}

// Bytes is the spelling of one object.
func Bytes(o Object) []byte {
	var w bytes.Buffer
	o.write(&w)
	return w.Bytes()
}

// regular reports a byte that may stand in a name or a keyword (§7.2.2).
func regular(c byte) bool { return regulars[c] }

var regulars = func() (t [256]bool) {
	for c := byte(0x21); c < 0x7f; c++ {
		t[c] = !strings.ContainsRune("()<>[]{}/%", rune(c))
	}
	return t
}()
