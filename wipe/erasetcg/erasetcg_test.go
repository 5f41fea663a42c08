package erasetcg

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"lethe/certs/record"
	"lethe/inventory/inventorytest/simnvme"
	"lethe/inventory/inventorytest/simtcg"
	"lethe/inventory/nvme"
	"lethe/inventory/tcg"
)

const (
	psid = "VUEYRGTKVLBYHK2SAPC0VR4MKAXEXPJ1"
	size = 64 * 4096
)

// bench is an NVMe drive that somebody locked, reached as the product reaches it:
// through Security Send and Receive.
func bench(v *simtcg.TPer) (tcg.Conn, *simnvme.Subsystem, simnvme.Memory) {
	m := make(simnvme.Memory, size)
	for i := range m {
		m[i] = 0xaa
	}
	d := simnvme.New(simnvme.Config{Serial: "S", OACS: 3, Sanicap: 2, Capacity: size},
		[]simnvme.Namespace{{ID: 1, Size: size, Attached: []uint16{1}}}, m, simnvme.NewManual())
	d.SetTPer(v)
	return tcg.OverNVMe(d.AdminConn(1)), d, m
}

func owned() *simtcg.TPer {
	return &simtcg.TPer{Owned: true, Encrypts: true, PSID: psid, MSID: "MSID", SID: "theirs"}
}

