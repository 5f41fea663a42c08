package labels

import (
	"bytes"
	"encoding/binary"
	"io"
)

// A ZFS vdev has four labels of 256 KiB, two at the start and two at the end. In
// each, the pool's configuration is at 16 KiB and the ring of uberblocks at 128
// KiB (ZFS on-disk specification, chapter 1).
const (
	zfsLabel  = 256 * kib
	zfsConfig = 16 * kib
	zfsRing   = 128 * kib
	uberblock = 0x00bab10c
)

// zfs looks for an uberblock in any of the labels, and for the pool's name in
// the label that has one.
func zfs(r io.ReaderAt, size int64) (pool string, ok bool) {
	last := size / zfsLabel * zfsLabel
	for _, label := range []int64{0, zfsLabel, last - 2*zfsLabel, last - zfsLabel} {
		ring := part(r, label+zfsRing, zfsRing, size)
		for ; len(ring) >= kib; ring = ring[kib:] {
			if binary.LittleEndian.Uint64(ring) == uberblock || binary.BigEndian.Uint64(ring) == uberblock {
				return poolName(part(r, label+zfsConfig, zfsRing-zfsConfig, size)), true
			}
		}
	}
	return "", false
}

// poolName finds the pair "name" of type string in a list in XDR form: the
// length of the key, the key, type 9, one value, its length, the value. It is
// the first of that name: those of the devices come later and are called so too.
func poolName(b []byte) string {
	key := []byte("\x00\x00\x00\x04name\x00\x00\x00\x09\x00\x00\x00\x01")
	i := bytes.Index(b, key)
	if i < 0 || len(b) < i+len(key)+4 {
		return ""
	}
	b = b[i+len(key):]
	n := binary.BigEndian.Uint32(b)
	if n > 256 || int(n) > len(b)-4 {
		return ""
	}
	return string(b[4 : 4+n])
}
