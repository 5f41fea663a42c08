package main

import (
	"crypto"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/asn1"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"lethe/certs/record"
	"lethe/certs/sign"
	"lethe/certs/spool"
	"lethe/wipe"
	"lethe/wipe/profile"
)

var usageRows = []row{
	{name: "nothing is named", status: 2, say: "say which drive", args: func(w *world) []string { return nil }},
	{name: "a drive without its flag", status: 2, say: "did you mean --device?", args: func(w *world) []string { return []string{w.dev} }},
	{name: "unknown flag", status: 2, say: "--help lists the flags", args: func(w *world) []string { return w.free("--force") }},
	{name: "a countdown that is no time", status: 2, say: "countdown", args: func(w *world) []string { return w.free("--countdown", "soon") }},
	{name: "order and device", status: 2, say: "either --order or --device", args: func(w *world) []string { return w.free(w.order(nil)...) }},
	{name: "Purge asked", status: 3, say: "Purge is asked", args: func(w *world) []string { return w.free("--least", "Purge") }},
	{name: "Destroy asked", status: 3, say: "nothing was touched", args: func(w *world) []string { return w.free("--least", "Destroy") }},
	{name: "unknown method", status: 2, say: "want Clear or Purge", args: func(w *world) []string { return w.free("--least", "Scrub") }},
	{name: "unknown profile", status: 2, say: "unknown profile", args: func(w *world) []string { return w.free("--profile", "bogus") }},
	{name: "unknown pattern", status: 3, say: "pattern", args: func(w *world) []string { return w.free("--pattern", "bogus") }},
}

// mutant: files.go: now.Before(leaf.NotBefore) || now.After(leaf.NotAfter) => false
var keyRows = []row{
	{name: "no key", status: 2, say: "needs --key and --cert", args: func(w *world) []string { return w.free("--key", "") }},
	{name: "no certificate", status: 2, say: "needs --key and --cert", args: func(w *world) []string { return w.free("--cert", "") }},
	{name: "key is missing", status: 2, say: "no such file", args: func(w *world) []string { return w.free("--key", "nope.pem") }},
	{name: "certificate is missing", status: 2, say: "no such file", args: func(w *world) []string { return w.free("--cert", "nope.pem") }},
	{name: "key is a folder", status: 3, say: "read key", args: func(w *world) []string {
		w.must(os.Mkdir(w.path("k"), 0o700))
		return w.free("--key", w.path("k"))
	}},
	{name: "key is noise", status: 3, say: "key", args: func(w *world) []string { return w.free("--key", w.write("k", []byte("noise"), 0o600)) }},
	{name: "certificate is noise", status: 3, say: "certificate", args: func(w *world) []string { return w.free("--cert", w.write("c", []byte("noise"), 0o600)) }},
	{name: "key open to others", status: 3, say: "chmod 600 it", args: func(w *world) []string {
		key, _ := w.key("agent")
		b, err := os.ReadFile(key)
		w.must(err)
		return w.free("--key", w.write("k", b, 0o644))
	}},
	{name: "certificate of another key", status: 3, say: "key", args: func(w *world) []string { _, c := w.key("approver"); return w.free("--cert", c) }},
	{name: "key of the approver", status: 3, say: "not for record signing", args: func(w *world) []string { return w.signedBy("approver") }},
	{name: "key of the root", status: 3, say: "nothing was touched", args: func(w *world) []string { return w.signedBy("root") }},
	{name: "certificate has expired", status: 3, say: "the clock says", args: func(w *world) []string {
		now := time.Now()
		return w.signedBy(w.made("old", sign.RoleRecord, now.Add(-2*time.Hour), now.Add(-time.Hour)))
	}},
	{name: "certificate is not valid yet", status: 3, say: "the clock says", args: func(w *world) []string {
		now := time.Now()
		return w.signedBy(w.made("new", sign.RoleRecord, now.Add(time.Hour), now.Add(2*time.Hour)))
	}},
}

