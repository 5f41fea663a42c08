package sign_test

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"lethe/certs/sign"
)

// Another key or another use has another secret, and the same has the same.
//
// mutant: secret.go: "lethe secret v1: "+use, 32) => "lethe secret v1: ", 32)
func TestSecret(t *testing.T) {
	root, err := sign.NewAuthority("root", sign.Lasting(time.Now(), time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	leaf := func() sign.Signer {
		s, err := root.Leaf(sign.RoleRecord, "agent", sign.Lasting(time.Now(), time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	secret := func(s sign.Signer, use string) []byte {
		b, err := sign.Secret(s, use)
		if err != nil || len(b) != 32 {
			t.Fatalf("%d bytes, %v", len(b), err)
		}
		return b
	}
	a := leaf()
	k, c, err := sign.EncodeSigner(a)
	if err != nil {
		t.Fatal(err)
	}
	again, err := sign.LoadSigner(k, c)
	if err != nil {
		t.Fatal(err)
	}
	one := secret(a, "one")
	if !bytes.Equal(one, secret(again, "one")) || bytes.Equal(one, secret(a, "two")) || bytes.Equal(one, secret(leaf(), "one")) {
		t.Error("secrets do not follow key and use")
	}
	if _, err := sign.Secret(held{a}, "one"); !errors.Is(err, sign.ErrNoSecret) {
		t.Errorf("a key that is held elsewhere: %v", err)
	}
}

// held is a key in somebody else's hand.
type held struct{ sign.Signer }
