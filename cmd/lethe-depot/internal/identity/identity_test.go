package identity_test

import (
	"crypto/tls"
	"strings"
	"testing"
	"time"

	"lethe/certs/bundle"
	"lethe/certs/record"
	"lethe/certs/sign"
	"lethe/cmd/lethe-depot/internal/identity"
)

func root(t *testing.T) *sign.Authority {
	t.Helper()
	a, err := sign.NewAuthority("root", sign.Lasting(time.Now(), 24*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func leaf(t *testing.T, a *sign.Authority, r sign.Role, v sign.Validity, hosts ...string) sign.Signer {
	t.Helper()
	s, err := a.Leaf(r, "depot-1", v, hosts...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Each turns red when New does not try its own seal.
//
// mutant: identity.go: _, err = id.Open(probe) => _ = probe
func TestNewRefusesWhatMachinesWouldRefuse(t *testing.T) {
	a, other := root(t), root(t)
	now := time.Now()
	for name, c := range map[string]struct {
		s    sign.Signer
		says string
	}{
		"another root": {leaf(t, other, sign.RoleDepot, sign.Lasting(now, time.Hour), "d"), "not trusted"},
		"ended":        {leaf(t, a, sign.RoleDepot, sign.Lasting(now.Add(-time.Hour), time.Minute), "d"), "expired"},
		"role":         {leaf(t, a, sign.RoleRecord, sign.Lasting(now, time.Hour)), "role"},
	} {
		if _, err := identity.New(c.s, a.Pool(), time.Now); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: New = %v; want an error that says %q", name, err, c.says)
		}
	}
	id, err := identity.New(leaf(t, a, sign.RoleDepot, sign.Lasting(now, time.Hour), "d"), a.Pool(), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	if c := id.TLS(); c.MinVersion < tls.VersionTLS12 || len(c.Certificates) != 1 {
		t.Errorf("TLS() = %+v", c)
	}
}

// A receipt is good at the time it states, also after its certificate has ended; a
// stated time outside the certificate's is refused.
func TestReceiptOpener(t *testing.T) {
	a, then := root(t), time.Now().Add(-30*time.Minute)
	id, err := identity.New(leaf(t, a, sign.RoleDepot, sign.Lasting(then, time.Minute), "d"), a.Pool(), func() time.Time { return then })
	if err != nil {
		t.Fatal(err)
	}
	open := identity.ReceiptOpener(a.Pool())
	for stored, ok := range map[time.Time]bool{then: true, then.Add(10 * time.Minute): false} {
		payload, err := record.Marshal(bundle.Receipt{Format: bundle.ReceiptFormat, Digest: record.Digest(nil), Stored: record.At(stored), Depot: "d"})
		if err != nil {
			t.Fatal(err)
		}
		env, err := id.Seal(payload)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := open(env); (err == nil) != ok {
			t.Errorf("stored %v: %v; want ok %v", stored, err, ok)
		}
		if _, err := open(payload); err == nil {
			t.Error("a bare receipt is taken for a signed one")
		}
	}
}
