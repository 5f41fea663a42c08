package sign

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"fmt"
	"time"
)

// The shape of the CMS this package writes. Only the certificates and the signature
// are taken from it; encodeCMS then says what all other bytes must be.
type contentInfo struct {
	Type    asn1.ObjectIdentifier
	Content signedData `asn1:"explicit,tag:0"`
}

type signedData struct {
	Version     int
	Algorithms  asn1.RawValue
	Content     asn1.RawValue
	Certificate asn1.RawValue `asn1:"tag:0"`
	Signers     []signerInfo  `asn1:"set"`
}

type signerInfo struct {
	Version    int
	ID         asn1.RawValue
	Digest     asn1.RawValue
	Attributes asn1.RawValue `asn1:"tag:0"`
	Algorithm  asn1.RawValue
	Signature  []byte
}

// maxCMS bounds what is parsed at all: four certificates of 8 KiB and the rest.
const maxCMS = 40 << 10

// VerifyCMS checks the CMS of a PDF signature against digest, the SHA-256 of the
// bytes its ByteRange covers, and returns the signer's certificate. It accepts what
// [SignCMS] writes and nothing else: one signer, these attributes, no others, the
// chain in order, DER throughout, nothing after it.
func VerifyCMS(cms, digest []byte, roots *x509.CertPool, role Role, at time.Time) (*x509.Certificate, error) {
	if len(digest) != sha256.Size {
		return nil, fmt.Errorf("verify CMS: digest of %d bytes, want %d", len(digest), sha256.Size)
	}
	chain, sig, err := parseCMS(cms)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(encodeCMS(chain, digest, sig), cms) {
		return nil, differs(cms, chain, digest, sig)
	}
	if err := verifyChain(chain, roots, role, at); err != nil {
		return nil, err
	}
	if err := verifyDigest(chain[0], attributesDigest(chain, digest), sig); err != nil {
		return nil, err
	}
	return chain[0], nil
}

func parseCMS(cms []byte) (chain []*x509.Certificate, sig []byte, err error) {
	if len(cms) > maxCMS {
		return nil, nil, fmt.Errorf("%w: CMS of %d bytes", ErrMalformed, len(cms))
	}
	var info contentInfo
	rest, err := asn1.Unmarshal(cms, &info)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: CMS: %w", ErrMalformed, err)
	}
	if len(rest) > 0 {
		return nil, nil, fmt.Errorf("%w: %d bytes after the CMS", ErrMalformed, len(rest))
	}
	if n := len(info.Content.Signers); n != 1 {
		return nil, nil, fmt.Errorf("%w: CMS has %d signers, want 1", ErrMalformed, n)
	}
	var ders [][]byte
	for b := info.Content.Certificate.Bytes; len(b) > 0; {
		var c asn1.RawValue
		if b, err = asn1.Unmarshal(b, &c); err != nil {
			return nil, nil, fmt.Errorf("%w: CMS certificates: %w", ErrMalformed, err)
		}
		ders = append(ders, c.FullBytes)
	}
	if chain, err = parseChain(ders); err != nil {
		return nil, nil, err
	}
	return chain, info.Content.Signers[0].Signature, nil
}

// differs explains a CMS that is not the one expected: most often the document
// changed and the message digest no longer fits.
func differs(cms []byte, chain []*x509.Certificate, digest, sig []byte) error {
	want := encodeCMS(chain, digest, sig)
	if len(want) == len(cms) {
		i := bytes.Index(want, attribute(oidDigest, tlv(tagOctets, digest)))
		n := len(attribute(oidDigest, tlv(tagOctets, digest)))
		if i >= 0 && bytes.Equal(want[:i], cms[:i]) && bytes.Equal(want[i+n:], cms[i+n:]) {
			return fmt.Errorf("%w: the signed bytes are not those of the document", ErrSignature)
		}
	}
	return fmt.Errorf("%w: CMS is not in its one encoding", ErrMalformed)
}
