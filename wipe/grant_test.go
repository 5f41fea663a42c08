package wipe_test

import (
	"errors"
	"testing"
	"time"

	"lethe/certs/record"
	"lethe/wipe"
	"lethe/wipe/profile"
)

var noon = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

func testMachine() record.Machine {
	return record.Machine{Serial: "SRV-1", UUID: "11111111-2222-3333-4444-555555555555"}
}

func testOrder(serials ...string) record.Order {
	o := record.Order{Format: record.OrderFormat, ID: "ORD-1", Issued: record.At(noon), Reason: record.ReasonDecommission,
		Machine: record.MachineTarget{Serial: "SRV-1"}, Count: int64(len(serials)), Least: record.MethodClear,
		Profile: profile.Default,
		Window:  record.Window{NotBefore: record.At(noon.Add(-time.Hour)), NotAfter: record.At(noon.Add(time.Hour))}}
	for _, s := range serials {
		o.Drives = append(o.Drives, record.DriveTarget{Serial: s})
	}
	return o
}

func testRef(o record.Order) record.OrderRef {
	b, err := record.Marshal(o)
	if err != nil {
		panic(err)
	}
	return record.OrderRef{ID: o.ID, Digest: record.Digest(b), Reason: o.Reason, Approved: []string{"A. Approver"}}
}

