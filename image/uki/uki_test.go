package uki_test

import (
	"bytes"
	"debug/pe"
	"os"
	"slices"
	"testing"

	"lethe/image/pecoff"
	"lethe/image/uki"
)

func stub(t *testing.T) []byte {
	t.Helper()
	b, err := os.ReadFile(uki.Stub)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func parts() uki.Parts {
	return uki.Parts{OSRelease: "ID=lethe\n", Cmdline: "console=tty0", Uname: "6.1.0",
		Kernel: bytes.Repeat([]byte("kernel"), 9001), Initrd: bytes.Repeat([]byte{7}, 70001)}
}

// A foreign reader must find every part whole, and firmware no two sections in
// one place.
func TestBuild(t *testing.T) {
	b, err := uki.Build(stub(t), parts())
	if err != nil {
		t.Fatal(err)
	}
	f, err := pe.NewFile(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	opt, ok := f.OptionalHeader.(*pe.OptionalHeader64)
	if !ok {
		t.Fatal("not PE32+")
	}
	for _, p := range parts().Sections() {
		s := f.Section(p.Name)
		if s == nil {
			t.Fatalf("no section %s", p.Name)
		}
		raw, err := s.Data()
		if err != nil || !bytes.Equal(raw[:s.VirtualSize], p.Data) {
			t.Errorf("section %s is not what was put in: %v", p.Name, err)
		}
		if s.VirtualAddress%4096 != 0 || s.Offset%opt.FileAlignment != 0 {
			t.Errorf("section %s at %#x, in the file %#x", p.Name, s.VirtualAddress, s.Offset)
		}
	}
	apart(t, f, opt.SizeOfImage)
	again, err := uki.Build(stub(t), parts())
	if err != nil || !bytes.Equal(again, b) {
		t.Errorf("a second build differs: %v", err)
	}
	if _, err := uki.Build(b, parts()); err == nil {
		t.Error("a unified image was taken for a stub")
	}
}

func apart(t *testing.T, f *pe.File, size uint32) {
	t.Helper()
	secs := slices.Clone(f.Sections)
	slices.SortFunc(secs, func(a, b *pe.Section) int { return int(a.VirtualAddress) - int(b.VirtualAddress) })
	var end, fileEnd uint32
	for _, s := range secs {
		if s.VirtualAddress < end || s.Offset < fileEnd {
			t.Errorf("section %s at %#x (file %#x) lies in the one before (%#x, file %#x)",
				s.Name, s.VirtualAddress, s.Offset, end, fileEnd)
		}
		end, fileEnd = s.VirtualAddress+s.VirtualSize, s.Offset+s.Size
	}
	if size < end {
		t.Errorf("SizeOfImage %#x, the last section ends at %#x", size, end)
	}
}

func TestBuildRefuses(t *testing.T) {
	p := parts()
	p.Initrd = nil
	for name, f := range map[string]func() ([]byte, error){
		"no stub":        func() ([]byte, error) { return uki.Build(nil, parts()) },
		"a kernel":       func() ([]byte, error) { return uki.Build([]byte("MZ"), parts()) },
		"a part missing": func() ([]byte, error) { return uki.Build(stub(t), p) },
	} {
		if _, err := f(); err == nil {
			t.Errorf("%s: built", name)
		}
	}
	m, err := pecoff.Parse(stub(t))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Append(make([]pecoff.New, 40)...); err == nil {
		t.Error("40 sections fit into the headers")
	}
}
