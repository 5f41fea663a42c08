package pattern

import (
	"bytes"
	"errors"
	"testing"
)

// Every byte of a stream of pieces is that of its own piece, wherever one looks.
//
// mutant: pieces.go: t.Fill(dst[from:to], off+int64(from)) => t.Fill(dst[from:to], off)
// mutant: pieces.go: func(i int) bool { return s[i].End > off } => func(i int) bool { return s[i].End > off+4096 }
// mutant: pieces.go: at = from + i => at = i
func TestPieces(t *testing.T) {
	r := random(t)
	for range 200 {
		var ps []Piece
		var want []byte
		for n := 1 + r.IntN(4); len(ps) < n; {
			key := randomBytes(r, 16)
			end := len(want) + 1 + r.IntN(40_000)
			ps = append(ps, Piece{int64(end), newStream(t, Spec{Kind: AES128CTR, Key: key})})
			want = append(want, reference(key, make([]byte, 16), len(want), end-len(want))...)
		}
		s, err := Pieces(ps...)
		if err != nil {
			t.Fatal(err)
		}
		off := r.IntN(len(want))
		got := make([]byte, 1+r.IntN(len(want)-off))
		s.Fill(got, int64(off))
		if !bytes.Equal(got, want[off:off+len(got)]) {
			t.Fatalf("%d bytes at %d of %+v differ", len(got), off, ps)
		}
		if i := s.Check(got, int64(off)); i != -1 {
			t.Fatalf("own bytes differ at %d", i)
		}
		at := r.IntN(len(got))
		got[at] ^= 1
		if i := s.Check(got, int64(off)); i != at {
			t.Fatalf("Check = %d; want %d", i, at)
		}
	}
}

// Beyond the end of the last piece its stream goes on.
func TestPiecesGoOn(t *testing.T) {
	key := make([]byte, 16)
	key[0] = 1
	s, err := Pieces(Piece{10, newStream(t, Spec{Kind: Zero})}, Piece{20, newStream(t, Spec{Kind: AES128CTR, Key: key})})
	if err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 100)
	s.Fill(got, 15)
	if !bytes.Equal(got, reference(key, make([]byte, 16), 15, 100)) || s.Check(got, 15) != -1 {
		t.Error("the last piece ends")
	}
}

func TestPiecesRefuses(t *testing.T) {
	z := newStream(t, Spec{Kind: Zero})
	for _, ps := range [][]Piece{nil, {{0, z}}, {{10, z}, {10, z}}, {{10, z}, {5, z}}, {{10, nil}}} {
		if _, err := Pieces(ps...); !errors.Is(err, ErrSpec) {
			t.Errorf("Pieces(%v) = %v", ps, err)
		}
	}
}
