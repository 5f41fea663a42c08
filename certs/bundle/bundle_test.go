package bundle_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lethe/certs/bundle"
	"lethe/certs/record"
)

var noon = record.At(time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC))

func sample(pdf []byte) bundle.Receipt {
	return bundle.Receipt{Format: bundle.ReceiptFormat, Digest: record.Digest(pdf),
		Size: record.Size(len(pdf)), Stored: noon, Depot: "depot-1", ID: "r1",
		Kind: record.KindCertificate, State: record.Cleared, Virtual: true}
}

func TestValidID(t *testing.T) {
	for s, want := range map[string]bool{
		"a": true, "Lethe-2026.11_24": true, strings.Repeat("x", 100): true,
		"": false, ".hidden": false, "-flag": false, "a/b": false, "a\\b": false, "..": false,
		"a..": false, "a\x00": false, "é": false, "a b": false, "a:b": false, strings.Repeat("x", 101): false,
	} {
		if got := bundle.ValidID(s); got != want {
			t.Errorf("ValidID(%q) = %v; want %v", s, got, want)
		}
		if got := bundle.ValidName(s + ".pdf"); got != want {
			t.Errorf("ValidName(%q) = %v; want %v", s+".pdf", got, want)
		}
	}
	if bundle.ValidName("a.PDF") || bundle.ValidName("a") {
		t.Error("ValidName accepts a name that does not end in .pdf")
	}
}

func TestValidate(t *testing.T) {
	for name, b := range map[string]bundle.Bundle{
		"name":  {Name: "../x.pdf", PDF: []byte("x")},
		"empty": {Name: "x.pdf"},
		"large": {Name: "x.pdf", PDF: make([]byte, bundle.MaxPDF+1)},
	} {
		if err := b.Validate(); !errors.Is(err, bundle.ErrInvalid) {
			t.Errorf("%s: Validate() = %v; want ErrInvalid", name, err)
		}
	}
	if err := (bundle.Bundle{Name: "x.pdf", PDF: []byte("x")}).Validate(); err != nil {
		t.Errorf("Validate() = %v; want nil", err)
	}
}

func TestReceiptRoundTrip(t *testing.T) {
	want := sample([]byte("paper"))
	b, err := record.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := bundle.DecodeReceipt(b)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("round trip (-want +got):\n%s", d)
	}
	if got, err = bundle.ReadReceipt(b); err != nil || !bytes.Equal(got.Raw, b) {
		t.Errorf("ReadReceipt of a bare receipt = %v, %v", got, err)
	}
}

func TestReceiptRefused(t *testing.T) {
	for name, change := range map[string]func(*bundle.Receipt){
		"format": func(r *bundle.Receipt) { r.Format = bundle.IntentReceiptFormat },
		"digest": func(r *bundle.Receipt) { r.Digest = strings.ToUpper(r.Digest) },
		"depot":  func(r *bundle.Receipt) { r.Depot = "" },
	} {
		r := sample([]byte("paper"))
		change(&r)
		b, err := record.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := bundle.DecodeReceipt(b); !errors.Is(err, bundle.ErrReceipt) {
			t.Errorf("%s: DecodeReceipt = %v; want ErrReceipt", name, err)
		}
	}
}

// mutant: receipt.go: r.Digest != d || r.Size != record.Size(len(b.PDF)) { => r.Size != record.Size(len(b.PDF)) {
func TestCovers(t *testing.T) {
	r := sample([]byte("paper"))
	if err := r.Covers(bundle.Bundle{PDF: []byte("paper")}); err != nil {
		t.Errorf("Covers its own paper = %v", err)
	}
	if err := r.Covers(bundle.Bundle{PDF: []byte("qaper")}); !errors.Is(err, bundle.ErrReceipt) {
		t.Errorf("Covers another paper = %v; want ErrReceipt", err)
	}
}

func TestIntent(t *testing.T) {
	for s, ok := range map[string]bool{
		`{"a":1,"b":[]}`: true, `{"b":1,"a":2}`: false, `{"a": 1}`: false, `[]`: false, ``: false,
		`{"a":1.5}`: false, "{\"a\":1}\n": false, `{"a":1}{"a":1}`: false,
	} {
		if err := bundle.ValidIntent([]byte(s)); (err == nil) != ok {
			t.Errorf("ValidIntent(%s) = %v; want ok %v", s, err, ok)
		}
	}
	big := []byte(`{"a":"` + strings.Repeat("x", bundle.MaxIntent) + `"}`)
	if bundle.ValidIntent(big) == nil {
		t.Error("ValidIntent takes more than MaxIntent bytes")
	}
	intent := []byte(`{"plan":"1"}`)
	r := bundle.IntentReceipt{Format: bundle.IntentReceiptFormat, Digest: record.Digest(intent),
		Size: record.Size(len(intent)), Stored: noon, Depot: "d"}
	b, err := record.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := bundle.DecodeIntentReceipt(b, intent); err != nil || got != r {
		t.Errorf("DecodeIntentReceipt = %v, %v", got, err)
	}
	if _, err := bundle.DecodeIntentReceipt(b, []byte(`{"plan":"2"}`)); !errors.Is(err, bundle.ErrReceipt) {
		t.Errorf("receipt for another intent = %v; want ErrReceipt", err)
	}
	if _, err := bundle.DecodeReceipt(b); !errors.Is(err, bundle.ErrReceipt) {
		t.Errorf("intent receipt taken for a paper's = %v; want ErrReceipt", err)
	}
}

// Whatever is accepted has one spelling and is a receipt somebody could have made.
func FuzzDecodeReceipt(f *testing.F) {
	b, err := record.Marshal(sample([]byte("paper")))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte(`{"payload":"e30=","payloadType":"x","signatures":[]}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		_, _ = bundle.ReadReceipt(in)
		_, _ = bundle.DecodeIntentReceipt(in, []byte("{}"))
		_ = bundle.ValidIntent(in)
		r, err := bundle.DecodeReceipt(in)
		if err != nil {
			return
		}
		out, err := record.Marshal(r)
		if err != nil || !bytes.Equal(in, out) {
			t.Fatalf("accepted %q, which is written %q (%v)", in, out, err)
		}
		if r.Format != bundle.ReceiptFormat || !bundle.ValidDigest(r.Digest) || r.Depot == "" {
			t.Fatalf("accepted %q", in)
		}
	})
}
