package boottest

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestArgs(t *testing.T) {
	c := Config{
		Kernel: "k", Initrd: "i", Append: "lethe.poweroff", Network: true,
		Machine: Machine{Manufacturer: "ACME, Inc", Serial: "M1"},
		Drives: []Drive{
			{Bus: SATA, Path: "a,b", Serial: "S1", Model: "M", WWN: 0x5000c50012345678, RPM: 7200},
			{Bus: NVMe, Path: "n", Serial: "N1", Logical: 4096, WWN: 1},
			{Bus: USB, Path: "u", Serial: "U1", Removable: true},
			{Bus: UAS, Path: "w", Serial: "W1", Model: "VEND PROD"},
			{Bus: SATA, Path: "c", Discard: true},
			{Bus: SCSI, Path: "f", Rate: 1 << 20, Faults: []Fault{{Sector: 7, Read: true, Write: true}}},
		},
	}
	got, err := c.args(files{initrd: "i", qmp: "/q"})
	if err != nil {
		t.Fatal(err)
	}
	s := strings.Join(got, "\n")
	for _, want := range []string{
		"-append\nconsole=ttyS0 panic=-1 quiet lethe.poweroff\n",
		"-smbios\ntype=1,manufacturer=ACME,, Inc,serial=M1\n",
		"-drive\nif=none,id=d0,file=a,,b,format=raw,cache=writeback\n",
		"-device\nide-hd,bus=ide.0,drive=d0,serial=S1,model=M,wwn=0x5000c50012345678,rotation_rate=7200,id=dev-d0\n",
		"-device\nnvme,id=nvme0,serial=N1\n",
		"-device\nnvme-ns,bus=nvme0,drive=d1,eui64=0x0000000000000001,logical_block_size=4096,physical_block_size=4096,id=dev-d1\n",
		"-device\nusb-storage,bus=xhci.0,drive=d2,serial=U1,removable=on,id=dev-d2\n",
		"-device\nscsi-hd,bus=uas0.0,drive=d3,serial=W1,vendor=VEND,product=PROD,id=dev-d3\n",
		"-drive\nif=none,id=d4,file=c,format=raw,cache=writeback,discard=unmap\n",
		"-device\nide-hd,bus=ide.1,drive=d4",
		`{"event":"none",,"iotype":"read",,"sector":7},,{"event":"none",,"iotype":"write",,"sector":7}`,
		",cache=writeback,werror=report,rerror=report,throttling.bps-total=1048576\n",
	} {
		if !strings.Contains(s, want) {
			t.Errorf("arguments lack %q", want)
		}
	}
	if n := strings.Count(s, "qemu-xhci"); n != 1 {
		t.Errorf("%d USB controllers, want 1", n)
	}
	if t.Failed() {
		t.Logf("arguments:\n%s", s)
	}
}

func TestArgsRefuse(t *testing.T) {
	var seven []Drive
	for range 7 {
		seven = append(seven, Drive{Bus: SATA, Path: "x"})
	}
	for name, d := range map[string][]Drive{
		"serial on SD":       {{Bus: SD, Path: "x", Serial: "S"}},
		"second SD card":     {{Bus: SD, Path: "x"}, {Bus: SD, Path: "y"}},
		"4096 on SD":         {{Bus: SD, Path: "x", Logical: 4096}},
		"no path":            {{Bus: SATA}},
		"no bus":             {{Path: "x"}},
		"nvme no serial":     {{Bus: NVMe, Path: "x"}},
		"model on virtio":    {{Bus: Virtio, Path: "x", Model: "M"}},
		"WWN on USB":         {{Bus: USB, Path: "x", WWN: 1}},
		"4096 on SATA":       {{Bus: SATA, Path: "x", Logical: 4096}},
		"removable SATA":     {{Bus: SATA, Path: "x", Removable: true}},
		"seventh SATA drive": seven,
		"fault of nothing":   {{Bus: SATA, Path: "x", Faults: []Fault{{Sector: 1}}}},
	} {
		if _, err := (Config{Kernel: "k", Drives: d}).args(files{initrd: "i", qmp: "q"}); !errors.Is(err, ErrConfig) {
			t.Errorf("%s: error = %v, want ErrConfig", name, err)
		}
	}
}

func TestQuote(t *testing.T) {
	got := quote([]string{"qemu", "-append", "a b", "it's", "", "a=b,c"})
	if diff := cmp.Diff(`qemu -append 'a b' 'it'\''s' '' a=b,c`, got); diff != "" {
		t.Errorf("quote (-want +got):\n%s", diff)
	}
}

func TestExpect(t *testing.T) {
	var tee strings.Builder
	c := newConsole(&tee)
	go func() {
		for _, s := range []string{"one ", "two=2\n", "two=3\n"} {
			c.Write([]byte(s))
		}
		c.close()
	}()
	for _, want := range []string{"2", "3"} {
		m, err := c.Expect(t.Context(), `two=(\d)\n`)
		if err != nil || m[1] != want {
			t.Fatalf("Expect = %v, %v; want group %s", m, err, want)
		}
	}
	if _, err := c.Expect(t.Context(), "two"); !errors.Is(err, ErrEnded) {
		t.Errorf("after the end: %v, want ErrEnded", err)
	}
	if tee.String() != c.String() {
		t.Error("the viewer did not get everything")
	}
}
