package sign_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"math/big"
	"strings"
	"testing"

	"crypto/elliptic"
	"encoding/asn1"

	"lethe/certs/record"
	"lethe/certs/sign"
)

func TestPAE(t *testing.T) { // the vector of the DSSE v1 specification
	got := string(sign.PAE("http://example.com/HelloWorld", []byte("hello world")))
	if want := "DSSEv1 29 http://example.com/HelloWorld 11 hello world"; got != want {
		t.Errorf("PAE() = %q; want %q", got, want)
	}
}

func TestDSSERoundTrip(t *testing.T) {
	a := authority(t, "root")
	for typ, role := range map[string]sign.Role{
		sign.PayloadRecord: sign.RoleRecord, sign.PayloadSummary: sign.RoleRecord,
		sign.PayloadPlan: sign.RoleRecord, sign.PayloadIntent: sign.RoleRecord,
		sign.PayloadOrder: sign.RoleOrder, sign.PayloadReceipt: sign.RoleDepot,
	} {
		var hosts []string
		if role == sign.RoleDepot {
			hosts = []string{"depot.example"}
		}
		s := leaf(t, a, role, hosts...)
		env, err := sign.SignDSSE(typ, []byte(`{"a":1}`), s)
		if err != nil {
			t.Fatal(err)
		}
		got, by, err := sign.VerifyDSSE(env, typ, a.Pool(), role, now)
		if err != nil || string(got) != `{"a":1}` || !by.Equal(s.Chain()[0]) {
			t.Errorf("%s: VerifyDSSE() = %s, %v", typ, got, err)
		}
		for _, other := range []sign.Role{sign.RoleRecord, sign.RoleOrder, sign.RoleDepot} {
			if other == role {
				continue
			}
			if _, _, err := sign.VerifyDSSE(env, typ, a.Pool(), other, now); !errors.Is(err, sign.ErrRole) {
				t.Errorf("%s verified as %s: %v; want ErrRole", typ, other, err)
			}
		}
	}
}

// TestDSSERoleOfSigner goes red when verifyChain no longer calls requireRole: a
// signer that ignores our own check in SignDSSE is built by hand.
//
// mutant: chain.go: return requireRole(leaf, role) => return nil
func TestDSSERoleOfSigner(t *testing.T) {
	a := authority(t, "root")
	approver, machine := leaf(t, a, sign.RoleOrder), leaf(t, a, sign.RoleRecord)
	if _, err := sign.SignDSSE(sign.PayloadOrder, []byte("{}"), machine); !errors.Is(err, sign.ErrRole) {
		t.Errorf("a machine signed an order: %v; want ErrRole", err)
	}
	env, err := sign.SignDSSE(sign.PayloadRecord, []byte("{}"), machine)
	if err != nil {
		t.Fatal(err)
	}
	forged := edit(t, env, func(e *sign.Envelope) {
		e.Signatures[0] = handSigned(t, approver, sign.PayloadRecord, e.Payload)
	})
	if _, _, err := sign.VerifyDSSE(forged, sign.PayloadRecord, a.Pool(), sign.RoleRecord, now); !errors.Is(err, sign.ErrRole) {
		t.Errorf("an approver's record: %v; want ErrRole", err)
	}
}

