package labels

import (
	"bytes"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lethe/inventory/inventorytest"
)

const testSize = 8 * mib

// put writes at off of a blank drive.
func put(off int64, b string) func([]byte) { return func(d []byte) { copy(d[off:], b) } }

// le are numbers of four bytes.
func le(n ...uint32) string {
	var b []byte
	for _, n := range n {
		b = binary.LittleEndian.AppendUint32(b, n)
	}
	return string(b)
}

func pool(label int64, name string) func([]byte) {
	return func(d []byte) {
		binary.LittleEndian.PutUint64(d[label+zfsRing+5*kib:], uberblock)
		x := "\x01\x01\x00\x00" + strings.Repeat("\x00", 40) + "\x00\x00\x00\x04name\x00\x00\x00\x09\x00\x00\x00\x01"
		copy(d[label+zfsConfig:], x+string(binary.BigEndian.AppendUint32(nil, uint32(len(name))))+name)
	}
}

// kinds has a drive for every kind that is recognised by its contents. blkid is
// what another program, libblkid, calls it, "" where a label this bare is not
// enough for it or it knows none.
var kinds = []struct {
	name  string
	want  Label
	blkid string
	write func([]byte)
}{
	{"ZFS", Label{ZFS, "tank"}, "", pool(0, "tank")},
	{"ZFS, last label only", Label{ZFS, "old"}, "", pool(testSize-zfsLabel, "old")},
	{"LVM", Label{LVM, ""}, "", put(512, "LABELONE"+le(1, 0, 0, 32)+"LVM2 001")},
	{"md 1.2", Label{MD, "srv:0"}, "", put(4*kib, le(0xa92b4efc, 1)+strings.Repeat("u", 24)+"srv:0")},
	{"md 1.0", Label{MD, "srv:1"}, "", put(testSize-8*kib, le(0xa92b4efc, 1)+strings.Repeat("u", 24)+"srv:1")},
	{"md 0.90", Label{MD, ""}, "", put(testSize-64*kib, le(0xa92b4efc, 0, 90))},
	{"Intel RAID", Label{IMSM, ""}, "isw_raid_member", put(testSize-1024, "Intel Raid ISM Cfg Sig. 1.2.00")},
	{"DDF", Label{DDF, ""}, "", put(testSize-512, "\xde\x11\xde\x11")},
	{"LUKS1", Label{LUKS, ""}, "crypto_LUKS", put(0, "LUKS\xba\xbe\x00\x01aes")},
	{"LUKS2", Label{LUKS, "vault"}, "", put(0, "LUKS\xba\xbe\x00\x02"+strings.Repeat("\x00", 16)+"vault")},
	{"LUKS2, second header", Label{LUKS, ""}, "", put(16*kib, "SKUL\xba\xbe\x00\x02")},
	{"bcache", Label{Bcache, ""}, "", put(4*kib+24, "\xc6\x85\x73\xf6\x4e\x1a\x45\xca\x82\x65\xf5\x7f\x48\xba\x6d\x81")},
	{"bcachefs", Label{Bcachefs, ""}, "", put(4*kib+24, "\xc6\x85\x73\xf6\x66\xce\x90\xa9\xd9\x6a\x60\xcf\x80\x3d\xf7\xef")},
	{"btrfs", Label{Btrfs, ""}, "", put(64*kib+64, "_BHRfS_M")},
	{"swap", Label{Swap, ""}, "", put(4*kib-10, "SWAPSPACE2")},
	{"BlueStore", Label{BlueStore, "0aa6d3c5-1111-4222-8333-444455556666"}, "ceph_bluestore",
		put(0, "bluestore block device\n0aa6d3c5-1111-4222-8333-444455556666\n\x02")},
	{"VMFS volume", Label{VMFS, ""}, "VMFS_volume_member", put(mib, "\x0d\xd0\x01\xc0")},
	{"VMFS", Label{VMFS, ""}, "VMFS", put(2*mib, "\x5e\xf1\xab\x2f")},
	{"GPFS", Label{GPFS, ""}, "", put(1024+64, "NSD descriptor for /dev/sdc created by GPFS Mon May  3")},
	{"Oracle ASM", Label{ASM, "DATA_0000"}, "oracleasm", func(d []byte) { put(32, "ORCLDISKDATA1")(d); put(72, "DATA_0000")(d) }},
	{"DRBD 8.4", Label{DRBD, ""}, "", put(testSize-4*kib+60, "\x83\x74\x02\x6b")},
	{"DRBD 9", Label{DRBD, ""}, "", put(testSize-4*kib+60, "\x83\x74\x02\x6d")},
	{"OCFS2", Label{OCFS2, ""}, "", put(8*kib, "OCFSV2")},
	{"GFS2", Label{GFS2, ""}, "", put(64*kib, "\x01\x16\x19\x70\x00\x00\x00\x01")},
}

