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

// lastPass makes the bytes of the last pass again: of one that was resumed, each part
// by its own key.
func lastPass(t *record.Transcript, size int) ([]byte, error) {
	var begins []*record.PassBegin
	var commits []record.Hex
	keys := map[record.Hex]*record.Reveal{}
	commit := ""
	for _, l := range t.Lines {
		switch e := l.Event; {
		case e.Commit != nil:
			commit = e.Commit.Commitment
		case e.PassBegin != nil:
			begins, commits, commit = append(begins, e.PassBegin), append(commits, commit), ""
		case e.Reveal != nil:
			raw, err := hex.DecodeString(e.Reveal.Key + e.Reveal.IV)
			if err != nil {
				return nil, err
			}
			keys[record.Digest(raw)] = e.Reveal
		}
	}
	if len(begins) == 0 {
		return nil, fmt.Errorf("no pass was begun")
	}
	last := begins[len(begins)-1]
	if last.What.Pattern != record.PatternStream {
		return bytes.Repeat([]byte{byte(last.What.Byte)}, size), nil
	}
	out, end := make([]byte, size), size
	for i := len(begins) - 1; i >= 0 && end > 0 && begins[i].Pass == last.Pass; i-- {
		first := int(begins[i].Range.First)
		if first >= end {
			continue
		}
		key := keys[commits[i]]
		if key == nil {
			return nil, fmt.Errorf("the key of pass %d from %d to %d was not revealed", last.Pass, first, end)
		}
		part, err := counterMode(key.Key, key.IV, first, end)
		if err != nil {
			return nil, err
		}
		copy(out[first:end], part)
		end = first
	}
	if end > 0 {
		return nil, fmt.Errorf("nobody wrote 0 to %d of pass %d", end, last.Pass)
	}
	return out, nil
}

// counterMode is NIST SP 800-38A §6.5 word for word: enciphered counter blocks,
// the counter a 128-bit number. It begins at first, on a block.
func counterMode(key, iv record.Hex, first, end int) ([]byte, error) {
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
	out := make([]byte, (end-first+15)/16*16)
	counter, one := new(big.Int).SetBytes(v), big.NewInt(1)
	counter.Add(counter, big.NewInt(int64(first/16)))
	var in [16]byte
	for i := 0; i < len(out); i += 16 {
		block.Encrypt(out[i:], counter.FillBytes(in[:]))
		counter.Add(counter, one)
	}
	return out[:end-first], nil
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
