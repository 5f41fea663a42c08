package secureboot

import (
	"crypto"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"fmt"
	"os"

	"lethe/image/pecoff"
)

type indirectData struct {
	Data   typedData
	Digest digestInfo
}

type typedData struct {
	Type  asn1.ObjectIdentifier
	Value asn1.RawValue
}

type digestInfo struct {
	Algorithm pkix.AlgorithmIdentifier
	Digest    []byte
}

// peImageData is SpcPeImageData with no flags and an empty file name: it says
// nothing, but has to be there.
var peImageData = asn1.RawValue{FullBytes: []byte{0x30, 9, 3, 1, 0, 0xa0, 4, 0xa2, 2, 0x80, 0}}

// SignImage returns the EFI image with the signature attached; one that it has is
// replaced.
func (s Signer) SignImage(image []byte) ([]byte, error) {
	m, err := pecoff.Parse(image)
	if err != nil {
		return nil, fmt.Errorf("sign EFI image: %w", err)
	}
	sum := m.Digest()
	der, err := asn1.Marshal(indirectData{typedData{oidPEImage, peImageData}, digestInfo{sha256Algorithm, sum[:]}})
	if err != nil {
		return nil, fmt.Errorf("sign EFI image: %w", err)
	}
	var v asn1.RawValue
	if _, err := asn1.Unmarshal(der, &v); err != nil {
		return nil, fmt.Errorf("sign EFI image: %w", err)
	}
	v.FullBytes = nil
	sd, err := s.signed(oidIndirectData, v, nil)
	if err != nil {
		return nil, fmt.Errorf("sign EFI image: %w", err)
	}
	full, err := asn1.Marshal(contentInfo{oidSignedData,
		asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: sd}})
	if err != nil {
		return nil, fmt.Errorf("sign EFI image: %w", err)
	}
	return m.Sign(full), nil
}

// ReadSigner reads a key and its certificate from PEM files. The key is PKCS #8
// or PKCS #1 and not encrypted.
func ReadSigner(keyFile, certFile string) (Signer, error) {
	cert, err := ReadCert(certFile)
	if err != nil {
		return Signer{}, err
	}
	b, err := os.ReadFile(keyFile)
	if err != nil {
		return Signer{}, fmt.Errorf("read key: %w", err)
	}
	block, _ := pem.Decode(b)
	if block == nil {
		return Signer{}, fmt.Errorf("%w: %s is not PEM", ErrKey, keyFile)
	}
	if k, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return NewSigner(k, cert)
	}
	k, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return Signer{}, fmt.Errorf("%w: %s: %w", ErrKey, keyFile, err)
	}
	signer, ok := k.(crypto.Signer)
	if !ok {
		return Signer{}, fmt.Errorf("%w: %s cannot sign", ErrKey, keyFile)
	}
	return NewSigner(signer, cert)
}

// ReadCert reads a certificate, PEM or DER.
func ReadCert(name string) (*x509.Certificate, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("read certificate: %w", err)
	}
	if block, _ := pem.Decode(b); block != nil {
		b = block.Bytes
	}
	c, err := x509.ParseCertificate(b)
	if err != nil {
		return nil, fmt.Errorf("read certificate %s: %w", name, err)
	}
	return c, nil
}
