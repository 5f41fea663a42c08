package scsi

import "testing"

// FuzzParse throws one buffer at every decoder: none may panic, and what is
// accepted must keep its bounds.
func FuzzParse(f *testing.F) {
	f.Add([]byte{0x72, 1, 0, 0x1d, 0, 0, 0, 14, 9, 12, 1, 0, 0, 0, 0, 255, 0, 255, 0, 1, 0x40, 0x50})
	f.Add([]byte{0x70, 0, 2, 0, 0, 0, 0, 10, 0, 0, 0, 0, 4, 0x1b, 0, 0x80, 0x40, 0})
	f.Add([]byte{1, 3, 0, 8, 0x50, 0, 0xc5, 0, 1, 2, 3, 4})
	f.Add([]byte{0, 26, 0, 16, 0, 0, 0, 8, 0, 128, 0, 0, 0, 0, 2, 0, 1, 10, 192, 11, 240, 0, 0, 0, 5, 0, 255, 255})
	f.Add([]byte{3, 0, 0, 12, 0, 6, 3, 8, 0, 0, 0, 0, 0, 0, 0, 2})
	f.Add([]byte{0, 131, 0, 10, 72, 191, 0, 0, 0, 0, 0, 255, 255, 0, 0, 10, 0, 0, 0, 0, 0, 5, 0, 0, 140, 160})
	f.Fuzz(func(t *testing.T, b []byte) {
		if s, err := ParseSense(b); err == nil && s.Key > 0xf {
			t.Errorf("sense key %X", s.Key)
		}
		for typ := range 16 {
			if d := SenseDescriptor(b, byte(typ)); d != nil && len(d) != 2+int(d[1]) {
				t.Errorf("descriptor of %d bytes says %d", len(d), d[1])
			}
		}
		if q, err := ParseInquiry(b); err == nil && len(q.Product) > 16 {
			t.Errorf("product %q", q.Product)
		}
		for page := range 256 {
			_, _ = PageData(byte(page), b)
		}
		ds, _ := ParseDesignators(b)
		if naa, _ := Names(ds); len(naa) != 0 && len(naa) != 16 && len(naa) != 32 {
			t.Errorf("NAA name %q", naa)
		}
		_, _ = ParseCharacteristics(b)
		_, _ = ParseProvisioning(b)
		_, _ = ParseLimits(b)
		if h, err := ParseTemperature(b); err == nil && (h.Now < -1 || h.Now > 254 || h.Reference < -1 || h.Reference > 254) {
			t.Errorf("temperature %+v", h)
		}
		if m, err := ParseMode(b); err == nil && (len(m.Page) > len(b) || m.Block != nil && !m.Long && m.Block.Length >= 1<<24) {
			t.Errorf("mode %+v", m)
		}
		for _, page := range []byte{LogWriteErrors, LogSelfTest, LogScan, LogExceptions} {
			ps, _ := ParseLog(page, b)
			n := 0
			for _, p := range ps {
				n += 4 + len(p.Value)
			}
			if n > len(b) {
				t.Errorf("log page %02Xh: parameters of %d bytes in %d", page, n, len(b))
			}
		}
		if counter(LogReadErrors, b, 6) < -1 || suspects(b) < -1 || exception(b) < -1 || selfTest(b) < -1 {
			t.Error("a negative count")
		}
		if n, err := ParseDefects(b); err == nil && n < 0 {
			t.Errorf("%d defects", n)
		}
		if d, err := ParseDetail(b); err == nil && (len(d.Usage) > len(b) || d.Nominal < 0 || d.Recommended < 0) {
			t.Errorf("detail %+v", d)
		}
		_, _, _ = ParseCapacity10(b)
		_, _ = ParseSupport(b)
		if c, err := ParseCapacity16(b); err == nil {
			if n, err := c.Size(); err == nil && c.BlockLength != 0 && n/uint64(c.BlockLength) != c.LastLBA+1 {
				t.Errorf("%+v has %d bytes", c, n)
			}
		}
	})
}