func mustGrant(t *testing.T, o record.Order) wipe.Grant {
	t.Helper()
	g, err := wipe.GrantOf(o, testRef(o), testMachine(), noon)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// An order that is not for here and now makes no grant.
func TestGrantOf(t *testing.T) {
	for _, c := range []struct {
		name string
		bend func(o *record.Order, r *record.OrderRef, m *record.Machine, now *time.Time)
		want error
	}{
		{"good", func(*record.Order, *record.OrderRef, *record.Machine, *time.Time) {}, nil},
		{"first instant", func(_ *record.Order, _ *record.OrderRef, _ *record.Machine, n *time.Time) { *n = noon.Add(-time.Hour) }, nil},
		{"last instant", func(_ *record.Order, _ *record.OrderRef, _ *record.Machine, n *time.Time) { *n = noon.Add(time.Hour) }, nil},
		// mutant: grant.go: if err := o.Permits(now, m); err != nil { => if err := o.Permits(now, m); false {
		{"early", func(_ *record.Order, _ *record.OrderRef, _ *record.Machine, n *time.Time) {
			*n = noon.Add(-time.Hour - time.Nanosecond)
		}, record.ErrOrderEarly},
		{"expired", func(_ *record.Order, _ *record.OrderRef, _ *record.Machine, n *time.Time) {
			*n = noon.Add(time.Hour + time.Nanosecond)
		}, record.ErrOrderExpired},
		{"other machine", func(_ *record.Order, _ *record.OrderRef, m *record.Machine, _ *time.Time) { m.Serial = "SRV-2" }, record.ErrOrderMachine},
		{"machine without a serial", func(_ *record.Order, _ *record.OrderRef, m *record.Machine, _ *time.Time) { *m = record.Machine{} }, record.ErrOrderMachine},
		{"other UUID", func(o *record.Order, _ *record.OrderRef, _ *record.Machine, _ *time.Time) { o.Machine.UUID = "x" }, record.ErrOrderMachine},
		// mutant: grant.go: if err := o.Validate(); err != nil { => if err := o.Validate(); false {
		{"no machine", func(o *record.Order, _ *record.OrderRef, _ *record.Machine, _ *time.Time) {
			o.Machine = record.MachineTarget{}
		}, record.ErrOrderMalformed},
		{"wrong count", func(o *record.Order, _ *record.OrderRef, _ *record.Machine, _ *time.Time) { o.Count++ }, record.ErrOrderMalformed},
		{"no drives", func(o *record.Order, _ *record.OrderRef, _ *record.Machine, _ *time.Time) { o.Drives, o.Count = nil, 0 }, record.ErrOrderMalformed},
		{"zero order", func(o *record.Order, _ *record.OrderRef, _ *record.Machine, _ *time.Time) { *o = record.Order{} }, record.ErrOrderMalformed},
		// mutant: grant.go: || len(ref.Approved) == 0 =>
		{"not approved", func(_ *record.Order, r *record.OrderRef, _ *record.Machine, _ *time.Time) { r.Approved = nil }, wipe.ErrNotGranted},
		{"another order's approval", func(_ *record.Order, r *record.OrderRef, _ *record.Machine, _ *time.Time) { r.ID = "ORD-2" }, wipe.ErrNotGranted},
		// mutant: grant.go: || record.Digest(b) != ref.Digest { => || record.Digest(b) == "" {
		{"a drive more than was approved", func(o *record.Order, r *record.OrderRef, _ *record.Machine, _ *time.Time) {
			o.Drives, o.Count = append(o.Drives, record.DriveTarget{Serial: "B"}), 2
		}, wipe.ErrNotGranted},
	} {
		t.Run(c.name, func(t *testing.T) {
			o, m, now := testOrder("A"), testMachine(), noon
			r := testRef(o)
			c.bend(&o, &r, &m, &now)
			g, err := wipe.GrantOf(o, r, m, now)
			if !errors.Is(err, c.want) {
				t.Fatalf("GrantOf: %v, want %v", err, c.want)
			}
			if c.want != nil && g.Permits(record.Identity{Serial: "A"}) == nil {
				t.Error("a refused grant permits")
			}
		})
	}
}

func TestPermits(t *testing.T) {
	ns := record.Identity{Serial: "NVME", NSID: 2}
	for _, c := range []struct {
		name  string
		grant wipe.Grant
		id    record.Identity
		want  bool
	}{
		// mutant: grant.go: return fmt.Errorf("%w: no order and no confirmation", ErrNotGranted) => return nil
		{"zero grant", wipe.Grant{}, record.Identity{Serial: "A"}, false},
		{"no words", wipe.GrantConfirmed(), record.Identity{Serial: "A"}, false},
		{"empty word", wipe.GrantConfirmed(""), record.Identity{Model: "M"}, false},
		// mutant: grant.go: if !id.Known() { => if false {
		{"no identity", wipe.GrantConfirmed("unidentified"), record.Identity{Model: "M"}, false},
		{"the word", wipe.GrantConfirmed("A"), record.Identity{Serial: "A"}, true},
		// mutant: grant.go: return word == id.Name() || => return true || word == id.Name() ||
		{"another word", wipe.GrantConfirmed("B"), record.Identity{Serial: "A"}, false},
		{"part of the word", wipe.GrantConfirmed("A"), record.Identity{Serial: "AB"}, false},
		{"other case", wipe.GrantConfirmed("a"), record.Identity{Serial: "A"}, false},
		{"the WWN of a drive that has a serial", wipe.GrantConfirmed("5000"), record.Identity{Serial: "A", WWN: "5000"}, false},
		{"the WWN of one that has none", wipe.GrantConfirmed("5000"), record.Identity{WWN: "5000"}, true},
		{"a namespace", wipe.GrantConfirmed("NVME/2"), ns, true},
		{"its sibling", wipe.GrantConfirmed("NVME/1"), ns, false},
		{"its controller", wipe.GrantConfirmed("NVME"), ns, true},
		{"order", mustGrant(t, testOrder("A", "B")), record.Identity{Serial: "B"}, true},
		// mutant: grant.go: if g.target(id) >= 0 { => if true {
		{"order names others", mustGrant(t, testOrder("A", "B")), record.Identity{Serial: "C"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := c.grant.Permits(c.id)
			if (err == nil) != c.want || err != nil && !errors.Is(err, wipe.ErrNotGranted) {
				t.Errorf("Permits(%v) = %v, want permission %v", c.id, err, c.want)
			}
		})
	}
}

// Nobody widens a grant after it was made.
//
// mutant: grant.go: slices.Clone(o.Drives), slices.Clone(ref.Approved) => o.Drives, ref.Approved
func TestGrantIsFixed(t *testing.T) {
	o := testOrder("A")
	g := mustGrant(t, o)
	o.Drives[0].Serial = "B"
	if g.Permits(record.Identity{Serial: "B"}) == nil {
		t.Error("changing the order changed the grant")
	}
}

// A remote drive is planned under a signed order that names where it is, letter by
// letter, and under nothing else.
func TestRemoteByOrder(t *testing.T) {
	const at = "tcp traddr=192.0.2.1,trsvcid=4420"
	order := func(remote string) wipe.Grant {
		o := testOrder("A")
		o.Drives[0].Remote = remote
		return mustGrant(t, o)
	}
	for _, c := range []struct {
		name  string
		grant wipe.Grant
		at    string
		ok    bool
	}{
		{"named", order(at), at, true},
		// mutant: grant.go: return i >= 0 && g.order.Drives[i].Remote == d.RemoteAt => return i >= 0
		{"another address", order("tcp traddr=192.0.2.9,trsvcid=4420"), at, false},
		{"not named", order(""), at, false},
		// mutant: grant.go: if g.order == nil || d.RemoteAt == "" { => if g.order == nil {
		{"its address is not known", order(""), "", false},
		{"typed", wipe.GrantConfirmed("A"), at, false},
		{"another drive", mustGrant(t, testOrder("B")), at, false},
	} {
		d := found("A", func(f *wipe.Candidate) { f.Device.Remote, f.Device.RemoteAt = true, c.at })
		p := mustPlan(t, request(t, c.grant, d))
		if got := len(p.Tasks()) == 1; got != c.ok || c.grant.PermitsRemote(d.Device) != c.ok {
			t.Errorf("%s: planned %v, want %v: %s", c.name, got, c.ok, reasons(p))
		}
	}
}
