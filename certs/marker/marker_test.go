package marker_test

import (
	"bytes"
	"crypto/x509"
	"errors"
	"testing"
	"time"

	"lethe/certs/marker"
	"lethe/certs/record"
	"lethe/certs/sign"
)

var now = time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)

func authority(t *testing.T) (*sign.Authority, *x509.CertPool) {
	t.Helper()
	a, err := sign.NewAuthority("root", sign.Lasting(now.Add(-time.Hour), 48*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(a.Certificate())
	return a, roots
}

func leaf(t *testing.T, a *sign.Authority, r sign.Role) sign.Signer {
	t.Helper()
	var hosts []string
	if r == sign.RoleDepot {
		hosts = []string{"localhost"}
	}
	s, err := a.Leaf(r, string(r), sign.Lasting(now.Add(-time.Hour), 24*time.Hour), hosts...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func sample() marker.Marker {
	return marker.Marker{Format: marker.Format, Purpose: marker.PurposeDelivery,
		Drive: record.DriveTarget{Serial: "STICK-1"}, Issued: record.At(now),
		Window: record.Window{NotBefore: record.At(now), NotAfter: record.At(now.Add(time.Hour))}}
}

func TestMarker(t *testing.T) {
	a, roots := authority(t)
	env, err := marker.Sign(sample(), leaf(t, a, sign.RoleOrder))
	if err != nil {
		t.Fatal(err)
	}
	m, err := marker.Open(env, roots, now)
	if err != nil || m != sample() {
		t.Fatalf("Open = %+v, %v", m, err)
	}
	// mutant: marker.go: case !m.Drive.Matches(id): => case false:
	// mutant: marker.go: case now.After(m.Window.NotAfter.Time): => case false:
	for _, c := range []struct {
		at     time.Time
		serial string
		want   error
	}{
		{now, "STICK-1", nil}, {now, "STICK-2", marker.ErrDrive}, {now, "", marker.ErrDrive},
		{now.Add(-time.Second), "STICK-1", marker.ErrTime}, {now.Add(2 * time.Hour), "STICK-1", marker.ErrTime},
	} {
		if err := m.Permits(c.at, record.Identity{Model: "M", Serial: c.serial}); !errors.Is(err, c.want) {
			t.Errorf("Permits(%s, %q) = %v, want %v", c.at, c.serial, err, c.want)
		}
	}
}

// The word of an approver is what makes a stick; nobody else's, and no other
// document of an approver.
//
// mutant: ../sign/dsse.go: PayloadMarker: RoleOrder => PayloadMarker: RoleRecord
func TestMarkerRefuses(t *testing.T) {
	a, roots := authority(t)
	other, _ := authority(t)
	approver := leaf(t, a, sign.RoleOrder)
	for _, r := range []sign.Role{sign.RoleRecord, sign.RoleDepot} {
		if _, err := marker.Sign(sample(), leaf(t, a, r)); !errors.Is(err, sign.ErrRole) {
			t.Errorf("%s signed a marker: %v", r, err)
		}
	}
	env, err := marker.Sign(sample(), approver)
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := marker.Sign(sample(), leaf(t, other, sign.RoleOrder))
	if err != nil {
		t.Fatal(err)
	}
	bare, err := record.Marshal(sample())
	if err != nil {
		t.Fatal(err)
	}
	asOrder, err := sign.SignDSSE(sign.PayloadOrder, bare, approver)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		env  []byte
		at   time.Time
		want error
	}{
		{"foreign root", foreign, now, marker.ErrSigner}, {"unsigned", bare, now, marker.ErrSigner},
		{"envelope of an order", asOrder, now, marker.ErrMalformed},
		{"after the approver's end", env, now.Add(30 * time.Hour), marker.ErrSigner},
		{"cut off", env[:len(env)-3], now, marker.ErrMalformed}, {"empty", nil, now, marker.ErrMalformed},
		{"too long", bytes.Repeat([]byte(" "), marker.MaxSize+1), now, marker.ErrMalformed},
	} {
		if _, err := marker.Open(c.env, roots, c.at); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
	for _, f := range []func(*marker.Marker){
		func(m *marker.Marker) { m.Format = "lethe.marker/v2" }, func(m *marker.Marker) { m.Purpose = "" },
		func(m *marker.Marker) { m.Drive.Serial = "" }, func(m *marker.Marker) { m.Window = record.Window{} },
	} {
		m := sample()
		f(&m)
		if _, err := marker.Sign(m, approver); !errors.Is(err, marker.ErrMalformed) {
			t.Errorf("signed %+v: %v", m, err)
		}
	}
}

func FuzzOpen(f *testing.F) {
	a, err := sign.NewAuthority("root", sign.Lasting(now.Add(-time.Hour), 48*time.Hour))
	if err != nil {
		f.Fatal(err)
	}
	s, err := a.Leaf(sign.RoleOrder, "approver", sign.Lasting(now.Add(-time.Hour), 24*time.Hour))
	if err != nil {
		f.Fatal(err)
	}
	env, err := marker.Sign(sample(), s)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(env)
	roots := x509.NewCertPool()
	roots.AddCert(a.Certificate())
	f.Fuzz(func(t *testing.T, b []byte) {
		if m, err := marker.Open(b, roots, now); err == nil && m.Drive.Serial != "STICK-1" {
			t.Errorf("took %+v", m)
		}
	})
}
