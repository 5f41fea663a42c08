package object

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"maps"
)

// Deflate makes a compressed stream of data. The dictionary gets its filter.
func Deflate(d Dict, data []byte) *Stream {
	var z bytes.Buffer
	w, err := zlib.NewWriterLevel(&z, zlib.BestCompression)
	if err != nil {
		panic("object: the level of zlib is a constant: " + err.Error())
	}
	w.Write(data) // a bytes.Buffer takes every byte
	w.Close()
	d = maps.Clone(d)
	if d == nil {
		d = Dict{}
	}
	d["Filter"] = Name("FlateDecode")
	return &Stream{Dict: d, Raw: z.Bytes()}
}

// Data returns the bytes of the stream, decompressed, at most limit of them. A
// larger stream, another filter, and bytes after the compressed data are errors.
func (s *Stream) Data(limit int) ([]byte, error) {
	if _, ok := s.Dict["Filter"]; !ok {
		if len(s.Raw) > limit {
			return nil, fmt.Errorf("stream is larger than %d bytes", limit)
		}
		return s.Raw, nil
	}
	if s.Dict["Filter"] != Name("FlateDecode") {
		return nil, errors.New("stream has a filter this reader does not know")
	}
	in := bytes.NewReader(s.Raw)
	z, err := zlib.NewReader(in)
	if err != nil {
		return nil, fmt.Errorf("inflate: %w", err)
	}
	var w bytes.Buffer
	w.Grow(min(limit, 4*len(s.Raw)) + bytes.MinRead)
	if _, err := w.ReadFrom(io.LimitReader(z, int64(limit)+1)); err != nil {
		return nil, fmt.Errorf("inflate: %w", err)
	}
	out := w.Bytes()
	if len(out) > limit {
		return nil, fmt.Errorf("stream is larger than %d bytes", limit)
	}
	if in.Len() != 0 {
		return nil, errors.New("bytes after the compressed data")
	}
	return out, nil
}