// mutant: erase.go: if err := apart(a.papers, named); err != nil { => if err := apart(a.papers, nil); err != nil {
// mutant: files.go: if err := makeRoom(dir, n); err != nil { => if err := error(nil); err != nil {
var paperRows = []row{
	{name: "papers are to go into a file", status: 3, say: "is a file, not a folder", args: func(w *world) []string {
		return w.free("--papers", w.write("p", nil, 0o600))
	}},
	{name: "papers are to go below a file", status: 3, say: "not a directory", args: func(w *world) []string {
		return w.free("--papers", w.write("p", nil, 0o600)+"/papers")
	}},
	{name: "papers are to go where nothing can be written", status: 3, say: "cannot be used", args: func(w *world) []string {
		return w.free("--papers", "/proc/papers")
	}},
	{name: "papers are to go into a read-only file system", status: 3, say: "read-only file system", args: func(w *world) []string {
		return w.free("--papers", w.tmpfs(unix.MS_RDONLY, "")+"/papers")
	}},
	{name: "no room for the papers", status: 3, say: "has no room for the papers", args: func(w *world) []string {
		return w.free("--papers", w.tmpfs(0, "size=16k"))
	}},
	{name: "papers are to go onto the drive itself", status: 3, say: "which is to be erased: choose --papers elsewhere", args: func(w *world) []string {
		dev, dir := w.mounted()
		return append(named(dev, w.nameOf(dev)), "--papers", dir+"/papers")
	}},
	{name: "a task of an earlier run has no paper", status: 5, say: "order O-1 cannot be read", args: func(w *world) []string {
		w.must(os.MkdirAll(journalDir(w.path("papers")), 0o750))
		w.must(os.WriteFile(filepath.Join(journalDir(w.path("papers")), "LTH-20261124-S1"+journalSuffix), ordered(w.t, nil).Bytes(), 0o600))
		return w.free()
	}},
	{name: "folder of another lethe", status: 3, say: "is in use by another lethe", args: func(w *world) []string {
		s, err := spool.Open(w.path("papers"))
		w.must(err)
		w.t.Cleanup(func() { s.Close() })
		return w.free()
	}},
}

