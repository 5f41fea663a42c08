package overwrite_test

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"fmt"
	"os"
	"testing"
	"time"

	"lethe/wipe/overwrite"
	"lethe/wipe/overwrite/overwritetest"
	"lethe/wipe/pattern"
	"lethe/wipe/verify"
)

const tib = int64(1) << 40

// sizes are those of the bar. The small ones are whole devices. Beyond 3 TiB the
// read-back takes its time, since it spoils every sector before it reads it: those
// that are slow are read back with -tags long.
var sizes = []struct {
	size   int64
	sector int
	slow   bool
	check  overwrite.Options
}{
	{512, 512, false, overwrite.Options{}},
	{4096 - 512, 512, false, overwrite.Options{}},
	{1<<20 + 512, 512, false, overwrite.Options{}},
	{3 * tib, 4096, false, large(4 << 20)},
	{3*tib + 512, 512, true, large(4 << 20)},
	{20 * tib, 4096, true, overwrite.Options{}}, // as the product does it
}

func large(buffer int) overwrite.Options {
	return overwrite.Options{Buffer: buffer, InFlight: 2}
}

// Where 32 bits wrap, of bytes, of AES blocks, of sectors of 512 and of 4096 bytes;
// and the start and the end of the device.
func windows(size int64) (ws []overwrite.Range) {
	const half = 2<<20 + 4096
	if size <= 64<<20 {
		return []overwrite.Range{{First: 0, End: size}}
	}
	for _, at := range []int64{0, 1 << 31, 1 << 32, 1 << 36, tib, 2 * tib, 16 * tib, (size - 1) / 4096 * 4096} {
		first, end := max(at-half, 0), min(at+half, size)
		if at < size && first < end {
			ws = append(ws, overwrite.Range{First: first, End: end})
		}
	}
	return ws
}

// Bar: devices of 512 B to 20 TiB are written and compared to the last sector. Of the
// large ones only windows take place; each other byte is asked for exactly once.
//
// mutant: step.go: t.Move(s.device.WriteAt, p, off) => t.Move(s.device.WriteAt, p, off%(2<<40))
// mutant: step.go: s.stream.Fill(p, off) => s.stream.Fill(p, off%(1<<36))
// mutant: traverse/route.go: min(first+l.buffer, part.End)} => min(first+l.buffer, first+max(int64(int32(part.End-first)), 512))}
func TestBarSizes(t *testing.T) {
	for _, c := range sizes {
		t.Run(fmt.Sprintf("%d of %d", c.size, c.sector), func(t *testing.T) {
			ws := windows(c.size)
			store := overwritetest.NewWindows(ws)
			d := overwritetest.NewSparse(c.size, c.sector, store, ws)
			key, s := writeSparse(t, d, large(64<<20))
			if !c.slow || long {
				checkSparse(t, d, s, c.check)
			}
			for w, got := range store {
				foreignStream(t, got, key, w.First)
			}
		})
	}
}

// writeSparse writes the device, each byte once, and returns the key and what was
// written.
func writeSparse(t *testing.T, d *overwritetest.Sparse, o overwrite.Options) ([]byte, pattern.Stream) {
	t.Helper()
	key, inner := keyOf(t)
	s := d.Stream(inner)
	res, err := overwrite.Run(context.Background(), d, s, o)
	if err != nil || !res.Complete() || res.Written != d.Size() || res.Through != d.Size() {
		t.Fatalf("Run = %+v, %v", res, err)
	}
	if err := d.Written(); err != nil || d.Flushes != 1 || d.Early > 0 {
		t.Fatalf("%v, %d flushes, %d early", err, d.Flushes, d.Early)
	}
	t.Logf("%d bytes: written in %v", d.Size(), res.Elapsed.Round(time.Millisecond))
	return key, s
}

func checkSparse(t *testing.T, d *overwritetest.Sparse, s pattern.Stream, o overwrite.Options) {
	t.Helper()
	seen, err := verify.Full(context.Background(), d, s, o)
	if err != nil || !seen.Clean() || seen.Compared != d.Size() {
		t.Fatalf("Full = %+v, %v", seen, err)
	}
	if err := d.Read(); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d bytes: read back in %v", d.Size(), seen.Elapsed.Round(time.Millisecond))
}

// foreignStream compares got with the stream from offset off on, a multiple of 16,
// made by crypto/cipher alone.
func foreignStream(t *testing.T, got, key []byte, off int64) {
	t.Helper()
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	iv := make([]byte, 16)
	binary.BigEndian.PutUint64(iv[8:], uint64(off/16))
	want := make([]byte, len(got))
	cipher.NewCTR(block, iv).XORKeyStream(want, want)
	if !bytes.Equal(got, want) {
		t.Errorf("%d bytes at %d are not the stream", len(got), off)
	}
}

// The same on loop devices that really have the size, over sparse files: the windows
// are written and read by the kernel at their offsets, past its cache, and the backing
// file is read by its own name.
//
// mutant: step.go: t.Move(s.device.WriteAt, p, off) => t.Move(s.device.WriteAt, p, off%(16<<40))
func TestBarSizesOnLoop(t *testing.T) {
	for _, size := range []int64{3*tib + 512, 20*tib + 512} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			dev, backing := overwritetest.Loop(t, "/dev/shm", size, 512)
			block := overwritetest.OpenBlock(t, dev)
			if block.Size() != size {
				t.Fatalf("%s has %d bytes", dev, block.Size())
			}
			ws := windows(size)
			d := overwritetest.NewSparse(size, 512, block, ws)
			key, s := writeSparse(t, d, large(64<<20))
			if long {
				checkSparse(t, d, s, large(4<<20))
			}
			block.Close()
			f, err := os.Open(backing)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			for _, w := range ws {
				got := make([]byte, w.Len())
				if _, err := f.ReadAt(got, w.First); err != nil {
					t.Fatal(err)
				}
				foreignStream(t, got, key, w.First)
			}
		})
	}
}
