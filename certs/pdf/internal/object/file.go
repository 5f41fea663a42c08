package object

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// MaxFile bounds a file, in bytes.
const MaxFile = 32 << 20

// Header is how every file begins: the version, and four bytes that tell a
// transfer program that the file is binary (§7.5.2).
const Header = "%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"

// ErrSpelling says that a file is not in the one spelling Write gives.
var ErrSpelling = errors.New("file is not spelled as this writer spells it")

// File is the objects of a file: Objects[i] has number i+1.
type File struct {
	Objects []Object
	Root    Ref
	Info    Ref
	ID      [2]string // raw bytes, empty in a file by fpdf
	Offsets []int     // set by Parse: where object i+1 begins
}

// Int is the value of an integer.
func (n Number) Int() (int, bool) {
	v, err := strconv.Atoi(string(n))
	return v, err == nil
}

// Get returns the object of number r, nil if there is none.
func (f *File) Get(r Ref) Object {
	if r < 1 || int(r) > len(f.Objects) {
		return nil
	}
	return f.Objects[r-1]
}

// Add appends an object and returns its number.
func (f *File) Add(o Object) Ref {
	f.Objects = append(f.Objects, o)
	return Ref(len(f.Objects))
}

// Write spells the file. Offsets[i] is where object i+1 begins.
func (f *File) Write() (doc []byte, offsets []int) {
	var w bytes.Buffer
	w.WriteString(Header)
	for i, o := range f.Objects {
		offsets = append(offsets, w.Len())
		fmt.Fprintf(&w, "%d 0 obj\n", i+1)
		o.write(&w)
		w.WriteString("\nendobj\n")
	}
	start := w.Len()
	fmt.Fprintf(&w, "xref\n0 %d\n0000000000 65535 f \n", len(f.Objects)+1)
	for _, p := range offsets {
		fmt.Fprintf(&w, "%010d 00000 n \n", p)
	}
	w.WriteString("trailer\n")
	Dict{
		"Size": Int(len(f.Objects) + 1), "Root": f.Root, "Info": f.Info,
		"ID": Array{String(f.ID[0]), String(f.ID[1])},
	}.write(&w)
	fmt.Fprintf(&w, "\nstartxref\n%d\n%%%%EOF\n", start)
	return w.Bytes(), offsets
}

// Parse reads a file that Write wrote, and nothing else.
func Parse(doc []byte) (*File, error) {
	if len(doc) > MaxFile {
		return nil, fmt.Errorf("file of %d bytes: larger than %d", len(doc), MaxFile)
	}
	if !bytes.HasPrefix(doc, []byte(Header)) {
		return nil, fmt.Errorf("header: %w", ErrSpelling)
	}
	f, err := Import(doc[len(Header):])
	if err != nil {
		return nil, err
	}
	again, offsets := f.Write()
	f.Offsets = offsets
	if !bytes.Equal(again, doc) {
		return nil, fmt.Errorf("from byte %d on: %w", differ(again, doc), ErrSpelling)
	}
	return f, nil
}

func differ(a, b []byte) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}

// Import reads the objects of a file by another writer (fpdf), after its header.
// It takes the objects as they come and does not look at the cross-references.
func Import(body []byte) (*File, error) {
	s := NewScanner(body, true)
	objects := map[int]Object{}
	for {
		v, err := s.Next()
		if err != nil {
			return nil, fmt.Errorf("after object %d: %w", len(objects), err)
		}
		if v == Keyword("xref") {
			break
		}
		n, o, err := s.indirect(v)
		if err != nil {
			return nil, err
		}
		if objects[n] != nil {
			return nil, fmt.Errorf("object %d is there twice", n)
		}
		objects[n] = o
	}
	f := &File{}
	for i := range len(objects) {
		o := objects[i+1]
		if o == nil {
			return nil, fmt.Errorf("object %d is missing", i+1)
		}
		f.Objects = append(f.Objects, o)
	}
	return f, f.trailer(s)
}

// indirect reads "n 0 obj … endobj", its first token being v.
func (s *Scanner) indirect(v any) (int, Object, error) {
	num, _ := v.(Number)
	n, ok := num.Int()
	gen, err := s.Next()
	if err != nil || !ok || n < 1 || gen != Number("0") {
		return 0, nil, fmt.Errorf("byte %d: no object begins here", s.i)
	}
	if w, err := s.Next(); err != nil || w != Keyword("obj") {
		return 0, nil, fmt.Errorf("byte %d: no object begins here", s.i)
	}
	o, err := s.object(0)
	if err != nil {
		return 0, nil, fmt.Errorf("object %d: %w", n, err)
	}
	w, err := s.Next()
	if err == nil && w == Keyword("stream") {
		if o, err = s.stream(o); err == nil {
			w, err = s.Next()
		}
	}
	if err != nil || w != Keyword("endobj") {
		return 0, nil, fmt.Errorf("object %d does not end: %v", n, err)
	}
	return n, o, nil
}

// stream reads the bytes after the keyword: exactly Length, then "endstream".
func (s *Scanner) stream(o Object) (Object, error) {
	d, ok := o.(Dict)
	if !ok {
		return nil, errors.New("stream without a dictionary")
	}
	num, _ := d["Length"].(Number)
	n, ok := num.Int()
	if !ok || n < 0 || n > len(s.b)-s.i-1 || s.at(0) != '\n' {
		return nil, errors.New("stream without its length")
	}
	raw := s.b[s.i+1 : s.i+1+n]
	s.i += 1 + n
	if w, err := s.Next(); err != nil || w != Keyword("endstream") {
		return nil, errors.New("stream of another length than it says")
	}
	delete(d, "Length")
	return &Stream{Dict: d, Raw: raw}, nil
}

// trailer reads what follows the keyword xref.
func (f *File) trailer(s *Scanner) error {
	i := strings.Index(string(s.b[s.i:]), "trailer\n")
	if i < 0 {
		return errors.New("no trailer")
	}
	s.i += i + len("trailer")
	o, err := s.object(0)
	if err != nil {
		return fmt.Errorf("trailer: %w", err)
	}
	d, _ := o.(Dict)
	f.Root, _ = d["Root"].(Ref)
	f.Info, _ = d["Info"].(Ref)
	if id, _ := d["ID"].(Array); len(id) == 2 {
		a, _ := id[0].(String)
		b, _ := id[1].(String)
		f.ID = [2]string{string(a), string(b)}
	}
	return nil
}