var orderRows = []row{
	{name: "order without a root to trust", status: 2, say: "needs --trust", args: func(w *world) []string { return w.order(nil)[:2] }},
	{name: "order is missing", status: 2, say: "no such file", args: func(w *world) []string { return append(w.order(nil), "--order", "nope.dsse") }},
	{name: "root is missing", status: 2, say: "no such file", args: func(w *world) []string { return append(w.order(nil), "--trust", "nope.pem") }},
	{name: "root is noise", status: 2, say: "trust root", args: func(w *world) []string {
		return append(w.order(nil), "--trust", w.write("r", []byte("noise"), 0o600))
	}},
	{name: "order is empty", status: 3, say: "order is malformed", args: func(w *world) []string { return w.envelope(nil) }},
	{name: "order without a signature", status: 3, say: "order is not signed", args: func(w *world) []string {
		b, err := record.Marshal(w.plain(nil))
		w.must(err)
		return w.envelope(b)
	}},
	{name: "order is torn", status: 3, say: "order is malformed", args: func(w *world) []string { e := w.signed(nil); return w.envelope(e[:len(e)/2]) }},
	{name: "order with bytes behind it", status: 3, say: "order is malformed", args: func(w *world) []string { return w.envelope(append(w.signed(nil), "{}"...)) }},
	{name: "order signed by a stranger", status: 3, say: "not signed by a trusted approver", args: func(w *world) []string {
		other, err := sign.NewAuthority("Refusals root", sign.Lasting(time.Now(), time.Hour))
		w.must(err)
		s, err := other.Leaf(sign.RoleOrder, "Refusals approver", sign.Lasting(time.Now(), time.Hour))
		w.must(err)
		return w.envelope(w.forge(w.plain(nil), s, sign.PayloadOrder, nil))
	}},
	{name: "order signed by the agent", status: 3, say: "not signed by a trusted approver", args: func(w *world) []string {
		s, err := sign.ReadSigner(w.key("agent"))
		w.must(err)
		return w.envelope(w.forge(w.plain(nil), s, sign.PayloadOrder, nil))
	}},
	{name: "approver's certificate has expired", status: 3, say: "not signed by a trusted approver", args: func(w *world) []string {
		now := time.Now()
		s, err := sign.ReadSigner(w.key(w.made("late", sign.RoleOrder, now.Add(-2*time.Hour), now.Add(-time.Hour))))
		w.must(err)
		return w.envelope(w.forge(w.plain(nil), s, sign.PayloadOrder, nil))
	}},
	{name: "order changed after it was signed", status: 3, say: "not signed by a trusted approver", args: func(w *world) []string {
		return w.envelope(w.forge(w.plain(nil), w.approver, sign.PayloadOrder, []byte("something else")))
	}},
	{name: "another document with an approver's signature", status: 3, say: "order is malformed", args: func(w *world) []string {
		return w.envelope(w.forge(w.plain(nil), w.approver, sign.PayloadMarker, nil))
	}},
	{name: "order has expired", status: 3, say: "order has expired", args: func(w *world) []string {
		return w.order(func(o *record.Order) {
			o.Window = record.Window{NotBefore: record.At(time.Now().Add(-2 * time.Hour)), NotAfter: record.At(time.Now().Add(-time.Hour))}
		})
	}},
	{name: "order is not valid yet", status: 3, say: "order is not valid yet", args: func(w *world) []string {
		return w.order(func(o *record.Order) {
			o.Window = record.Window{NotBefore: record.At(time.Now().Add(time.Hour)), NotAfter: record.At(time.Now().Add(2 * time.Hour))}
		})
	}},
	{name: "window that ends before it begins", status: 3, say: "window ends before it begins", args: func(w *world) []string {
		return w.order(func(o *record.Order) { o.Window.NotBefore, o.Window.NotAfter = o.Window.NotAfter, o.Window.NotBefore })
	}},
	{name: "order for another machine", status: 3, say: "order is for another machine", args: func(w *world) []string {
		return w.order(func(o *record.Order) { o.Machine.Serial = "TEST-2" })
	}},
	{name: "order for a machine of another UUID", status: 3, say: "order is for another machine", args: func(w *world) []string {
		return w.order(func(o *record.Order) { o.Machine.UUID = "99999999-2222-3333-4444-555555555555" })
	}},
	{name: "order for no machine", status: 3, say: "no machine serial or UUID", args: func(w *world) []string {
		return w.order(func(o *record.Order) { o.Machine = record.MachineTarget{} })
	}},
	{name: "order for an absent drive", status: 3, say: "not found in this machine", args: func(w *world) []string {
		return w.order(func(o *record.Order) { o.Drives[0].Serial = "GONE-1" })
	}},
	{name: "order for the serial on another model", status: 3, say: "not found in this machine", args: func(w *world) []string {
		return w.order(func(o *record.Order) { o.Drives[0].Model = "Another" })
	}},
	{name: "order for another namespace", status: 3, say: "not found in this machine", args: func(w *world) []string {
		return w.order(func(o *record.Order) { o.Drives[0].NSID = 2 })
	}},
	{name: "order for a mounted drive", status: 3, say: "is mounted on", args: func(w *world) []string {
		dev, _ := w.mounted()
		return w.order(func(o *record.Order) { o.Drives[0].Serial = w.nameOf(dev) })
	}},
	{name: "order without drives", status: 3, say: "no drives", args: func(w *world) []string {
		return w.order(func(o *record.Order) { o.Drives, o.Count = nil, 0 })
	}},
	{name: "order that counts wrongly", status: 3, say: "count 2, but 1 drives are listed", args: func(w *world) []string {
		return w.order(func(o *record.Order) { o.Count = 2 })
	}},
	{name: "order with two lines for one drive", status: 3, say: "is listed twice", args: func(w *world) []string {
		return w.order(func(o *record.Order) { o.Drives, o.Count = append(o.Drives, o.Drives[0]), 2 })
	}},
	{name: "order asks for Purge", status: 3, say: "Purge is asked", args: func(w *world) []string {
		return w.order(func(o *record.Order) { o.Least = record.MethodPurge })
	}},
	{name: "order asks for Destroy", status: 3, say: "want Clear or Purge", args: func(w *world) []string {
		return w.order(func(o *record.Order) { o.Least = record.MethodDestroy })
	}},
	{name: "order of an unknown profile", status: 3, say: "unknown profile", args: func(w *world) []string {
		return w.order(func(o *record.Order) { o.Profile = "bogus" })
	}},
	{name: "order of an unknown pattern", status: 3, say: "pattern", args: func(w *world) []string {
		return w.order(func(o *record.Order) { o.Pattern = "bogus" })
	}},
	{name: "order of another format", status: 3, say: "format", args: func(w *world) []string {
		return w.order(func(o *record.Order) { o.Format = "lethe.order/v9" })
	}},
	{name: "order for an image file", status: 3, say: "not found in this machine", args: func(w *world) []string {
		name := w.fileName(w.image(8192))
		return w.order(func(o *record.Order) { o.Drives[0].Serial = name })
	}},
}