// mutant: dsse.go: case len(e.Signatures) != 1: => case false:
// mutant: dsse.go: if sig.KeyID != record.Digest(chain[0].Raw) { => if false {
// mutant: dsse.go: case e.PayloadType != payloadType: => case false:
func TestDSSERefuses(t *testing.T) {
	a := authority(t, "root")
	s := leaf(t, a, sign.RoleRecord)
	env, err := sign.SignDSSE(sign.PayloadRecord, []byte(`{"a":1}`), s)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		env  []byte
		err  error
	}{
		{"empty", nil, sign.ErrMalformed},
		{"bare document", []byte(`{"format":"lethe.record/v1"}`), sign.ErrUnsigned},
		{"no signature", edit(t, env, func(e *sign.Envelope) { e.Signatures = nil }), sign.ErrUnsigned},
		{"payload", edit(t, env, func(e *sign.Envelope) { e.Payload = []byte(`{"a":2}`) }), sign.ErrSignature},
		{"type", edit(t, env, func(e *sign.Envelope) { e.PayloadType = sign.PayloadOrder }), sign.ErrType},
		{"key id", edit(t, env, func(e *sign.Envelope) { e.Signatures[0].KeyID = record.Genesis }), sign.ErrMalformed},
		{"two", edit(t, env, func(e *sign.Envelope) { e.Signatures = append(e.Signatures, e.Signatures[0]) }), sign.ErrMalformed},
		{"no chain", edit(t, env, func(e *sign.Envelope) { e.Signatures[0].Chain = nil }), sign.ErrMalformed},
		{"root in chain", edit(t, env, func(e *sign.Envelope) {
			e.Signatures[0].Chain = append(e.Signatures[0].Chain, a.Certificate().Raw)
		}), sign.ErrMalformed},
		{"mirrored", edit(t, env, func(e *sign.Envelope) { e.Signatures[0].Sig = mirror(t, e.Signatures[0].Sig) }), sign.ErrMalformed},
		{"space", bytes.Replace(env, []byte(`":"`), []byte(`": "`), 1), sign.ErrMalformed},
		{"twice", append(bytes.Clone(env), env...), sign.ErrMalformed},
		{"unknown field", bytes.Replace(env, []byte(`{`), []byte(`{"a":1,`), 1), sign.ErrMalformed},
	} {
		if _, _, err := sign.VerifyDSSE(c.env, sign.PayloadRecord, a.Pool(), sign.RoleRecord, now); !errors.Is(err, c.err) {
			t.Errorf("%s: VerifyDSSE() = %v; want %v", c.name, err, c.err)
		} else if strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: message has more than one line: %q", c.name, err)
		}
	}
	if _, _, err := sign.VerifyDSSE(env, sign.PayloadRecord, authority(t, "root").Pool(), sign.RoleRecord, now); !errors.Is(err, sign.ErrUntrusted) {
		t.Errorf("another root of the same name: %v; want ErrUntrusted", err)
	}
}

func TestDSSEEveryBit(t *testing.T) {
	a := authority(t, "root")
	env, err := sign.SignDSSE(sign.PayloadRecord, []byte(`{"a":1}`), leaf(t, a, sign.RoleRecord))
	if err != nil {
		t.Fatal(err)
	}
	b, pool := bytes.Clone(env), a.Pool()
	for i := range 8 * len(b) {
		b[i/8] ^= 1 << (i % 8)
		if _, _, err := sign.VerifyDSSE(b, sign.PayloadRecord, pool, sign.RoleRecord, now); err == nil {
			t.Errorf("bit %d of byte %d flipped: accepted", i%8, i/8)
		}
		b[i/8] ^= 1 << (i % 8)
	}
}

// edit changes an envelope and writes it canonically again.
func edit(t *testing.T, env []byte, f func(*sign.Envelope)) []byte {
	t.Helper()
	var e sign.Envelope
	if err := json.Unmarshal(env, &e); err != nil {
		t.Fatal(err)
	}
	f(&e)
	b, err := record.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// mirror turns (r, s) into (r, n-s), which plain ECDSA accepts too.
func mirror(t *testing.T, sig []byte) []byte {
	t.Helper()
	var p struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(sig, &p); err != nil {
		t.Fatal(err)
	}
	p.S.Sub(elliptic.P256().Params().N, p.S)
	b, err := asn1.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func FuzzVerifyDSSE(f *testing.F) {
	a := authority(f, "root")
	env, err := sign.SignDSSE(sign.PayloadRecord, []byte(`{"a":1}`), leaf(f, a, sign.RoleRecord))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(env)
	f.Add([]byte(`{"format":"lethe.order/v1"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, _, err := sign.VerifyDSSE(b, sign.PayloadRecord, a.Pool(), sign.RoleRecord, now); err == nil && !bytes.Equal(b, env) {
			t.Error("an envelope that was never signed is accepted")
		}
	})
}
