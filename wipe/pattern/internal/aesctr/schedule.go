package aesctr

import (
	"encoding/binary"
	"math/bits"
)

// schedule is the key schedule of AES-128: eleven round keys, in the order of
// their bytes in the state (FIPS 197 §5.2).
type schedule [11][16]byte

// expand makes the key schedule: the standard library keeps its own to itself.
// It looks up a table by the key's bytes, which no neighbour on the machine can
// gain by: the key is revealed after the pass.
func expand(key [16]byte) (s schedule) {
	var w [44]uint32
	for i := range 4 {
		w[i] = binary.BigEndian.Uint32(key[4*i:])
	}
	rcon := byte(1)
	for i := 4; i < len(w); i++ {
		t := w[i-1]
		if i%4 == 0 {
			t = subWord(bits.RotateLeft32(t, 8)) ^ uint32(rcon)<<24
			rcon = double(rcon)
		}
		w[i] = w[i-4] ^ t
	}
	for i, v := range w {
		binary.BigEndian.PutUint32(s[i/4][i%4*4:], v)
	}
	return s
}

// subWord puts every byte of w through the S-box.
func subWord(w uint32) uint32 {
	return uint32(sbox[w>>24])<<24 | uint32(sbox[w>>16&0xff])<<16 |
		uint32(sbox[w>>8&0xff])<<8 | uint32(sbox[w&0xff])
}

// sbox is the S-box of FIPS 197 §5.1.1, made by its definition.
var sbox = makeSbox()

func makeSbox() (box [256]byte) {
	// p runs through all powers of the generator 3, q through those of its
	// inverse, F6h; so q is always 1/p.
	p, q := byte(1), byte(1)
	for range 255 {
		box[p] = q ^ bits.RotateLeft8(q, 1) ^ bits.RotateLeft8(q, 2) ^
			bits.RotateLeft8(q, 3) ^ bits.RotateLeft8(q, 4) ^ 0x63
		p ^= double(p)
		q ^= q << 1
		q ^= q << 2
		q ^= q << 4
		if q&0x80 != 0 {
			q ^= 0x09
		}
	}
	box[0] = 0x63 // zero has no inverse and counts as its own
	return box
}

// double multiplies by x in GF(2^8) modulo x^8 + x^4 + x^3 + x + 1.
func double(b byte) byte {
	if b&0x80 != 0 {
		return b<<1 ^ 0x1b
	}
	return b << 1
}
