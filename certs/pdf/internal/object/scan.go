package object

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Keyword is a word that is no object: an operator of a content stream, or "obj".
type Keyword string

func (k Keyword) String() string { return string(k) }

// maxDepth bounds nesting, so that hostile input cannot exhaust the stack.
const maxDepth = 12

// Scanner splits bytes into objects and keywords. It knows no comments and only
// the escapes \\ \( \) \r \n.
type Scanner struct {
	b    []byte
	i    int
	refs bool
}

// NewScanner scans b. With refs, "7 0 R" is a reference.
func NewScanner(b []byte, refs bool) *Scanner { return &Scanner{b: b, refs: refs} }

var errSyntax = errors.New("not a token this reader knows")

// Next returns an Object or a Keyword, io.EOF after the last.
func (s *Scanner) Next() (any, error) { return s.next(0) }

func (s *Scanner) next(depth int) (any, error) {
	s.space()
	if s.i >= len(s.b) {
		return nil, io.EOF
	}
	if depth > maxDepth {
		return nil, fmt.Errorf("byte %d: nested deeper than %d", s.i, maxDepth)
	}
	switch c := s.b[s.i]; {
	case c == '/':
		return s.name()
	case c == '(':
		return s.literal()
	case c == '<' && s.at(1) == '<':
		return s.dict(depth)
	case c == '<':
		return s.hex()
	case c == '[':
		return s.array(depth)
	case regular(c):
		return s.word()
	}
	return nil, fmt.Errorf("byte %d: %w", s.i, errSyntax)
}

func (s *Scanner) at(k int) byte {
	if s.i+k < len(s.b) {
		return s.b[s.i+k]
	}
	return 0
}

func (s *Scanner) space() {
	for s.i < len(s.b) && (s.b[s.i] == ' ' || s.b[s.i] == '\n') {
		s.i++
	}
}

func (s *Scanner) run() string {
	from := s.i
	for s.i < len(s.b) && regular(s.b[s.i]) {
		s.i++
	}
	return string(s.b[from:s.i])
}

func (s *Scanner) name() (any, error) {
	s.i++
	w := s.run()
	var out []byte
	for k := 0; k < len(w); k++ {
		if w[k] != '#' {
			out = append(out, w[k])
			continue
		}
		if k+3 > len(w) {
			return nil, fmt.Errorf("byte %d: %w", s.i, errSyntax)
		}
		b, err := hex.DecodeString(w[k+1 : k+3])
		if err != nil {
			return nil, fmt.Errorf("byte %d: %w", s.i, errSyntax)
		}
		out = append(out, b...)
		k += 2
	}
	return Name(out), nil
}

func (s *Scanner) literal() (any, error) {
	var out []byte
	for s.i++; s.i < len(s.b); s.i++ {
		c := s.b[s.i]
		switch c {
		case ')':
			s.i++
			return String(out), nil
		case '(':
			return nil, fmt.Errorf("byte %d: %w", s.i, errSyntax)
		case '\\':
			s.i++
			switch c = s.at(0); c {
			case '\\', '(', ')':
			case 'r':
				c = '\r'
			case 'n':
				c = '\n'
			default:
				return nil, fmt.Errorf("byte %d: %w", s.i, errSyntax)
			}
		}
		out = append(out, c)
	}
	return nil, io.ErrUnexpectedEOF
}

func (s *Scanner) hex() (any, error) {
	s.i++
	from := s.i
	for s.i < len(s.b) && s.b[s.i] != '>' {
		s.i++
	}
	if s.i >= len(s.b) {
		return nil, io.ErrUnexpectedEOF
	}
	out := make([]byte, hex.DecodedLen(s.i-from))
	if _, err := hex.Decode(out, s.b[from:s.i]); err != nil {
		return nil, fmt.Errorf("byte %d: %w", from, errSyntax)
	}
	s.i++
	return String(out), nil
}

func (s *Scanner) array(depth int) (any, error) {
	s.i++
	a := Array{}
	for {
		if s.space(); s.at(0) == ']' {
			s.i++
			return a, nil
		}
		o, err := s.object(depth + 1)
		if err != nil {
			return nil, err
		}
		a = append(a, o)
	}
}

func (s *Scanner) dict(depth int) (any, error) {
	s.i += 2
	d := Dict{}
	for {
		s.space()
		if s.at(0) == '>' && s.at(1) == '>' {
			s.i += 2
			return d, nil
		}
		k, err := s.object(depth + 1)
		if err != nil {
			return nil, err
		}
		key, ok := k.(Name)
		if !ok || d[key] != nil {
			return nil, fmt.Errorf("byte %d: dictionary key is not a new name", s.i)
		}
		if d[key], err = s.object(depth + 1); err != nil {
			return nil, err
		}
	}
}

// object is next, where a keyword or the end is an error.
func (s *Scanner) object(depth int) (Object, error) {
	v, err := s.next(depth)
	if errors.Is(err, io.EOF) {
		return nil, io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, err
	}
	o, ok := v.(Object)
	if !ok {
		return nil, fmt.Errorf("byte %d: %q where an object is due", s.i, v)
	}
	return o, nil
}

// number reports the one spelling of a number: no plus, no leading zero, at most
// ten digits before the point and six after.
func number(w string) bool {
	w = strings.TrimPrefix(w, "-")
	whole, part, point := strings.Cut(w, ".")
	return digits(whole, 10) && (whole == "0" || whole[0] != '0') && (!point || digits(part, 6))
}

func digits(s string, most int) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return len(s) > 0 && len(s) <= most
}

func (s *Scanner) word() (any, error) {
	w := s.run()
	switch {
	case w == "true" || w == "false":
		return Bool(w == "true"), nil
	case !number(w):
		return Keyword(w), nil
	case !s.refs:
		return Number(w), nil
	}
	if from := s.i; s.i+4 <= len(s.b) && string(s.b[from:from+4]) == " 0 R" && !regular(s.at(4)) {
		if n, ok := Number(w).Int(); ok && n > 0 {
			s.i += 4
			return Ref(n), nil
		}
	}
	return Number(w), nil
}