func TestRead(t *testing.T) {
	for _, k := range kinds {
		d := make([]byte, testSize)
		k.write(d)
		if diff := cmp.Diff([]Label{k.want}, Read(bytes.NewReader(d), testSize)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", k.name, diff)
		}
	}
	for _, size := range []int64{0, 1, 511, 512, 4096, testSize} {
		if got := Read(bytes.NewReader(make([]byte, size)), size); got != nil {
			t.Errorf("a blank drive of %d bytes: %v", size, got)
		}
	}
}

// TestBlkid asks another program whether the marks are what it knows.
func TestBlkid(t *testing.T) {
	for _, k := range kinds {
		if k.blkid == "" {
			continue
		}
		d := make([]byte, testSize)
		k.write(d)
		p := filepath.Join(t.TempDir(), "d")
		if err := os.WriteFile(p, d, 0o600); err != nil {
			t.Fatal(err)
		}
		out, _ := exec.Command("/usr/sbin/blkid", "-p", "-o", "value", "-s", "TYPE", p).Output()
		if got := string(out); strings.TrimSpace(got) != k.blkid {
			t.Errorf("%s: blkid says %q; want %q", k.name, got, k.blkid)
		}
	}
}

// TestReal reads what the programs of the test machine write.
func TestReal(t *testing.T) {
	p := filepath.Join(t.TempDir(), "d")
	if err := os.WriteFile(p, make([]byte, testSize), 0o600); err != nil {
		t.Fatal(err)
	}
	inventorytest.Run(t, "mkswap", p)
	f, err := os.Open(p)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if got := Read(f, testSize); len(got) != 1 || got[0].Kind != Swap {
		t.Errorf("after mkswap: %v", got)
	}
}

func TestNamesAreTamed(t *testing.T) {
	for in, want := range map[string]string{"tank": "tank", "a\x1b[2Jb": "a", "x\"y": "x", strings.Repeat("a", 90): strings.Repeat("a", 64)} {
		if got := clean(in); got != want {
			t.Errorf("clean(%q) = %q; want %q", in, got, want)
		}
	}
}

// counter counts what is read.
type counter struct{ n int }

func (c *counter) ReadAt(b []byte, _ int64) (int, error) {
	c.n += len(b)
	return len(b), nil
}

func TestReadIsBounded(t *testing.T) {
	var c counter
	Read(&c, 1<<50)
	if c.n > mib {
		t.Errorf("%d bytes were read of a blank drive; want at most %d", c.n, mib)
	}
}

// FuzzRead holds that no content of a drive makes Read fail, or say more than
// one thing of a kind.
func FuzzRead(f *testing.F) {
	for _, k := range kinds {
		d := make([]byte, 600*kib)
		if k.want.Kind != VMFS && !strings.Contains(k.name, "last") && k.want.Kind != DRBD && k.want.Kind != IMSM && k.want.Kind != DDF &&
			k.name != "md 1.0" && k.name != "md 0.90" {
			k.write(d)
			f.Add(d[:80*kib])
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		seen := map[Kind]bool{}
		for _, l := range Read(bytes.NewReader(b), int64(len(b))) {
			if seen[l.Kind] || len(l.Name) > 64 || l.Kind == "" {
				t.Errorf("%+v", l)
			}
			seen[l.Kind] = true
		}
		_ = poolName(b)
	})
}
