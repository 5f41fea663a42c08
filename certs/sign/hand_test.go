package sign_test

import (
	"crypto"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/asn1"
	"math/big"
	"testing"

	"lethe/certs/record"
	"lethe/certs/sign"
)

// handSigned signs an envelope as an attacker would who holds a valid key of
// another role: by hand, past the checks of SignDSSE.
func handSigned(t *testing.T, s sign.Signer, typ string, payload []byte) sign.Signature {
	t.Helper()
	d := sha256.Sum256(sign.PAE(typ, payload))
	sig, err := s.Sign(nil, d[:], crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	var p struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(sig, &p); err != nil {
		t.Fatal(err)
	}
	if n := elliptic.P256().Params().N; p.S.Cmp(new(big.Int).Rsh(n, 1)) > 0 {
		p.S.Sub(n, p.S)
		if sig, err = asn1.Marshal(p); err != nil {
			t.Fatal(err)
		}
	}
	leaf := s.Chain()[0]
	return sign.Signature{KeyID: record.Digest(leaf.Raw), Sig: sig, Chain: [][]byte{leaf.Raw}}
}
