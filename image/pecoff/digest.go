package pecoff

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"
)

// Digest returns the Authenticode SHA-256 of the image (Microsoft, "Windows
// Authenticode Portable Executable Signature Format", 2008): everything but the
// checksum, the certificate table's entry and the table itself. Firmware extends
// the same digest into PCR 4.
func (m *Image) Digest() [32]byte {
	h := sha256.New()
	sum, dir := m.opt+optChecksum, m.opt+optDirs+8*certDir
	h.Write(m.raw[:sum])
	h.Write(m.raw[sum+4 : dir])
	h.Write(m.raw[dir+8 : m.sizeOfHeaders])
	done := int64(m.sizeOfHeaders)
	for _, s := range inFile(m.Sections) {
		h.Write(m.raw[s.Offset : s.Offset+s.RawSize])
		done += int64(s.RawSize)
	}
	end := int64(len(m.raw)) - int64(m.certSize)
	if done < end {
		h.Write(m.raw[done:end])
	}
	// A signature is attached at a multiple of 8, and what fills up to there is
	// part of what was signed.
	if m.certSize == 0 {
		h.Write(make([]byte, align(end, 8)-end))
	}
	return [32]byte(h.Sum(nil))
}

const (
	certRevision  = 0x0200
	certTypePKCS7 = 0x0002
)

// Sign returns the image with a signature over its Digest attached: one
// WIN_CERTIFICATE with a PKCS #7 SignedData in DER. A signature that the image
// has is replaced.
func (m *Image) Sign(pkcs7 []byte) []byte {
	out := slices.Clone(m.raw[:int64(len(m.raw))-int64(m.certSize)])
	out = append(out, make([]byte, align(int64(len(out)), 8)-int64(len(out)))...)
	at, size := len(out), align(int64(len(pkcs7))+8, 8)
	cert := make([]byte, size)
	binary.LittleEndian.PutUint32(cert, uint32(size))
	binary.LittleEndian.PutUint16(cert[4:], certRevision)
	binary.LittleEndian.PutUint16(cert[6:], certTypePKCS7)
	copy(cert[8:], pkcs7)
	out = append(out, cert...)
	dir := m.opt + optDirs + 8*certDir
	binary.LittleEndian.PutUint32(out[dir:], uint32(at))
	binary.LittleEndian.PutUint32(out[dir+4:], uint32(size))
	putChecksum(out, m.opt+optChecksum)
	return out
}

// Signature returns the first PKCS #7 of the certificate table, nil without one.
func (m *Image) Signature() []byte {
	if m.certSize < 8 {
		return nil
	}
	c := m.raw[m.certOff:]
	n := int64(le(c))
	if n < 8 || n > int64(m.certSize) || binary.LittleEndian.Uint16(c[6:]) != certTypePKCS7 {
		return nil
	}
	return c[8:n]
}

// putChecksum writes the sum that the PE format asks for; firmware ignores it,
// checkers warn without it.
func putChecksum(b []byte, at int) {
	binary.LittleEndian.PutUint32(b[at:], 0)
	var sum uint64
	for i := 0; i+1 < len(b); i += 2 {
		sum += uint64(b[i]) | uint64(b[i+1])<<8
	}
	if len(b)%2 == 1 {
		sum += uint64(b[len(b)-1])
	}
	for sum > 0xffff {
		sum = sum&0xffff + sum>>16
	}
	binary.LittleEndian.PutUint32(b[at:], uint32(sum)+uint32(len(b)))
}
