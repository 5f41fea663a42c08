package pattern

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"os/exec"
	"sync"
	"testing"
	"time"
)

// reference makes the stream the slow, obvious way: from offset 0 with one
// cipher.Stream, then cut.
func reference(key, iv []byte, off, n int) []byte {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err)
	}
	p := make([]byte, off+n)
	cipher.NewCTR(block, iv).XORKeyStream(p, p)
	return p[off:]
}

func newStream(t testing.TB, s Spec) Stream {
	t.Helper()
	st, err := New(s)
	if err != nil {
		t.Fatalf("New(%v) = %v", s, err)
	}
	return st
}

func random(t testing.TB) *rand.Rand {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

func randomBytes(r *rand.Rand, n int) []byte {
	p := make([]byte, n)
	for i := range p {
		p[i] = byte(r.Uint32())
	}
	return p
}

func TestFillEqualsCryptoCipher(t *testing.T) {
	r := random(t)
	for range 300 {
		key, iv := randomBytes(r, 16), randomBytes(r, 16)
		off, n := r.IntN(100_000), r.IntN(100_000)
		got := make([]byte, n)
		s := newStream(t, Spec{Kind: AES128CTR, Key: key, IV: iv})
		s.Fill(got, int64(off))
		if !bytes.Equal(got, reference(key, iv, off, n)) {
			t.Fatalf("Fill(%d bytes, %d) with key %x iv %x differs from crypto/cipher", n, off, key, iv)
		}
		if i := s.Check(got, int64(off)); i != -1 {
			t.Fatalf("Check(own bytes) = %d; want -1", i)
		}
	}
}

// The counter must carry out of its low 64 bits and wrap at 2^128.
//
// mutant: internal/aesctr/stream.go: hi, _ := bits.Add64(s.hi, 0, carry) => hi, _ := s.hi, carry
func TestCounterCarries(t *testing.T) {
	key := bytes.Repeat([]byte{7}, 16)
	for _, iv := range []string{
		"0000000000000000ffffffffffffffff",
		"00000000000000fffffffffffffffffe",
		"ffffffffffffffffffffffffffffffff",
	} {
		start, err := hex.DecodeString(iv)
		if err != nil {
			t.Fatal(err)
		}
		s := newStream(t, Spec{Kind: AES128CTR, Key: key, IV: start})
		for _, off := range []int{0, 1, 15, 16, 17, 31, 32, 33, 4096} {
			got := make([]byte, 100)
			s.Fill(got, int64(off))
			if !bytes.Equal(got, reference(key, start, off, 100)) {
				t.Errorf("iv %s off %d differs from crypto/cipher", iv, off)
			}
		}
	}
}

// Offsets past 2^32 blocks and 20 TB are reached by moving the counter alone:
// the stream at off must be the stream at 0 with the counter set ahead.
func TestFarOffsets(t *testing.T) {
	key := bytes.Repeat([]byte{9}, 16)
	for _, off := range []int64{1<<31 - 16, 1 << 32, 2 << 40, 20 << 40, 1<<62 + 16} {
		var iv [16]byte
		for i, v := 15, uint64(off)/16; v > 0; i, v = i-1, v>>8 {
			iv[i] = byte(v)
		}
		got := make([]byte, 4096)
		newStream(t, Spec{Kind: AES128CTR, Key: key}).Fill(got, off)
		if !bytes.Equal(got, reference(key, iv[:], 0, 4096)) {
			t.Errorf("Fill at %d differs from a counter started there", off)
		}
	}
}

func TestEqualsOpenSSL(t *testing.T) {
	key, err := NewKey()
	if err != nil {
		t.Fatal(err)
	}
	iv := "00000000000000000000000000000000"
	cmd := exec.Command("openssl", "enc", "-aes-128-ctr", "-K", hex.EncodeToString(key[:]), "-iv", iv)
	cmd.Stdin = bytes.NewReader(make([]byte, 1<<20+5))
	want, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(want))
	newStream(t, Spec{Kind: AES128CTR, Key: key[:]}).Fill(got, 0)
	if len(want) != 1<<20+5 || !bytes.Equal(got, want) {
		t.Fatal("Fill differs from openssl enc -aes-128-ctr")
	}
}

