package aesctr

import (
	"crypto/aes"
	"crypto/cipher"
	"math/big"
	"math/rand/v2"
	"testing"
	"time"
)

// reference makes n bytes of the stream from offset off by crypto/cipher, having
// moved the counter there by big numbers. That cipher.NewCTR carries right is not
// taken for granted: TestReferenceCarries holds it against single blocks.
func reference(key, first [16]byte, off int64, n int) []byte {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		panic(err)
	}
	at := ahead(first, off/blockSize)
	p := make([]byte, int(off%blockSize)+n)
	cipher.NewCTR(block, at[:]).XORKeyStream(p, p)
	return p[off%blockSize:]
}

// ahead returns the counter that is blocks after first, modulo 2^128.
func ahead(first [16]byte, blocks int64) (c [16]byte) {
	v := new(big.Int).SetBytes(first[:])
	v.Add(v, big.NewInt(blocks))
	v.Mod(v, new(big.Int).Lsh(big.NewInt(1), 128))
	v.FillBytes(c[:])
	return c
}

// usable are the kernels of this machine.
func usable() (all []Kernel) {
	for k := range Kernel(numKernels) {
		if k.usable() {
			all = append(all, k)
		}
	}
	return all
}

func streamOf(t testing.TB, k Kernel, key, first [16]byte) *Stream {
	t.Helper()
	s, err := newStream(k, key, first)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func random(t testing.TB) *rand.Rand {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

func random16(r *rand.Rand) (p [16]byte) {
	for i := range p {
		p[i] = byte(r.Uint32())
	}
	return p
}

func TestReferenceCarries(t *testing.T) {
	key := [16]byte{1, 2, 3}
	block, err := aes.NewCipher(key[:])
	if err != nil {
		t.Fatal(err)
	}
	for _, first := range carries {
		got := reference(key, first, 0, 100*blockSize)
		for i := range 100 {
			want := ahead(first, int64(i))
			block.Encrypt(want[:], want[:])
			if [16]byte(got[i*blockSize:]) != want {
				t.Fatalf("crypto/cipher from %x differs in block %d", first, i)
			}
		}
	}
}

// carries are first counters from which something carries within a few groups.
var carries = [][16]byte{
	{15: 0xff},
	{8: 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
	{7: 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xf0},
	{8: 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xe0},
	{8: 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xdf},
	{8: 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xf5},
	{12: 0xff, 0xff, 0xff, 0xf5},
	{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
	{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x81},
	{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 0x81},
}
