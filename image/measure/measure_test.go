package measure_test

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"testing"

	"lethe/image/measure"
	"lethe/image/uki"
)

// extend is the register's rule, written again.
func extend(digests ...[32]byte) string {
	pcr := make([]byte, 32)
	for _, d := range digests {
		s := sha256.Sum256(append(append([]byte{}, pcr...), d[:]...))
		pcr = s[:]
	}
	return hex.EncodeToString(pcr)
}

// The whole chain was once held against a TPM (swtpm 0.7.1, OVMF 2022.11, Linux
// 6.1.192): registers 4, 9 and 11 were as predicted. Here the stub itself stands
// for the kernel, which only has to be an EFI program.
//
// mutant: measure.go: binary.LittleEndian.AppendUint16(out, u) => binary.BigEndian.AppendUint16(out, u)
// mutant: measure.go: []byte(name+"\x00") => []byte(name)
func TestUKI(t *testing.T) {
	stub, err := os.ReadFile(uki.Stub)
	if err != nil {
		t.Fatal(err)
	}
	if err := measure.CheckStub(stub); err != nil {
		t.Error(err)
	}
	p := uki.Parts{OSRelease: "ID=lethe\n", Cmdline: "ab", Uname: "6", Kernel: stub, Initrd: []byte("initrd")}
	b, err := uki.Build(stub, p)
	if err != nil {
		t.Fatal(err)
	}
	got, err := measure.UKI(b)
	if err != nil {
		t.Fatal(err)
	}
	h := func(s string) [32]byte { return sha256.Sum256([]byte(s)) }
	want := map[int]string{
		9: extend(h("a\x00b\x00\x00\x00"), h("initrd")),
		11: extend(h(".linux\x00"), sha256.Sum256(stub), h(".osrel\x00"), h("ID=lethe\n"), h(".cmdline\x00"), h("ab"),
			h(".initrd\x00"), h("initrd")),
	}
	for _, r := range got {
		if w := want[r.Index]; w != "" && r.SHA256 != w {
			t.Errorf("PCR %d = %s, want %s", r.Index, r.SHA256, w)
		}
		if len(r.Events) == 0 || r.Holds == "" {
			t.Errorf("PCR %d: %+v", r.Index, r)
		}
	}
	if len(got) != 3 || got[0].Events[1].SHA256 != "df3f619804a92fdb4057192dc43dd748ea778adc52bc498ce80524c014b81119" {
		t.Errorf("the separator is not that of four zeros: %+v", got)
	}
}

func TestRefuses(t *testing.T) {
	if _, err := measure.UKI([]byte("MZ")); err == nil {
		t.Error("predicted for what is no image")
	}
	shim, err := os.ReadFile("/usr/lib/shim/shimx64.efi.signed")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := measure.UKI(shim); err == nil {
		t.Error("predicted for an image without a kernel")
	}
	if measure.CheckStub(shim) == nil {
		t.Error("shim is taken for systemd's stub")
	}
}
