package initramfs

import (
	"bytes"
	"errors"
	"io/fs"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"
)

func sample(t *testing.T) *Archive {
	t.Helper()
	a := &Archive{}
	err := a.Add(
		File{Path: "/sbin/modprobe", Mode: fs.ModeSymlink, Link: "../bin/lethe"},
		File{Path: "etc/lethe/site.json", Mode: 0o600, Data: []byte("{}\n")},
		File{Path: "bin/lethe", Mode: 0o755, Data: []byte("ELF12")},
		File{Path: "etc/lethe", Mode: fs.ModeDir | 0o700},
	)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// The golden bytes pin the format: header fields in order, names and data
// padded to 4.
func TestGolden(t *testing.T) {
	const zero = "00000000"
	h := func(ino, mode, nlink, size, name string, data string) string {
		s := "070701" + ino + mode + zero + zero + nlink + zero + size +
			zero + zero + zero + zero + fmtLen(name) + zero + name + "\x00"
		for len(s)%4 != 0 {
			s += "\x00"
		}
		s += data
		for len(s)%4 != 0 {
			s += "\x00"
		}
		return s
	}
	want := h("00000001", "000041ED", "00000002", zero, "bin", "") +
		h("00000002", "000081ED", "00000001", "00000005", "bin/lethe", "ELF12") +
		h("00000003", "000041ED", "00000002", zero, "etc", "") +
		h("00000004", "000041C0", "00000002", zero, "etc/lethe", "") +
		h("00000005", "00008180", "00000001", "00000003", "etc/lethe/site.json", "{}\n") +
		h("00000006", "000041ED", "00000002", zero, "sbin", "") +
		h("00000007", "0000A1FF", "00000001", "0000000C", "sbin/modprobe", "../bin/lethe") +
		h(zero, zero, "00000001", zero, "TRAILER!!!", "")
	got, err := sample(t).Bytes()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("archive (-want +got):\n%s", diff)
	}
}

func fmtLen(name string) string {
	const hex = "0123456789ABCDEF"
	n := len(name) + 1
	return "000000" + string(hex[n>>4]) + string(hex[n&15])
}

// cpio(1) is the judge of our format that is not ours.
func TestReadByCpio(t *testing.T) {
	b, err := sample(t).Bytes()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("cpio", "-tv", "--quiet", "--numeric-uid-gid")
	cmd.Env = []string{"LC_ALL=C", "TZ=UTC", "PATH=/usr/bin:/bin"}
	cmd.Stdin = bytes.NewReader(b)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("cpio: %v\n%s", err, out)
	}
	var got []string
	for line := range strings.Lines(string(out)) {
		f := strings.Fields(line)
		got = append(got, f[0]+" "+strings.Join(f[8:], " "))
	}
	want := []string{
		"drwxr-xr-x bin", "-rwxr-xr-x bin/lethe", "drwxr-xr-x etc", "drwx------ etc/lethe",
		"-rw------- etc/lethe/site.json", "drwxr-xr-x sbin",
		"lrwxrwxrwx sbin/modprobe -> ../bin/lethe",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("cpio -tv (-want +got):\n%s", diff)
	}
}

func TestAddRefuses(t *testing.T) {
	for _, p := range []string{"", "/", ".", "../x", "a/../b", "a//b", "a/", "//a", "a\x00b"} {
		a := &Archive{}
		if err := a.Add(File{Path: p}); !errors.Is(err, ErrPath) {
			t.Errorf("Add(%q) = %v, want ErrPath", p, err)
		}
	}
	a := &Archive{}
	if err := a.Add(File{Path: "x"}, File{Path: "/x"}); err == nil {
		t.Error("the same path twice was accepted")
	}
	if err := a.Add(File{Path: "dev/sda", Mode: fs.ModeDevice}); err == nil {
		t.Error("a device node was accepted")
	}
}

func TestCompressConcat(t *testing.T) {
	data := bytes.Repeat([]byte("lethe "), 10000)
	for _, l := range []Level{Fast, Small} {
		one, err := Compress(data, l)
		if err != nil {
			t.Fatal(err)
		}
		two, _ := Compress(data, l)
		if !bytes.Equal(one, two) {
			t.Errorf("level %d: two runs differ", l)
		}
		var b bytes.Buffer
		n, err := Concat(&b, one, []byte("x"), one)
		if err != nil || n != int64(b.Len()) || n%4 != 0 {
			t.Fatalf("Concat = %d, %v with %d bytes", n, err, b.Len())
		}
		dec, _ := zstd.NewReader(nil)
		got, err := dec.DecodeAll(b.Bytes()[:len(one)], nil)
		if err != nil || !bytes.Equal(got, data) {
			t.Errorf("level %d: does not unpack: %v", l, err)
		}
	}
}
