package sign

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"fmt"
	"sort"
)

// Object identifiers of RFC 5652 (CMS), RFC 5035 (ESS) and RFC 5754 (SHA-2).
var (
	oidData       = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}
	oidSignedData = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidType       = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
	oidDigest     = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
	oidCertV2     = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 47}
	oidSHA256     = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}
	oidECDSA      = asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2} // ecdsa-with-SHA256
)

// Tags of DER, and the CMS context tags [0] and [4].
const (
	tagOctets   = 0x04
	tagSequence = 0x30
	tagSet      = 0x31
	tagContext0 = 0xa0
	tagContext4 = 0xa4
)

// tlv is one DER value of several parts.
func tlv(tag byte, parts ...[]byte) []byte {
	body := bytes.Join(parts, nil)
	head := []byte{tag}
	switch n := len(body); {
	case n < 0x80:
		head = append(head, byte(n))
	case n < 0x100:
		head = append(head, 0x81, byte(n))
	case n < 0x10000:
		head = append(head, 0x82, byte(n>>8), byte(n))
	default:
		head = append(head, 0x83, byte(n>>16), byte(n>>8), byte(n))
	}
	return append(head, body...)
}

func seq(parts ...[]byte) []byte { return tlv(tagSequence, parts...) }

// der encodes an object identifier or integer; those never fail.
func der(v any) []byte {
	b, err := asn1.Marshal(v)
	if err != nil {
		panic("sign: encode a constant: " + err.Error())
	}
	return b
}

func attribute(o asn1.ObjectIdentifier, v []byte) []byte { return seq(der(o), tlv(tagSet, v)) }

// issuerSerial names a certificate inside ESSCertIDv2 (RFC 5035 §4).
func issuerSerial(c *x509.Certificate) []byte {
	return seq(seq(tlv(tagContext4, c.RawIssuer)), der(c.SerialNumber))
}

// signedAttributes is the body of the SET that is signed: content type, message
// digest and signing-certificate-v2, in DER order, and no signingTime, which PAdES
// forbids (ETSI EN 319 142-1 §6.3; the PDF's /M says it). Every certificate of the
// chain is pinned, so that none can be exchanged for one of the same name.
func signedAttributes(chain []*x509.Certificate, digest []byte) []byte {
	var ids []byte
	for _, c := range chain {
		h := sha256.Sum256(c.Raw)
		ids = append(ids, seq(tlv(tagOctets, h[:]), issuerSerial(c))...) // SHA-256 is the default
	}
	attrs := [][]byte{
		attribute(oidType, der(oidData)),
		attribute(oidDigest, tlv(tagOctets, digest)),
		attribute(oidCertV2, seq(seq(ids))),
	}
	sort.Slice(attrs, func(i, j int) bool { return bytes.Compare(attrs[i], attrs[j]) < 0 })
	return bytes.Join(attrs, nil)
}

// encodeCMS is the one encoding of a signature: its parts determine every byte.
func encodeCMS(chain []*x509.Certificate, digest, sig []byte) []byte {
	leaf := chain[0]
	var certs []byte
	for _, c := range chain {
		certs = append(certs, c.Raw...)
	}
	alg := seq(der(oidSHA256)) // no parameters: RFC 5754 §2
	info := seq(der(1),
		seq(leaf.RawIssuer, der(leaf.SerialNumber)),
		alg,
		tlv(tagContext0, signedAttributes(chain, digest)),
		seq(der(oidECDSA)),
		tlv(tagOctets, sig))
	signed := seq(der(1), tlv(tagSet, alg), seq(der(oidData)), tlv(tagContext0, certs), tlv(tagSet, info))
	return seq(der(oidSignedData), tlv(tagContext0, signed))
}

// SignCMS makes the detached signature of a PDF (ETSI.CAdES.detached) over digest,
// the SHA-256 of the bytes its ByteRange covers. It is under 4 KiB for a chain of
// one. The signer must have [RoleRecord]: it is what PDFs of ours are signed as.
func SignCMS(digest []byte, s Signer) ([]byte, error) {
	if len(digest) != sha256.Size {
		return nil, fmt.Errorf("sign CMS: digest of %d bytes, want %d", len(digest), sha256.Size)
	}
	if err := checkSigner(s); err != nil {
		return nil, fmt.Errorf("sign CMS: %w", err)
	}
	chain := s.Chain()
	if err := requireRole(chain[0], RoleRecord); err != nil {
		return nil, fmt.Errorf("sign CMS: %w", err)
	}
	sig, err := signDigest(s, attributesDigest(chain, digest))
	if err != nil {
		return nil, fmt.Errorf("sign CMS: %w", err)
	}
	return encodeCMS(chain, digest, sig), nil
}

// attributesDigest is what is signed: the attributes as a SET, not as the [0] they
// are stored under (RFC 5652 §5.4).
func attributesDigest(chain []*x509.Certificate, digest []byte) [sha256.Size]byte {
	return sha256.Sum256(tlv(tagSet, signedAttributes(chain, digest)))
}
