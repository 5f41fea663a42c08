package tcg

import (
	"encoding/binary"
	"fmt"
)

// Control tokens (Core 3.2.2.4).
const (
	startList    = 0xf0
	endList      = 0xf1
	startName    = 0xf2
	endName      = 0xf3
	call         = 0xf8
	endOfData    = 0xf9
	endOfSession = 0xfa
	empty        = 0xff
)

// Token is one token of a stream: a control token, or an atom that is a number or
// bytes.
type Token struct {
	Control byte // 0 for an atom
	Bytes   []byte
	Uint    uint64 // of an atom that is a number
	IsBytes bool
}

// Stream is tokens in the making.
type Stream []byte

// Control appends control tokens.
func (s Stream) Control(c ...byte) Stream { return append(s, c...) }

// Uint appends a number by the shortest atom.
func (s Stream) Uint(v uint64) Stream {
	if v < 64 {
		return append(s, byte(v))
	}
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], v)
	n := 8
	for n > 1 && b[8-n] == 0 {
		n--
	}
	return append(append(s, 0x80|byte(n)), b[8-n:]...)
}

// Bytes appends bytes, 2,047 at most: nothing sent here is longer.
func (s Stream) Bytes(b []byte) Stream {
	switch {
	case len(b) < 16:
		return append(append(s, 0xa0|byte(len(b))), b...)
	case len(b) < 2048:
		return append(append(s, 0xd0|byte(len(b)>>8), byte(len(b))), b...)
	}
	panic(fmt.Sprintf("tcg: atom of %d bytes", len(b)))
}

// ParseTokens decodes a stream. Atoms of signed numbers and reserved tokens are
// errors: no drive sends them in what is asked here.
func ParseTokens(b []byte) ([]Token, error) {
	var out []Token
	for len(b) > 0 {
		if b[0] == empty {
			b = b[1:]
			continue
		}
		t, n, err := token(b)
		if err != nil {
			return out, err
		}
		out, b = append(out, t), b[n:]
	}
	return out, nil
}

func token(b []byte) (t Token, n int, err error) {
	head, size, bytes, sign := 1, 0, false, byte(0x10)
	switch c := b[0]; {
	case c < 0x40: // tiny atom
		return Token{Uint: uint64(c)}, 1, nil
	case c&0xc0 == 0x80: // short
		size, bytes = int(c&0xf), c&0x20 != 0
	case c&0xe0 == 0xc0 && len(b) >= 2: // medium
		head, size, bytes, sign = 2, int(c&7)<<8|int(b[1]), c&0x10 != 0, 0x08
	case c&0xfc == 0xe0 && len(b) >= 4: // long
		head, size, bytes, sign = 4, int(b[1])<<16|int(b[2])<<8|int(b[3]), c&2 != 0, 0x01
	case c >= startList && c != 0xf4 && c != 0xf5 && c != 0xf6 && c != 0xf7 && c <= 0xfc:
		return Token{Control: c}, 1, nil
	default:
		return t, 0, fmt.Errorf("decode tokens: %02Xh", c)
	}
	if head+size > len(b) {
		return t, 0, fmt.Errorf("decode tokens: atom of %d bytes, %d left", size, len(b)-head)
	}
	v := b[head : head+size]
	if bytes {
		return Token{Bytes: v, IsBytes: true}, head + size, nil
	}
	if b[0]&sign != 0 || size == 0 || size > 8 {
		return t, 0, fmt.Errorf("decode tokens: a number of %d bytes, head %02Xh", size, b[0])
	}
	for _, x := range v {
		t.Uint = t.Uint<<8 | uint64(x)
	}
	return t, head + size, nil
}