// mutant: internal/aesctr/stream.go: done < len(src); { => done <= len(src)-groupSize; {
// mutant: uniform.go: done < len(src); => done <= len(src)-blockSize;
// mutant: uniform.go: bytes.Equal(p[n:], p[:len(p)-n]) => true
func TestCheckFindsFirstDifference(t *testing.T) {
	r := random(t)
	for _, spec := range []Spec{
		{Kind: Zero}, {Kind: Byte, Byte: 0xA5}, {Kind: AES128CTR, Key: randomBytes(r, 16)},
	} {
		s := newStream(t, spec)
		for range 500 {
			p := make([]byte, 1+r.IntN(3*blockSize))
			off := r.Int64N(1 << 40)
			s.Fill(p, off)
			if i := s.Check(p, off); i != -1 {
				t.Fatalf("%s: Check of an equal buffer = %d", spec.Kind, i)
			}
			at := r.IntN(len(p))
			p[at] ^= 1 << r.IntN(8)
			later := at + r.IntN(len(p)-at)
			if later != at {
				p[later] ^= 0xff
			}
			if i := s.Check(p, off); i != at {
				t.Fatalf("%s: Check = %d; want %d (of %d at %d)", spec.Kind, i, at, len(p), off)
			}
		}
	}
}

func TestConcurrentUse(t *testing.T) {
	s := newStream(t, Spec{Kind: AES128CTR, Key: make([]byte, 16)})
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			p := make([]byte, 3*blockSize)
			for i := range 50 {
				off := int64(g*1000 + i*777)
				s.Fill(p, off)
				if s.Check(p, off) != -1 {
					t.Errorf("concurrent Check at %d failed", off)
				}
			}
		})
	}
	wg.Wait()
}

func TestNewRefuses(t *testing.T) {
	for _, s := range []Spec{
		{}, {Kind: "rot13"}, {Kind: AES128CTR}, {Kind: AES128CTR, Key: make([]byte, 32)},
		{Kind: AES128CTR, Key: make([]byte, 16), IV: make([]byte, 12)},
		{Kind: Zero, Byte: 1}, {Kind: Zero, Key: make([]byte, 16)}, {Kind: Byte, IV: make([]byte, 16)},
	} {
		if _, err := New(s); !errors.Is(err, ErrSpec) {
			t.Errorf("New(%+v) = %v; want ErrSpec", s, err)
		}
	}
}

func TestKeyAndCommitment(t *testing.T) {
	a, errA := NewKey()
	b, errB := NewKey()
	if errA != nil || errB != nil || a == b || a == [16]byte{} {
		t.Fatalf("NewKey() = %x, %v then %x, %v", a, errA, b, errB)
	}
	// printf '%064x' 0 | xxd -r -p | sha256sum
	const zero32 = "66687aadf862bd776c8fc18b8e9f8e20089714856ee233b3902a591d0d5f2925"
	if got := Commitment(make([]byte, 16), nil); got != zero32 {
		t.Errorf("Commitment(0, nil) = %s; want %s", got, zero32)
	}
	if Commitment(a[:], nil) == Commitment(b[:], nil) {
		t.Error("two keys share a commitment")
	}
}

func FuzzFill(f *testing.F) {
	f.Add([]byte("0123456789abcdef"), []byte("fedcba9876543210"), uint16(15), uint16(40))
	f.Add(make([]byte, 16), bytes.Repeat([]byte{0xff}, 16), uint16(0), uint16(16))
	f.Fuzz(func(t *testing.T, key, iv []byte, off, n uint16) {
		s, err := New(Spec{Kind: AES128CTR, Key: key, IV: iv})
		if err != nil {
			return
		}
		if len(iv) == 0 {
			iv = make([]byte, 16)
		}
		got := make([]byte, n)
		s.Fill(got, int64(off))
		if !bytes.Equal(got, reference(key, iv, int(off), int(n))) {
			t.Fatalf("key %x iv %x off %d len %d differs", key, iv, off, n)
		}
	})
}

func BenchmarkStream(b *testing.B) {
	p := make([]byte, 1<<20)
	for _, spec := range []Spec{{Kind: Zero}, {Kind: AES128CTR, Key: make([]byte, 16)}} {
		s := newStream(b, spec)
		b.Run(spec.Kind+"/fill", func(b *testing.B) {
			b.SetBytes(int64(len(p)))
			for i := range b.N {
				s.Fill(p, int64(i)<<20)
			}
		})
		s.Fill(p, 0)
		b.Run(spec.Kind+"/check", func(b *testing.B) {
			b.SetBytes(int64(len(p)))
			for range b.N {
				if s.Check(p, 0) != -1 {
					b.Fatal("mismatch")
				}
			}
		})
	}
}

// A run of the wrong byte, as long as the buffer, equals itself.
//
// mutant: uniform.go: bytes.Equal(p[:n], u.block[:n]) && => true &&
func TestUniformCheckSeesAnotherByte(t *testing.T) {
	s := newStream(t, Spec{Kind: Byte, Byte: 0xA5})
	for n := 1; n < 3*blockSize; n += 61 {
		if i := s.Check(make([]byte, n), 0); i != 0 {
			t.Fatalf("Check of %d zeros = %d; want 0", n, i)
		}
	}
}