// TestRevert: what is observed of every fault.
func TestRevert(t *testing.T) {
	for _, c := range []struct {
		name   string
		edit   func(*simtcg.TPer)
		psid   string
		want   string // "" when the command was taken
		owned  bool   // said afterwards
		erased bool   // on the medium
	}{
		{name: "honest", psid: psid, erased: true},
		{name: "ends the session", edit: func(v *simtcg.TPer) { v.Faults.EndsSession = true }, psid: psid, erased: true},
		{name: "slow", edit: func(v *simtcg.TPer) { v.Faults.Busy = 2 }, psid: psid, erased: true},
		{name: "takes it and does nothing", edit: func(v *simtcg.TPer) { v.Faults.Silent = true }, psid: psid, owned: true},
		{name: "encrypts nothing", edit: func(v *simtcg.TPer) { v.Encrypts = false }, psid: psid},
		{name: "another PSID", psid: strings.Repeat("X", 32), want: "not authorized", owned: true},
		{name: "locked out", edit: func(v *simtcg.TPer) { v.Faults.LockedOut = true }, psid: psid, want: "locked out", owned: true},
		{name: "the firmware blocks the owner, not the PSID", edit: func(v *simtcg.TPer) { v.SIDBlocked = true }, psid: psid, erased: true},
		{name: "no PSID, owned", want: "PSID needed, printed on the label", owned: true},
		{name: "no PSID, blocked", edit: func(v *simtcg.TPer) { v.SIDBlocked = true }, want: "PSID needed, printed on the label", owned: true},
		{name: "no PSID, nobody owns it", edit: func(v *simtcg.TPer) { v.Owned, v.SID = false, "MSID" }, erased: true},
		{name: "no PSID, Enterprise", edit: func(v *simtcg.TPer) { v.Class = tcg.FeatureEnterprise }, want: "PSID needed, printed on the label", owned: true},
		{name: "Enterprise", edit: func(v *simtcg.TPer) { v.Class = tcg.FeatureEnterprise }, psid: psid, erased: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := owned()
			if c.edit != nil {
				c.edit(v)
			}
			conn, d, m := bench(v)
			e := New(conn, func(record.Exchange) error { return nil })
			ctx := context.Background()
			err := e.Revert(ctx, c.psid)
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("Revert = %v; want %q", err, c.want)
			}
			var need *NeedPSIDError
			if c.psid == "" && err != nil && !errors.As(err, &need) {
				t.Errorf("%v is no NeedPSIDError", err)
			}
			after, err := e.Discover(ctx)
			if err != nil || Unlocks(after) != c.owned {
				t.Errorf("afterwards owned %v, %v", Unlocks(after), err)
			}
			if erased := !bytes.Contains(m, bytes.Repeat([]byte{0xaa}, 4096)); erased != c.erased {
				t.Errorf("erased %v", erased)
			}
			san, err := nvme.Sanitize{Action: nvme.BlockErase}.Command()
			if err != nil {
				t.Fatal(err)
			}
			if r, err := d.AdminConn(1).Do(ctx, san); err != nil || r.Status.OK() == c.owned {
				t.Errorf("a sanitize then: %s, %v", r.Status, err)
			}
		})
	}
	for name, f := range map[string]simtcg.Faults{"vanished": {Vanish: true}, "garbage": {Garbage: true}} {
		v := owned()
		v.Faults = f
		if err := New(v, func(record.Exchange) error { return nil }).Revert(context.Background(), psid); err == nil || v.Reverts != 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// mutant: erasetcg.go: case strings.HasPrefix(d.Class, "Pyrite"): => case false:
// mutant: erasetcg.go: case !l.Encrypts(): => case false:
// mutant: erasetcg.go: case !l.Supported(): => case false:
func TestSupports(t *testing.T) {
	for _, c := range []struct {
		class   uint16
		locking byte
		ok      bool
	}{
		{tcg.FeatureOpal2, 0x0b, true}, {tcg.FeatureEnterprise, 9, true}, {tcg.FeatureRuby, 9, true},
		{tcg.FeatureOpal2, 3, false}, {tcg.FeaturePyrite2, 0x0b, false}, {tcg.FeaturePyrite1, 9, false},
		{tcg.FeatureOpal2, 8, false}, {0x7777, 9, false},
	} {
		b := append(make([]byte, 48), 0, 2, 0x10, 1, c.locking, byte(c.class>>8), byte(c.class), 0x10, 2, 7, 0xfe)
		b[3] = byte(len(b) - 4)
		d, err := tcg.ParseDiscovery(b)
		if err != nil {
			t.Fatal(err)
		}
		var u *UnsupportedError
		if err := Supports(d); (err == nil) != c.ok || err != nil && !errors.As(err, &u) {
			t.Errorf("%04x, locking %02x: %v", c.class, c.locking, err)
		}
	}
}

func TestPSID(t *testing.T) {
	if got, err := PSID(" vuey-rgtk vlbyhk2sapc0vr4mkaxexpj1\n"); got != psid || err != nil {
		t.Errorf("PSID = %q, %v", got, err)
	}
	for _, bad := range []string{"", psid[1:], psid + "X", strings.Replace(psid, "V", "!", 1), strings.Replace(psid, "V", "É", 1)} {
		if got, err := PSID(bad); err == nil {
			t.Errorf("PSID(%q) = %q", bad, got)
		}
	}
}

// TestTold: all answers, no secret, and a veto is for good.
//
// mutant: erasetcg.go: if t.vetoed != nil => if false
func TestTold(t *testing.T) {
	v := owned()
	conn, _, _ := bench(v)
	var told []record.Exchange
	ctx := context.Background()
	if err := New(conn, func(x record.Exchange) error { told = append(told, x); return nil }).Revert(ctx, psid); err != nil {
		t.Fatal(err)
	}
	if len(told) != 5 { // discovery, and two pairs
		t.Errorf("told %d", len(told))
	}
	for _, x := range told {
		raw, err := base64.StdEncoding.DecodeString(x.Response)
		if err != nil || strings.Contains(x.Request+x.Status+string(raw), psid) || x.Status != "ok" {
			t.Errorf("told %+v, %v", x, err)
		}
	}
	v = owned()
	conn, _, _ = bench(v)
	n := 0
	e := New(conn, func(record.Exchange) error {
		if n++; n == 2 { // after the session was asked for
			return errors.New("no room")
		}
		return nil
	})
	for range 2 {
		if err := e.Revert(ctx, psid); !errors.Is(err, ErrVetoed) {
			t.Errorf("Revert = %v", err)
		}
	}
	if v.Reverts != 0 || n != 2 {
		t.Errorf("%d reverts, %d told", v.Reverts, n)
	}
}
