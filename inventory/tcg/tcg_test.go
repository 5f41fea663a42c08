package tcg_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lethe/inventory/ata"
	"lethe/inventory/inventorytest/simtcg"
	"lethe/inventory/nvme"
	"lethe/inventory/scsi"
	"lethe/inventory/tcg"
)

const psid = "0123456789ABCDEF0123456789ABCDEF"

func drive() *simtcg.TPer {
	return &simtcg.TPer{Owned: true, Encrypts: true, PSID: psid, MSID: "factory", SID: "theirs"}
}

func by(who tcg.UID, secret string) *tcg.Credential {
	return &tcg.Credential{Authority: who, Secret: []byte(secret)}
}

func discover(t *testing.T, conn tcg.Conn) tcg.Discovery {
	t.Helper()
	d, err := tcg.Discover(context.Background(), conn)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestDiscovery(t *testing.T) {
	v := drive()
	v.SIDBlocked = true
	d := discover(t, v)
	if l := d.Locking(); d.Class != "Opal 2" || d.ComID != 0x07fe || !l.Supported() || !l.Enabled() || !l.Locked() ||
		!l.Encrypts() || l.Shadowed() || !d.SIDBlocked() || d.Enterprise() || !d.Has(tcg.FeatureTPer) {
		t.Errorf("discovery %+v", d)
	}
	for name, b := range map[string][]byte{
		"nothing": make([]byte, 512), "short": make([]byte, 47), "too long": append([]byte{0, 0, 9, 0}, make([]byte, 508)...),
		"feature past the end": append(append([]byte{0, 0, 0, 48}, make([]byte, 44)...), 0, 2, 0, 12),
	} {
		if d, err := tcg.ParseDiscovery(b); err == nil {
			t.Errorf("%s: discovery %+v", name, d)
		}
	}
}

// pipe keeps what is sent, byte for byte.
type pipe struct {
	tcg.Conn
	sent [][]byte
}

func (p *pipe) Send(ctx context.Context, protocol byte, id uint16, b []byte) error {
	p.sent = append(p.sent, bytes.Clone(b))
	return p.Conn.Send(ctx, protocol, id, b)
}

// TestBytes holds what is sent to bytes written out by hand from the Core
// specification (3.2.3, 3.2.4 and 5.2.3), which is what sedutil sends for the same.
func TestBytes(t *testing.T) {
	ctx, p := context.Background(), &pipe{Conn: drive()}
	d := discover(t, p)
	s, err := tcg.Start(ctx, p, d, tcg.AdminSP, &tcg.Credential{Authority: tcg.AuthorityPSID, Secret: []byte("PSID")})
	if err == nil {
		t.Fatalf("a wrong PSID opened %+v", s)
	}
	s, err = tcg.Start(ctx, p, d, tcg.AdminSP, &tcg.Credential{Authority: tcg.AuthorityPSID, Secret: []byte(psid)})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Revert(ctx); err != nil {
		t.Fatal(err)
	}
	start := "00000000 07fe0000 00000000 00000000 00000060" + // ComPacket: 96 bytes follow
		"00000000 00000000 00000000 00000000 00000000 00000048" + // packet: 72 bytes
		"00000000 00000000 0000003b" + // subpacket: 59 bytes, padded to 60
		"f8 a800000000000000ff a8000000000000ff02 f0 8169 a80000020500000001 01" +
		"f2 00 a450534944 f3 f2 03 a8000000090001ff01 f3 f1 f9 f0 00 00 00 f1"
	revert := "00000000 07fe0000 00000000 00000000 00000040 00001001 00000069 00000000 00000000 00000000 00000028" +
		"00000000 00000000 0000001b f8 a80000020500000001 a80000000600000202 f0 f1 f9 f0 00 00 00 f1"
	for i, want := range map[int]string{0: start, 2: revert} {
		w, err := hex.DecodeString(strings.ReplaceAll(want, " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		if got := p.sent[i]; len(got) != 512 || !bytes.HasPrefix(got, w) || len(bytes.Trim(got[len(w):], "\x00")) != 0 {
			t.Errorf("sent %d:\n got %x\nwant %x", i, got[:len(w)], w)
		}
	}
}

// TestRevert: who may, and what is left.
//
// mutant: session.go: if s := ts[n+2].Uint; s != 0 => if s := ts[n+2].Uint; s > 99
func TestRevert(t *testing.T) {
	ctx := context.Background()
	for _, c := range []struct {
		name   string
		edit   func(*simtcg.TPer)
		who    *tcg.Credential
		status byte
		ok     bool
	}{
		{"PSID", nil, by(tcg.AuthorityPSID, psid), 0, true},
		{"slow", func(v *simtcg.TPer) { v.Faults.Busy = 3 }, by(tcg.AuthorityPSID, psid), 0, true},
		{"ends the session", func(v *simtcg.TPer) { v.Faults.EndsSession = true }, by(tcg.AuthorityPSID, psid), 0, true},
		{"Enterprise", func(v *simtcg.TPer) { v.Class = tcg.FeatureEnterprise }, by(tcg.AuthorityPSID, psid), 0, true},
		{"Enterprise, wrong PSID", func(v *simtcg.TPer) { v.Class = tcg.FeatureEnterprise }, by(tcg.AuthorityPSID, "X"), 1, false},
		{"wrong PSID", nil, by(tcg.AuthorityPSID, "X"), 1, false},
		{"locked out", func(v *simtcg.TPer) { v.Faults.LockedOut = true }, by(tcg.AuthorityPSID, psid), 0x12, false},
		{"SID blocked", func(v *simtcg.TPer) { v.SIDBlocked = true }, by(tcg.AuthoritySID, "theirs"), 1, false},
		{"SID", nil, by(tcg.AuthoritySID, "theirs"), 0, true},
		{"anybody", nil, nil, 1, false},
	} {
		v := drive()
		if c.edit != nil {
			c.edit(v)
		}
		s, err := tcg.Start(ctx, v, discover(t, v), tcg.AdminSP, c.who)
		if err == nil {
			err = s.Revert(ctx)
		}
		var se *tcg.StatusError
		if (err == nil) != c.ok || v.Owned == c.ok || errors.As(err, &se) && se.Status != c.status {
			t.Errorf("%s: %v, owned %v", c.name, err, v.Owned)
		}
	}
}

// TestEnterpriseAuthenticates: an answer of false opens no session.
//
// mutant: session.go: return &StatusError{"Authenticate", 0x01} => return nil
func TestEnterpriseAuthenticates(t *testing.T) {
	v := drive()
	v.Class = tcg.FeatureEnterprise
	var se *tcg.StatusError
	s, err := tcg.Start(context.Background(), v, discover(t, v), tcg.AdminSP, by(tcg.AuthorityPSID, "X"))
	if !errors.As(err, &se) || se.Status != 1 {
		t.Errorf("session %v, %v", s, err)
	}
}

func TestMSID(t *testing.T) {
	ctx, v := context.Background(), drive()
	d := discover(t, v)
	s, err := tcg.Start(ctx, v, d, tcg.AdminSP, nil)
	if err != nil {
		t.Fatal(err)
	}
	pin, err := s.MSID(ctx)
	if string(pin) != "factory" || err != nil {
		t.Errorf("MSID = %q, %v", pin, err)
	}
	if err := s.End(ctx); err != nil {
		t.Error(err)
	}
	if p, err := tcg.Properties(ctx, v, d); err != nil || p["MaxComPacketSize"] != 2048 {
		t.Errorf("properties %v, %v", p, err)
	}
	v.Faults.Garbage = true
	if _, err := tcg.Start(ctx, v, d, tcg.AdminSP, nil); err == nil {
		t.Error("garbage opened a session")
	}
}

type conns struct{ text string }

func (c *conns) ata(_ context.Context, a *ata.Command) (ata.Response, error) {
	c.text = hex.EncodeToString(ata.CDB(a))
	return ata.Response{}, nil
}

type ataFunc func(context.Context, *ata.Command) (ata.Response, error)
type scsiFunc func(context.Context, *scsi.Command) (scsi.Response, error)
type nvmeFunc func(context.Context, *nvme.Command) (nvme.Response, error)

func (f ataFunc) Do(ctx context.Context, c *ata.Command) (ata.Response, error)    { return f(ctx, c) }
func (f scsiFunc) Do(ctx context.Context, c *scsi.Command) (scsi.Response, error) { return f(ctx, c) }
func (f nvmeFunc) Do(ctx context.Context, c *nvme.Command) (nvme.Response, error) { return f(ctx, c) }

// TestTransports holds the three ways to their command blocks: SAT-4 and ACS-3 7.57,
// SPC-5 6.40, and NVMe, where nvme-cli sends the same for -p 1 -s 0x07fe.
func TestTransports(t *testing.T) {
	var k conns
	over := map[string]tcg.Conn{
		"ATA": tcg.OverATA(ataFunc(k.ata)),
		"SCSI": tcg.OverSCSI(scsiFunc(func(_ context.Context, c *scsi.Command) (scsi.Response, error) {
			k.text = hex.EncodeToString(c.CDB)
			return scsi.Response{}, nil
		})),
		"NVMe": tcg.OverNVMe(nvmeFunc(func(_ context.Context, c *nvme.Command) (nvme.Response, error) {
			k.text = c.Text()[:38]
			return nvme.Response{}, nil
		})),
	}
	got, ctx := map[string]string{}, context.Background()
	for name, c := range over {
		if err := c.Send(ctx, 1, 0x07fe, make([]byte, 1024)); err != nil {
			t.Error(err)
		}
		got[name+" send"] = k.text
		if err := c.Receive(ctx, 1, 0x07fe, make([]byte, 512)); err != nil {
			t.Error(err)
		}
		got[name+" receive"] = k.text
		for _, n := range []int{0, 511, 256 * 512} {
			if c.Send(ctx, 1, 1, make([]byte, n)) == nil || c.Receive(ctx, 1, 1, make([]byte, n)) == nil {
				t.Errorf("%s took %d bytes", name, n)
			}
		}
	}
	want := map[string]string{
		"ATA send":     "850a06000100020000" + "00fe0007005e00"[:14],
		"ATA receive":  "85080e000100010000" + "00fe0007005c00"[:14],
		"SCSI send":    "b50107fe8000000000020000",
		"SCSI receive": "a20107fe8000000000010000",
		"NVMe send":    "81 nsid 00000000 cdw10-15 0107fe00 0000"[:38],
		"NVMe receive": "82 nsid 00000000 cdw10-15 0107fe00 0000"[:38],
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func FuzzDiscovery(f *testing.F) {
	f.Add(append([]byte{0, 0, 0, 60}, make([]byte, 60)...))
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := tcg.ParseDiscovery(b)
		if err == nil && d.Class != "" && d.ComID == 0 && len(d.Features) == 0 {
			t.Errorf("%+v", d)
		}
	})
}

// FuzzPacket holds that a packet made from what was read reads the same.
func FuzzPacket(f *testing.F) {
	f.Add(tcg.Packet{ComID: 7, TSN: 1, HSN: 2, Payload: []byte{0xf0, 0xf1}}.Encode())
	f.Add(tcg.Packet{ComID: 7, Outstanding: 1}.Encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := tcg.ParsePacket(b)
		if err != nil {
			return
		}
		q, err := tcg.ParsePacket(p.Encode())
		if err != nil || q.ComID != p.ComID || !bytes.Equal(q.Payload, p.Payload) {
			t.Errorf("%+v became %+v, %v", p, q, err)
		}
		_, _ = tcg.ParseTokens(p.Payload)
	})
}

// FuzzTokens holds that atoms written again read the same, and never run past the end.
func FuzzTokens(f *testing.F) {
	f.Add([]byte(tcg.Stream{}.Uint(63).Uint(64).Uint(1<<40).Bytes([]byte("MSID")).Bytes(make([]byte, 300)).Control(0xf0, 0xfa)))
	f.Add([]byte{0xe2, 0, 0, 1, 9, 0xff})
	f.Fuzz(func(t *testing.T, b []byte) {
		ts, err := tcg.ParseTokens(b)
		if err != nil {
			return
		}
		var s tcg.Stream
		for _, x := range ts {
			switch {
			case x.Control != 0:
				s = s.Control(x.Control)
			case x.IsBytes && len(x.Bytes) < 2048:
				s = s.Bytes(x.Bytes)
			case x.IsBytes:
				return
			default:
				s = s.Uint(x.Uint)
			}
		}
		again, err := tcg.ParseTokens(s)
		if err != nil || !cmp.Equal(ts, again, cmp.Comparer(func(a, b []byte) bool { return bytes.Equal(a, b) })) {
			t.Errorf("%v became %v, %v", ts, again, err)
		}
	})
}
