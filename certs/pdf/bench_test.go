package pdf

import (
	"testing"
	"time"
)

func BenchmarkCertificate(b *testing.B) {
	in := input(cleared())
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Certificate(in); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSign(b *testing.B) {
	doc, err := Certificate(input(cleared()))
	if err != nil {
		b.Fatal(err)
	}
	cms := newSigner(b).cms
	for b.Loop() {
		if _, err := Sign(doc, cms, SignOptions{When: time.Unix(1795490055, 0)}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRead(b *testing.B) {
	doc, err := Certificate(input(cleared()))
	if err != nil {
		b.Fatal(err)
	}
	doc, err = Sign(doc, newSigner(b).cms, SignOptions{When: time.Unix(1795490055, 0)})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Read(doc); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkText(b *testing.B) {
	r := cleared()
	for b.Loop() {
		if _, err := Text(r); err != nil {
			b.Fatal(err)
		}
	}
}
