package sign

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"fmt"
	"math/big"
)

var (
	order     = elliptic.P256().Params().N
	halfOrder = new(big.Int).Rsh(order, 1)
)

type pair struct{ R, S *big.Int }

// signDigest signs and brings the signature to its one accepted form. A nil source
// of randomness makes software keys deterministic (RFC 6979); hardware has its own.
func signDigest(s Signer, digest [sha256.Size]byte) ([]byte, error) {
	der, err := s.Sign(nil, digest[:], crypto.SHA256)
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	var p pair
	if rest, err := asn1.Unmarshal(der, &p); err != nil || len(rest) > 0 {
		return nil, fmt.Errorf("sign: %w: key returned no ECDSA signature", ErrMalformed)
	}
	if p.S.Cmp(halfOrder) > 0 {
		p.S.Sub(order, p.S)
	}
	out, err := asn1.Marshal(p)
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	return out, verifyDigest(s.Chain()[0], digest, out) // a faulty token must not reach a certificate
}

// verifyDigest accepts a signature only in its one form: DER, r and s in range, and s
// not above half the order.
func verifyDigest(leaf *x509.Certificate, digest [sha256.Size]byte, der []byte) error {
	pub, err := publicKey(leaf)
	if err != nil {
		return err
	}
	var p pair
	rest, err := asn1.Unmarshal(der, &p)
	if err != nil || len(rest) > 0 {
		return fmt.Errorf("%w: not an ECDSA signature", ErrMalformed)
	}
	if again, err := asn1.Marshal(p); err != nil || !bytes.Equal(again, der) {
		return fmt.Errorf("%w: not DER", ErrMalformed)
	}
	if p.S.Cmp(halfOrder) > 0 {
		return fmt.Errorf("%w: the mirrored form of a signature", ErrMalformed)
	}
	if !ecdsa.VerifyASN1(pub, digest[:], der) {
		return ErrSignature
	}
	return nil
}
