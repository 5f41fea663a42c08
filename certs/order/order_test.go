package order_test

import (
	"bytes"
	"crypto/x509"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lethe/certs/order"
	"lethe/certs/record"
	"lethe/certs/sign"
)

var now = time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)

func example() record.Order {
	return record.Order{
		Format: record.OrderFormat, ID: "O-1", Issued: record.At(now), Reason: record.ReasonDecommission,
		Machine: record.MachineTarget{Serial: "SRV-1"}, Drives: []record.DriveTarget{{Serial: "S1"}}, Count: 1,
		Least: record.MethodClear, Profile: "nist-800-88r2",
		Window: record.Window{NotBefore: record.At(now), NotAfter: record.At(now.Add(time.Hour))},
	}
}

func keys(t testing.TB, name string) (*sign.Authority, sign.Signer, sign.Signer) {
	t.Helper()
	a, err := sign.NewAuthority(name, sign.Lasting(now, 24*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	approver, err := a.Leaf(sign.RoleOrder, "K. Approver", sign.Lasting(now, time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	machine, err := a.Leaf(sign.RoleRecord, "machine", sign.Lasting(now, time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	return a, approver, machine
}

func TestSignOpen(t *testing.T) {
	a, approver, _ := keys(t, "root")
	env, err := order.Sign(example(), approver)
	if err != nil {
		t.Fatal(err)
	}
	o, ref, err := order.Open(env, a.Pool(), now)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(example(), o); d != "" {
		t.Errorf("Open() gave another order:\n%s", d)
	}
	b, err := record.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	want := record.OrderRef{ID: "O-1", Digest: record.Digest(b), Reason: "decommission", Approved: []string{"K. Approver"}}
	if d := cmp.Diff(want, ref); d != "" {
		t.Errorf("Open() gave another reference:\n%s", d)
	}
}

// TestOpenRefuses goes red when Open takes another role, another root, or no
// signature at all.
//
// mutant: order.go: roots, sign.RoleOrder, at) => roots, sign.RoleRecord, at)
// mutant: order.go: case errors.Is(err, sign.ErrUnsigned): => case false:
func TestOpenRefuses(t *testing.T) {
	a, approver, machine := keys(t, "root")
	b, _, _ := keys(t, "root")
	env, err := order.Sign(example(), approver)
	if err != nil {
		t.Fatal(err)
	}
	bare, err := record.Marshal(example())
	if err != nil {
		t.Fatal(err)
	}
	summary, err := sign.SignDSSE(sign.PayloadSummary, bare, machine)
	if err != nil {
		t.Fatal(err)
	}
	bad := example()
	bad.Count = 2
	raw, err := record.Marshal(bad)
	if err != nil {
		t.Fatal(err)
	}
	wrong, err := sign.SignDSSE(sign.PayloadOrder, raw, approver)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		env   []byte
		roots *x509.CertPool
		at    time.Time
		err   error
	}{
		{"bare JSON", bare, a.Pool(), now, order.ErrUnsigned},
		{"signature removed", []byte(`{"payload":"e30=","payloadType":"` + sign.PayloadOrder + `","signatures":[]}`), a.Pool(), now, order.ErrUnsigned},
		{"nothing", nil, a.Pool(), now, record.ErrOrderMalformed},
		{"noise", []byte("\x00\x01"), a.Pool(), now, record.ErrOrderMalformed},
		{"another root of the same name", env, b.Pool(), now, order.ErrSigner},
		{"approver's certificate has ended", env, a.Pool(), now.Add(2 * time.Hour), order.ErrSigner},
		{"no roots", env, nil, now, order.ErrSigner},
		{"no time", env, a.Pool(), time.Time{}, order.ErrSigner},
		{"another document", summary, a.Pool(), now, record.ErrOrderMalformed},
		{"count of drives", wrong, a.Pool(), now, record.ErrOrderMalformed},
	} {
		_, _, err := order.Open(c.env, c.roots, c.at)
		if !errors.Is(err, c.err) {
			t.Errorf("%s: Open() = %v; want %v", c.name, err, c.err)
		} else if strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: message has more than one line: %q", c.name, err)
		} else {
			t.Logf("%s: %v", c.name, err)
		}
	}
	if _, err := order.Sign(example(), machine); !errors.Is(err, sign.ErrRole) {
		t.Errorf("Sign() by a machine = %v; want ErrRole", err)
	}
	if _, err := order.Sign(bad, approver); !errors.Is(err, record.ErrOrderMalformed) {
		t.Errorf("Sign() of a bad order = %v; want ErrOrderMalformed", err)
	}
}

func TestEveryBit(t *testing.T) {
	a, approver, _ := keys(t, "root")
	env, err := order.Sign(example(), approver)
	if err != nil {
		t.Fatal(err)
	}
	pool := a.Pool()
	for i := range 8 * len(env) {
		env[i/8] ^= 1 << (i % 8)
		if _, _, err := order.Open(env, pool, now); err == nil {
			t.Errorf("bit %d of byte %d flipped: accepted", i%8, i/8)
		}
		env[i/8] ^= 1 << (i % 8)
	}
}

func TestShow(t *testing.T) {
	_, approver, _ := keys(t, "root")
	env, err := order.Sign(example(), approver)
	if err != nil {
		t.Fatal(err)
	}
	if o, err := order.Show(env); err != nil || o.ID != "O-1" {
		t.Errorf("Show() = %v, %v", o.ID, err)
	}
}

func FuzzOpen(f *testing.F) {
	a, approver, _ := keys(f, "root")
	env, err := order.Sign(example(), approver)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(env)
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, _, err := order.Open(b, a.Pool(), now); err == nil && !bytes.Equal(b, env) {
			t.Error("an order that was never signed is accepted")
		}
	})
}
