package record

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sort"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// maxSafe is the largest integer that every JSON reader keeps exact (RFC 8785
// §3.2.2.3: IEEE 754 double, 2^53). Larger values are written as strings.
const maxSafe = 1 << 53

// ErrNotCanonical says that bytes are JSON but not in the one spelling allowed.
var ErrNotCanonical = errors.New("not in canonical form (RFC 8785)")

// Marshal returns the RFC 8785 canonical JSON of v. Floats, and integers beyond
// ±2^53, are refused rather than rounded.
func Marshal(v any) ([]byte, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("marshal: %w", err)
	}
	return Canonical(raw)
}

// Canonical rewrites any JSON text in RFC 8785 form. It refuses duplicate keys,
// floats, integers beyond ±2^53, invalid UTF-8, lone surrogates and trailing bytes.
func Canonical(raw []byte) ([]byte, error) {
	if !utf8.Valid(raw) {
		return nil, errors.New("canonicalise: invalid UTF-8")
	}
	if loneSurrogate(raw) {
		return nil, errors.New("canonicalise: lone surrogate")
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var out bytes.Buffer
	if err := canonValue(d, &out, 0); err != nil {
		return nil, fmt.Errorf("canonicalise: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("canonicalise: bytes after the value")
	}
	return out.Bytes(), nil
}

// Unmarshal decodes canonical JSON into v and refuses everything else: unknown
// fields, another spelling of the same value, trailing bytes. What it accepts,
// Marshal gives back byte for byte.
func Unmarshal(b []byte, v any) error {
	if err := strict(b, v); err != nil {
		return fmt.Errorf("decode: %w", err)
	}
	again, err := Marshal(v)
	if err != nil {
		return err
	}
	if !bytes.Equal(again, b) {
		return ErrNotCanonical
	}
	return nil
}

// strict decodes b and refuses fields that v does not have.
func strict(b []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	return d.Decode(v)
}

// maxDepth bounds nesting so that hostile input cannot exhaust the stack.
const maxDepth = 64

func canonValue(d *json.Decoder, out *bytes.Buffer, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("nested deeper than %d", maxDepth)
	}
	tok, err := d.Token()
	if err != nil {
		return err
	}
	switch t := tok.(type) {
	case json.Delim:
		if t == '[' {
			return canonArray(d, out, depth)
		}
		return canonObject(d, out, depth)
	case string:
		writeString(out, t)
	case json.Number:
		return writeNumber(out, t)
	case bool:
		out.WriteString(strconv.FormatBool(t))
	case nil:
		out.WriteString("null")
	}
	return nil
}

func canonArray(d *json.Decoder, out *bytes.Buffer, depth int) error {
	out.WriteByte('[')
	for i := 0; d.More(); i++ {
		if i > 0 {
			out.WriteByte(',')
		}
		if err := canonValue(d, out, depth+1); err != nil {
			return err
		}
	}
	out.WriteByte(']')
	_, err := d.Token()
	return err
}

type member struct {
	key   string
	units []uint16
	value []byte
}

func canonObject(d *json.Decoder, out *bytes.Buffer, depth int) error {
	var ms []member
	seen := map[string]bool{}
	for d.More() {
		tok, err := d.Token()
		if err != nil {
			return err
		}
		key, ok := tok.(string)
		if !ok {
			return errors.New("object key is not a string")
		}
		if seen[key] {
			return fmt.Errorf("duplicate key %q", key)
		}
		seen[key] = true
		var v bytes.Buffer
		if err := canonValue(d, &v, depth+1); err != nil {
			return err
		}
		ms = append(ms, member{key, utf16.Encode([]rune(key)), v.Bytes()})
	}
	if _, err := d.Token(); err != nil {
		return err
	}
	sort.Slice(ms, func(i, j int) bool { return lessUnits(ms[i].units, ms[j].units) })
	out.WriteByte('{')
	for i, m := range ms {
		if i > 0 {
			out.WriteByte(',')
		}
		writeString(out, m.key)
		out.WriteByte(':')
		out.Write(m.value)
	}
	out.WriteByte('}')
	return nil
}

// lessUnits orders keys by UTF-16 code units (RFC 8785 §3.2.3).
func lessUnits(a, b []uint16) bool {
	for i := 0; i < len(a) && i < len(b); i++ {
		if a[i] != b[i] {
			return a[i] < b[i]
		}
	}
	return len(a) < len(b)
}

func writeNumber(out *bytes.Buffer, n json.Number) error {
	i, err := strconv.ParseInt(n.String(), 10, 64)
	if err != nil {
		return fmt.Errorf("number %s: only integers are allowed", n)
	}
	if i > maxSafe || i < -maxSafe {
		return fmt.Errorf("number %s: beyond 2^53, must be a string", n)
	}
	out.WriteString(strconv.FormatInt(i, 10))
	return nil
}

// writeString escapes exactly what RFC 8785 §3.2.2.2 asks and nothing more.
func writeString(out *bytes.Buffer, s string) {
	const hexdigits = "0123456789abcdef"
	out.WriteByte('"')
	for _, r := range s {
		switch r {
		case '"', '\\':
			out.WriteByte('\\')
			out.WriteRune(r)
		case '\b':
			out.WriteString(`\b`)
		case '\f':
			out.WriteString(`\f`)
		case '\n':
			out.WriteString(`\n`)
		case '\r':
			out.WriteString(`\r`)
		case '\t':
			out.WriteString(`\t`)
		default:
			if r < 0x20 {
				out.WriteString(`\u00`)
				out.WriteByte(hexdigits[r>>4])
				out.WriteByte(hexdigits[r&15])
				continue
			}
			out.WriteRune(r)
		}
	}
	out.WriteByte('"')
}
