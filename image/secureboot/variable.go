package secureboot

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/binary"
	"fmt"
	"time"
	"unicode/utf16"
)

// GUID is in the order of bytes of UEFI's EFI_GUID.
type GUID [16]byte

// The vendors of the variables and kinds of content (UEFI 2.10 §32.4.1, §32.6.1).
var (
	globalVariable = guid(0x8be4df61, 0x93ca, 0x11d2, 0xaa, 0x0d, 0x00, 0xe0, 0x98, 0x03, 0x2b, 0x8c)
	imageSecurity  = guid(0xd719b2cb, 0x3d3a, 0x4596, 0xa3, 0xbc, 0xda, 0xd0, 0x0e, 0x67, 0x65, 0x6f)
	certX509       = guid(0xa5c059a1, 0x94e4, 0x4aa7, 0x87, 0xb5, 0xab, 0x15, 0x5c, 0x2b, 0xf0, 0x72)
	certTypePKCS7  = guid(0x4aafd29d, 0x68df, 0x49ee, 0x8a, 0xa9, 0x34, 0x7d, 0x37, 0x56, 0x65, 0xa7)
)

func guid(a uint32, b, c uint16, d ...byte) (g GUID) {
	binary.LittleEndian.PutUint32(g[0:], a)
	binary.LittleEndian.PutUint16(g[4:], b)
	binary.LittleEndian.PutUint16(g[6:], c)
	copy(g[8:], d)
	return g
}

// Owner makes the GUID that marks a list's entries as the owner's, from the
// platform key's certificate.
func Owner(pk *x509.Certificate) (g GUID) {
	s := sha256.Sum256(pk.Raw)
	copy(g[:], s[:])
	g[7], g[8] = g[7]&0x0f|0x80, g[8]&0x3f|0x80 // version 8, RFC 9562
	return g
}

// Variable is one of the variables that hold keys.
type Variable struct {
	Name   string
	Vendor GUID
}

// The three variables of an owner's own keys.
var (
	PK  = Variable{"PK", globalVariable}
	KEK = Variable{"KEK", globalVariable}
	DB  = Variable{"db", imageSecurity}
)

// List is an EFI_SIGNATURE_LIST for each certificate.
func List(owner GUID, certs ...*x509.Certificate) []byte {
	var b bytes.Buffer
	for _, c := range certs {
		b.Write(certX509[:])
		size := uint32(16 + len(c.Raw))
		b.Write(le32(28+size, 0, size))
		b.Write(owner[:])
		b.Write(c.Raw)
	}
	return b.Bytes()
}

// attributes of the variables: non-volatile, for boot and run time, with an
// authenticated time.
const varAttributes = 0x27

const (
	certRevision = 0x0200
	certTypeGUID = 0x0ef1
)

// SignVariable returns what is written to the variable: EFI_VARIABLE_
// AUTHENTICATION_2 and the list; in efivarfs four bytes of attributes (27h) go
// before it. A list that is signed for one time is refused after a later one.
func (s Signer) SignVariable(v Variable, list []byte, at time.Time) ([]byte, error) {
	stamp := efiTime(at)
	var text bytes.Buffer
	for _, u := range utf16.Encode([]rune(v.Name)) {
		text.Write(binary.LittleEndian.AppendUint16(nil, u))
	}
	text.Write(v.Vendor[:])
	text.Write(le32(varAttributes))
	text.Write(stamp)
	text.Write(list)
	sd, err := s.signed(oidData, asn1.RawValue{}, text.Bytes())
	if err != nil {
		return nil, fmt.Errorf("sign variable %s: %w", v.Name, err)
	}
	var b bytes.Buffer
	b.Write(stamp)
	b.Write(le32(uint32(8 + 16 + len(sd))))
	b.Write(binary.LittleEndian.AppendUint16(nil, certRevision))
	b.Write(binary.LittleEndian.AppendUint16(nil, certTypeGUID))
	b.Write(certTypePKCS7[:])
	b.Write(sd)
	b.Write(list)
	return b.Bytes(), nil
}

// efiTime is an EFI_TIME in which all that must be zero is.
func efiTime(t time.Time) []byte {
	t = t.UTC()
	b := make([]byte, 16)
	binary.LittleEndian.PutUint16(b, uint16(t.Year()))
	b[2], b[3], b[4], b[5], b[6] = byte(t.Month()), byte(t.Day()), byte(t.Hour()), byte(t.Minute()), byte(t.Second())
	return b
}

func le32(vs ...uint32) []byte {
	var b []byte
	for _, v := range vs {
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	return b
}