// plain is an order for the free loop device, changed by the row.
func (w *world) plain(change func(*record.Order)) record.Order {
	now := time.Now()
	o := record.Order{Format: record.OrderFormat, ID: wipe.NewID(now), Issued: record.At(now), Reason: record.ReasonDecommission,
		Machine: record.MachineTarget{Serial: testMachine.Serial}, Drives: []record.DriveTarget{{Serial: w.serial}}, Count: 1,
		Least: record.MethodClear, Profile: profile.Default,
		Window: record.Window{NotBefore: record.At(now.Add(-time.Minute)), NotAfter: record.At(now.Add(2 * time.Hour))}}
	if change != nil {
		change(&o)
	}
	return o
}

// forge signs whatever it is given, as no code of the product does. signed is what
// the signature is over where that is not the payload.
func (w *world) forge(o record.Order, s sign.Signer, kind string, signed []byte) []byte {
	w.t.Helper()
	payload, err := record.Marshal(o)
	w.must(err)
	if signed == nil {
		signed = payload
	}
	sum := sha256.Sum256(sign.PAE(kind, signed))
	sig := w.sign(s, sum[:])
	leaf := s.Chain()[0]
	env, err := record.Marshal(sign.Envelope{PayloadType: kind, Payload: payload,
		Signatures: []sign.Signature{{KeyID: record.Digest(leaf.Raw), Sig: sig, Chain: [][]byte{leaf.Raw}}}})
	w.must(err)
	return env
}

// sign makes the one of the two signatures of ECDSA that Lethe takes: the smaller.
func (w *world) sign(s sign.Signer, sum []byte) []byte {
	w.t.Helper()
	for {
		sig, err := s.Sign(rand.Reader, sum, crypto.SHA256)
		w.must(err)
		var v struct{ R, S *big.Int }
		_, err = asn1.Unmarshal(sig, &v)
		w.must(err)
		if v.S.Cmp(new(big.Int).Rsh(elliptic.P256().Params().N, 1)) <= 0 {
			return sig
		}
	}
}

func (w *world) signed(change func(*record.Order)) []byte {
	return w.forge(w.plain(change), w.approver, sign.PayloadOrder, nil)
}

// order are the flags of a signed order.
func (w *world) order(change func(*record.Order)) []string { return w.envelope(w.signed(change)) }

func (w *world) envelope(b []byte) []string {
	_, root := w.key("root")
	return []string{"--order", w.write("order.dsse", b, 0o600), "--trust", root}
}

func (w *world) write(name string, b []byte, mode os.FileMode) string {
	w.t.Helper()
	w.must(os.WriteFile(w.path(name), b, mode))
	return w.path(name)
}

func (w *world) made(name string, r sign.Role, from, to time.Time) string {
	w.issue(name, r, sign.Validity{NotBefore: from, NotAfter: to})
	return name
}

func (w *world) signedBy(name string) []string {
	key, cert := w.key(name)
	return w.free("--key", key, "--cert", cert)
}

func (w *world) tmpfs(flags uintptr, options string) string {
	dir := w.t.TempDir()
	if err := unix.Mount("lethe-refusals", dir, "tmpfs", flags, options); err != nil {
		w.t.Fatal(fmt.Errorf("mount tmpfs: %w", err))
	}
	w.t.Cleanup(func() { unix.Unmount(dir, 0) })
	return dir
}
