package wipetest

import (
	"bytes"
	"crypto/aes"
	"encoding/hex"
	"fmt"
	"math/big"

	"lethe/certs/record"
)

// Overwritten checks, by code that shares nothing with the product, that the
// medium holds what the transcript's last pass says it wrote.
func Overwritten(t *record.Transcript, medium []byte) error {
	want, err := lastPass(t, len(medium))
	if err != nil {
		return err
	}
	for i := range medium {
		if medium[i] != want[i] {
			return fmt.Errorf("byte %d is %02x, the last pass wrote %02x", i, medium[i], want[i])
		}
	}
	return nil
}

// lastPass makes the bytes of the last pass again.
func lastPass(t *record.Transcript, size int) ([]byte, error) {
	var begin *record.PassBegin
	var reveal *record.Reveal
	for _, l := range t.Lines {
		if l.Event.PassBegin != nil {
			begin = l.Event.PassBegin
		}
		if l.Event.Reveal != nil {
			reveal = l.Event.Reveal
		}
	}
	switch {
	case begin == nil:
		return nil, fmt.Errorf("no pass was begun")
	case begin.What.Pattern != record.PatternStream:
		return bytes.Repeat([]byte{byte(begin.What.Byte)}, size), nil
	case reveal == nil || reveal.Pass != begin.Pass:
		return nil, fmt.Errorf("the key of pass %d was not revealed", begin.Pass)
	}
	return counterMode(reveal.Key, reveal.IV, size)
}

// counterMode is NIST SP 800-38A §6.5 word for word: enciphered counter blocks,
// the counter a 128-bit number.
func counterMode(key, iv record.Hex, size int) ([]byte, error) {
	k, err := hex.DecodeString(key)
	if err != nil {
		return nil, err
	}
	v, err := hex.DecodeString(iv)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(k)
	if err != nil {
		return nil, err
	}
	out := make([]byte, (size+15)/16*16)
	counter, one := new(big.Int).SetBytes(v), big.NewInt(1)
	var in [16]byte
	for i := 0; i < len(out); i += 16 {
		block.Encrypt(out[i:], counter.FillBytes(in[:]))
		counter.Add(counter, one)
	}
	return out[:size], nil
}

// Kept lists the stretches whose sectors still hold their old bytes.
func Kept(medium, old []byte, sector int64) (kept []record.Range) {
	for off := int64(0); off < int64(len(medium)); off += sector {
		if !bytes.Equal(medium[off:off+sector], old[off:off+sector]) {
			continue
		}
		first, end := record.Size(off), record.Size(off+sector)
		if n := len(kept); n > 0 && kept[n-1].End == first {
			kept[n-1].End = end
			continue
		}
		kept = append(kept, record.Range{First: first, End: end})
	}
	return kept
}
