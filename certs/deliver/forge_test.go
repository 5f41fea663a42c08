package deliver_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"encoding/asn1"
	"math/big"
	"testing"

	"lethe/certs/record"
	"lethe/certs/sign"
)

// forge makes an envelope that sign.SignDSSE refuses to make: a receipt signed by a
// key of another role.
func forge(t *testing.T, payload []byte, s sign.Signer) []byte {
	t.Helper()
	d := sha256.Sum256(sign.PAE(sign.PayloadReceipt, payload))
	sig, err := s.Sign(rand.Reader, d[:], crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	var v struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(sig, &v); err != nil {
		t.Fatal(err)
	}
	n := s.Public().(*ecdsa.PublicKey).Params().N
	if twin := new(big.Int).Sub(n, v.S); twin.Cmp(v.S) < 0 {
		v.S = twin // the one of the two spellings that is accepted
	}
	if sig, err = asn1.Marshal(v); err != nil {
		t.Fatal(err)
	}
	leaf := s.Chain()[0].Raw
	env, err := record.Marshal(sign.Envelope{PayloadType: sign.PayloadReceipt, Payload: payload,
		Signatures: []sign.Signature{{KeyID: record.Digest(leaf), Sig: sig, Chain: [][]byte{leaf}}}})
	if err != nil {
		t.Fatal(err)
	}
	return env
}
