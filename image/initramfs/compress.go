package initramfs

import (
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
)

// Level is how hard to compress.
type Level int

// Fast is for what changes at each build, Small for what is kept.
const (
	Fast Level = iota
	Small
)

// window is the largest zstd window; the kernel refuses more than 128 MiB and
// needs the window beside the unpacked files in memory.
const window = 8 << 20

// Compress returns one zstd frame. Debian's kernels unpack zstd
// (CONFIG_RD_ZSTD). The same input gives the same bytes.
func Compress(data []byte, level Level) ([]byte, error) {
	l := zstd.SpeedDefault
	if level == Small {
		l = zstd.SpeedBestCompression
	}
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(l), zstd.WithWindowSize(window),
		zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(true))
	if err != nil {
		return nil, fmt.Errorf("compress: %w", err)
	}
	defer enc.Close()
	return enc.EncodeAll(data, nil), nil
}

// Concat writes the parts one after the other, each starting on a multiple of 4
// bytes; the kernel skips the zeros between.
func Concat(w io.Writer, parts ...[]byte) (int64, error) {
	cw := &writer{w: w}
	for _, p := range parts {
		if err := cw.padded(p); err != nil {
			return cw.n, fmt.Errorf("write image: %w", err)
		}
	}
	return cw.n, nil
}

// Pack returns the compressed archive of the files.
func Pack(level Level, files ...File) ([]byte, error) {
	a := &Archive{}
	if err := a.Add(files...); err != nil {
		return nil, err
	}
	raw, err := a.Bytes()
	if err != nil {
		return nil, err
	}
	return Compress(raw, level)
}
