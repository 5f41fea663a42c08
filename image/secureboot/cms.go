// Package secureboot makes an owner's own Secure Boot keys and signs with them:
// EFI images (Authenticode) and the variables PK, KEK and db (UEFI 2.10 §8.2.2,
// §32.4). Signatures are RSA PKCS #1 v1.5 with SHA-256, which all firmware knows,
// and carry no time: the same input gives the same bytes.
package secureboot

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
)

var (
	oidSignedData    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidData          = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}
	oidContentType   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
	oidMessageDigest = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
	oidSHA256        = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}
	oidRSA           = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}
	oidIndirectData  = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 2, 1, 4}
	oidPEImage       = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 2, 1, 15}
)

// ErrKey is returned for a key that firmware would not take, or that does not
// belong to its certificate.
var ErrKey = errors.New("secure boot key")

// Signer is a key with its certificate.
type Signer struct {
	Key  *rsa.PrivateKey
	Cert *x509.Certificate
}

// NewSigner checks that both belong together and suit.
func NewSigner(key crypto.Signer, cert *x509.Certificate) (Signer, error) {
	k, ok := key.(*rsa.PrivateKey)
	pub, okPub := cert.PublicKey.(*rsa.PublicKey)
	switch {
	case !ok || !okPub:
		return Signer{}, fmt.Errorf("%w: not RSA", ErrKey)
	case k.N.BitLen() < 2048:
		return Signer{}, fmt.Errorf("%w: %d bits, want 2048 or more", ErrKey, k.N.BitLen())
	case !k.PublicKey.Equal(pub):
		return Signer{}, fmt.Errorf("%w: the certificate is of another key", ErrKey)
	}
	return Signer{k, cert}, nil
}

// RFC 2315 (PKCS #7 1.5), as far as it is needed.
type signedData struct {
	Version      int
	Digests      []pkix.AlgorithmIdentifier `asn1:"set"`
	Content      contentInfo
	Certificates asn1.RawValue
	Signers      []signerInfo `asn1:"set"`
}

type contentInfo struct {
	Type    asn1.ObjectIdentifier
	Content asn1.RawValue `asn1:"optional"`
}

type signerInfo struct {
	Version    int
	Issuer     issuerAndSerial
	Digest     pkix.AlgorithmIdentifier
	Attributes asn1.RawValue `asn1:"optional"`
	Algorithm  pkix.AlgorithmIdentifier
	Signature  []byte
}

type issuerAndSerial struct {
	Issuer asn1.RawValue
	Serial *big.Int
}

type attribute struct {
	Type   asn1.ObjectIdentifier
	Values []any `asn1:"set"`
}

var (
	sha256Algorithm = pkix.AlgorithmIdentifier{Algorithm: oidSHA256, Parameters: asn1.NullRawValue}
	rsaAlgorithm    = pkix.AlgorithmIdentifier{Algorithm: oidRSA, Parameters: asn1.NullRawValue}
)

// signed returns a SignedData over content: the DER of what lies in it, or with
// der nil a detached signature over detached.
func (s Signer) signed(typ asn1.ObjectIdentifier, der asn1.RawValue, detached []byte) ([]byte, error) {
	info := signerInfo{Version: 1, Digest: sha256Algorithm, Algorithm: rsaAlgorithm,
		Issuer: issuerAndSerial{asn1.RawValue{FullBytes: s.Cert.RawIssuer}, s.Cert.SerialNumber}}
	content, toSign := contentInfo{Type: typ}, detached
	if len(der.Bytes) > 0 {
		attrs, text, err := attributes(typ, der.Bytes)
		if err != nil {
			return nil, err
		}
		full, err := asn1.Marshal(der)
		if err != nil {
			return nil, err
		}
		content.Content = asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: full}
		info.Attributes, toSign = attrs, text
	}
	sum := sha256.Sum256(toSign)
	var err error
	if info.Signature, err = rsa.SignPKCS1v15(rand.Reader, s.Key, crypto.SHA256, sum[:]); err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	return asn1.Marshal(signedData{
		Version: 1, Digests: []pkix.AlgorithmIdentifier{sha256Algorithm}, Content: content,
		Certificates: asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: s.Cert.Raw},
		Signers:      []signerInfo{info},
	})
}

// attributes returns what is signed in the content's place: as it stands in the
// signer's information, and as the SET OF that the signature covers.
func attributes(typ asn1.ObjectIdentifier, content []byte) (asn1.RawValue, []byte, error) {
	sum := sha256.Sum256(content)
	set, err := asn1.MarshalWithParams([]attribute{
		{oidContentType, []any{typ}}, {oidMessageDigest, []any{sum[:]}}}, "set")
	if err != nil {
		return asn1.RawValue{}, nil, fmt.Errorf("marshal attributes: %w", err)
	}
	var v asn1.RawValue
	if _, err := asn1.Unmarshal(set, &v); err != nil {
		return asn1.RawValue{}, nil, fmt.Errorf("marshal attributes: %w", err)
	}
	return asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: v.Bytes}, set, nil
}
