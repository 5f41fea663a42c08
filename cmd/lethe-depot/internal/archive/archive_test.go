package archive_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"lethe/certs/bundle"
	"lethe/certs/bundle/durable"
	"lethe/certs/record"
	"lethe/certs/sign"
	"lethe/cmd/lethe-depot/internal/archive"
	"lethe/cmd/lethe-depot/internal/depottest"
	"lethe/cmd/lethe-depot/internal/identity"
)

// files is every file below dir, by name.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(p string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(p)
		all[strings.TrimPrefix(p, dir+"/")] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func keys(m map[string]string) []string {
	var k []string
	for n := range m {
		k = append(k, n)
	}
	slices.Sort(k)
	return k
}

func put(t *testing.T, a *archive.Archive, pdf []byte) []byte {
	t.Helper()
	r, _, err := a.Put(pdf)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestPutKeepsEveryKindOfPaper(t *testing.T) {
	k, dir := depottest.New(t), t.TempDir()
	a := k.Open(t, dir)
	c, n := k.Certificate(t, "S1"), k.Notice(t, "S2")
	s := k.Summary(t, c, n)
	for _, p := range []struct {
		pdf   []byte
		id    string
		kind  string
		state record.State
	}{
		{c.PDF, c.ID, record.KindCertificate, record.Cleared},
		{n.PDF, n.ID, record.KindNotice, n.Record.Verdict.State},
		{s.PDF, s.ID, bundle.KindSummary, ""},
	} {
		raw, fresh, err := a.Put(p.pdf)
		if err != nil || !fresh {
			t.Fatalf("Put %s = fresh %v, %v", p.id, fresh, err)
		}
		r, err := identity.ReceiptOpener(k.Roots())(raw)
		if err != nil {
			t.Fatal(err)
		}
		if r.Digest != record.Digest(p.pdf) || r.Kind != p.kind || r.State != p.state || r.ID != p.id || r.Depot != "depot-1" {
			t.Errorf("receipt %+v", r)
		}
		again, fresh, err := a.Put(p.pdf)
		if err != nil || fresh || !bytes.Equal(again, raw) {
			t.Errorf("Put %s again = fresh %v, %v; want the same receipt", p.id, fresh, err)
		}
		got, e, err := a.Paper(r.Digest)
		if err != nil || !bytes.Equal(got, p.pdf) || e.ID != p.id {
			t.Errorf("Paper = %v, %v", e, err)
		}
	}
	want := []string{c.ID + ".pdf", c.ID + ".receipt.json", n.ID + ".pdf", n.ID + ".receipt.json",
		s.ID + ".pdf", s.ID + ".receipt.json", "index.jsonl"}
	if got := keys(files(t, dir)); !slices.Equal(got, want) {
		t.Errorf("folder has %v; want %v", got, want)
	}
	before := a.List()
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	if after := k.Open(t, dir).List(); !slices.Equal(before, after) {
		t.Errorf("after reopening %v; want %v", after, before)
	}
}

// mutant: judge.go: if !r.OK() { => if false {
func TestFlippedBitIsRefused(t *testing.T) {
	k, dir := depottest.New(t), t.TempDir()
	a := k.Open(t, dir)
	before := files(t, dir)
	pdf := k.Certificate(t, "S1").PDF
	for i := 0; i < len(pdf); i += len(pdf)/40 + 1 {
		bad := bytes.Clone(pdf)
		bad[i] ^= 1 << (i % 8)
		_, _, err := a.Put(bad)
		var no *archive.Refusal
		if !errors.As(err, &no) || no.Reason == "" || strings.Contains(no.Reason, "\n") {
			t.Errorf("byte %d: Put = %v; want a refusal of one line", i, err)
		}
	}
	for name, bad := range map[string][]byte{"empty": {}, "text": []byte("hello"), "cut": pdf[:len(pdf)/2]} {
		var no *archive.Refusal
		if _, _, err := a.Put(bad); !errors.As(err, &no) {
			t.Errorf("%s: Put = %v; want a refusal", name, err)
		}
	}
	if got := files(t, dir); fmt.Sprint(got) != fmt.Sprint(before) {
		t.Errorf("something of it was kept: %v", keys(got))
	}
}

// A second paper for the same record, as authentic as the first, changes nothing,
// not even where the first one's file has gone: that one is in the index. The last
// part turns red when Put does not look at byID.
//
// mutant: put.go: if _, ok := a.byID[f.ID]; ok { => if _, ok := a.byID[f.ID]; ok && false {
func TestSecondPaperForARecord(t *testing.T) {
	k, dir := depottest.New(t), t.TempDir()
	a := k.Open(t, dir)
	put(t, a, k.Certificate(t, "S1").PDF)
	before := files(t, dir)
	for _, other := range [][]byte{k.Reissued(t, "S1").PDF, k.Notice(t, "S1").PDF} {
		if _, _, err := a.Put(other); !errors.Is(err, archive.ErrConflict) {
			t.Errorf("Put = %v; want ErrConflict", err)
		}
	}
	if got := files(t, dir); fmt.Sprint(got) != fmt.Sprint(before) {
		t.Errorf("the folder changed: %v", keys(got))
	}
	first := k.Certificate(t, "S1")
	if err := os.Remove(filepath.Join(dir, first.Name)); err != nil {
		t.Fatal(err)
	}
	if _, _, err := a.Put(k.Reissued(t, "S1").PDF); !errors.Is(err, archive.ErrConflict) {
		t.Errorf("Put where the first is gone = %v; want ErrConflict", err)
	}
	if put(t, a, first.PDF); files(t, dir)[first.Name] != string(first.PDF) {
		t.Error("the first, delivered again, is not put back")
	}
}

// What a depot that is killed can leave, each step of commit in turn. After Open
// the papers acknowledged are there and the paper in question can be put.
func TestKilledAtEachStep(t *testing.T) {
	k, ref := depottest.New(t), t.TempDir()
	first, second := k.Certificate(t, "S1"), k.Certificate(t, "S2")
	a := k.Open(t, ref)
	put(t, a, first.PDF)
	one := files(t, ref)
	put(t, a, second.PDF)
	two := files(t, ref)
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	line := strings.TrimPrefix(two["index.jsonl"], one["index.jsonl"])
	for name, left := range map[string]map[string]string{
		"staged":          {durable.TempPrefix + "X": string(second.PDF)[:1000]},
		"receipt named":   {second.ID + ".receipt.json": two[second.ID+".receipt.json"]},
		"paper named":     {second.ID + ".receipt.json": two[second.ID+".receipt.json"], second.ID + ".pdf": string(second.PDF)},
		"half a line":     {second.ID + ".receipt.json": two[second.ID+".receipt.json"], second.ID + ".pdf": string(second.PDF), "index.jsonl": one["index.jsonl"] + line[:len(line)/2]},
		"line, no return": {second.ID + ".receipt.json": two[second.ID+".receipt.json"], second.ID + ".pdf": string(second.PDF), "index.jsonl": one["index.jsonl"] + line[:len(line)-1]},
	} {
		dir := t.TempDir()
		for _, set := range []map[string]string{one, left} {
			for n, b := range set {
				if err := os.WriteFile(filepath.Join(dir, n), []byte(b), 0o600); err != nil {
					t.Fatal(err)
				}
			}
		}
		a := k.Open(t, dir)
		if _, _, err := a.Paper(record.Digest(first.PDF)); err != nil {
			t.Errorf("%s: the first paper: %v", name, err)
		}
		put(t, a, second.PDF)
		if got, want := keys(files(t, dir)), keys(two); !slices.Equal(got, want) {
			t.Errorf("%s: folder has %v; want %v", name, got, want)
		}
		if n := len(a.List()); n != 2 {
			t.Errorf("%s: %d papers; want 2", name, n)
		}
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
		verify(t, k, dir, map[string]string{})
	}
}

// A file that somebody put into the folder is nobody's receipt: it stays out, and
// is not replaced either.
func TestForeignFile(t *testing.T) {
	k, dir := depottest.New(t), t.TempDir()
	p := k.Certificate(t, "S1")
	if err := os.WriteFile(filepath.Join(dir, p.Name), p.PDF, 0o600); err != nil {
		t.Fatal(err)
	}
	a := k.Open(t, dir)
	if n := len(a.List()); n != 0 {
		t.Errorf("%d papers; want 0", n)
	}
	if _, _, err := a.Put(p.PDF); !errors.Is(err, archive.ErrConflict) {
		t.Errorf("Put = %v; want ErrConflict", err)
	}
	if b, err := os.ReadFile(filepath.Join(dir, p.Name)); err != nil || !bytes.Equal(b, p.PDF) {
		t.Errorf("the file was changed: %v", err)
	}
}

func TestOneOwner(t *testing.T) {
	k, dir := depottest.New(t), t.TempDir()
	k.Open(t, dir)
	if _, err := archive.Open(k.Config(t, dir)); !errors.Is(err, durable.ErrLocked) {
		t.Errorf("second Open = %v; want ErrLocked", err)
	}
}

// A receipt vouches for the copy that is kept, so a copy that rotted is replaced
// by the paper when it comes again.
//
// mutant: put.go: !bytes.Equal(kept, pdf) { => !bytes.Equal(kept, kept) {
func TestMend(t *testing.T) {
	k, dir := depottest.New(t), t.TempDir()
	a := k.Open(t, dir)
	p := k.Certificate(t, "S1")
	raw := put(t, a, p.PDF)
	path, receipt := filepath.Join(dir, p.Name), filepath.Join(dir, p.ID+".receipt.json")
	if err := os.WriteFile(path, p.PDF[:100], 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := a.Paper(record.Digest(p.PDF)); !errors.Is(err, archive.ErrDamaged) {
		t.Errorf("Paper of a damaged copy = %v; want ErrDamaged", err)
	}
	if got := put(t, a, p.PDF); !bytes.Equal(got, raw) {
		t.Error("another receipt for the same paper")
	}
	if b, err := os.ReadFile(path); err != nil || !bytes.Equal(b, p.PDF) {
		t.Errorf("the copy was not mended: %v", err)
	}
	if err := os.Remove(receipt); err != nil {
		t.Fatal(err)
	}
	was, err := bundle.ReadReceipt(raw)
	if err != nil {
		t.Fatal(err)
	}
	now, err := identity.ReceiptOpener(k.Roots())(put(t, a, p.PDF))
	if err != nil || now.Stored != was.Stored {
		t.Errorf("the receipt signed anew says %v, %v; want stored %v", now.Stored, err, was.Stored)
	}
}

// A receipt whose certificate has ended is of no use to a machine that asks again:
// the same statement is signed anew, for intents too.
func TestReceiptOfAnEndedCertificate(t *testing.T) {
	k, dir := depottest.New(t), t.TempDir()
	p, intent := k.Certificate(t, "S1"), []byte(`{"plan":"00"}`)
	then := time.Now().Add(-30 * time.Minute)
	old, err := identity.New(k.Leaf(t, sign.Lasting(then, time.Minute)), k.Roots(), func() time.Time { return then })
	if err != nil {
		t.Fatal(err)
	}
	c := k.Config(t, dir)
	c.Seal, c.Now = old, func() time.Time { return then }
	a, err := archive.Open(c)
	if err != nil {
		t.Fatal(err)
	}
	put(t, a, p.PDF)
	if _, _, err := a.PutIntent(intent); err != nil {
		t.Fatal(err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	a = k.Open(t, dir)
	raw := put(t, a, p.PDF)
	payload, _, err := sign.VerifyDSSE(raw, sign.PayloadReceipt, k.Roots(), sign.RoleDepot, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if r, err := bundle.DecodeReceipt(payload); err != nil || !r.Stored.Equal(then) {
		t.Errorf("stored %v, %v; want %v", r.Stored, err, then)
	}
	raw, _, err = a.PutIntent(intent)
	if err != nil {
		t.Fatal(err)
	}
	if payload, _, err = sign.VerifyDSSE(raw, sign.PayloadReceipt, k.Roots(), sign.RoleDepot, time.Now()); err != nil {
		t.Fatal(err)
	}
	if r, err := bundle.DecodeIntentReceipt(payload, intent); err != nil || !r.Stored.Equal(then) {
		t.Errorf("intent stored %v, %v; want %v", r.Stored, err, then)
	}
}

func TestIntent(t *testing.T) {
	k, dir := depottest.New(t), t.TempDir()
	a := k.Open(t, dir)
	intent := []byte(`{"machine":"SRV-0001","plan":"00"}`)
	raw, fresh, err := a.PutIntent(intent)
	if err != nil || !fresh {
		t.Fatalf("PutIntent = fresh %v, %v", fresh, err)
	}
	again, fresh, err := a.PutIntent(intent)
	if err != nil || fresh || !bytes.Equal(raw, again) {
		t.Errorf("PutIntent again = fresh %v, %v; want the same receipt", fresh, err)
	}
	name := "intents/" + record.Digest(intent) + ".json"
	if got := files(t, dir)[name]; got != string(intent) {
		t.Errorf("kept %q", got)
	}
	for _, bad := range []string{`{"b":1,"a":2}`, `[]`, ``} {
		var no *archive.Refusal
		if _, _, err := a.PutIntent([]byte(bad)); !errors.As(err, &no) {
			t.Errorf("PutIntent(%s) = %v; want a refusal", bad, err)
		}
	}
}
