package overwrite_test

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"

	"lethe/wipe/overwrite"
	"lethe/wipe/overwrite/overwritetest"
	"lethe/wipe/pattern"
	"lethe/wipe/verify"
)

// Real loop devices, both sector sizes, odd sizes, over tmpfs and the root
// file system. The host's own read of the backing file is compared, every
// byte, with a stream made from offset 0 by crypto/cipher alone.
func TestLoopDevices(t *testing.T) {
	for _, dir := range []string{"/dev/shm", t.TempDir()} {
		for _, c := range []struct {
			size   int64
			sector int
		}{{512, 512}, {3 * 512, 512}, {4096 - 512, 512}, {1<<20 + 512, 512},
			{33<<20 + 5*512, 512}, {4096, 4096}, {3 * 4096, 4096}, {17<<20 + 4096, 4096}} {
			t.Run(fmt.Sprintf("%s/%d/%d", dir[:4], c.size, c.sector), func(t *testing.T) {
				overwriteLoop(t, dir, c.size, c.sector)
			})
		}
	}
}

func overwriteLoop(t *testing.T, dir string, size int64, sector int) {
	dev, backing := overwritetest.Loop(t, dir, size, sector)
	remember(t, dev, size)
	key, s := keyOf(t)
	d := overwritetest.OpenBlock(t, dev)
	if d.Size() != size || d.LogicalSector() != sector {
		t.Fatalf("%s is %d/%d; want %d/%d", dev, d.Size(), d.LogicalSector(), size, sector)
	}
	res, err := overwrite.Run(context.Background(), d, s, overwrite.Options{})
	if err != nil || !res.Complete() || res.Written != size {
		t.Fatalf("Run = %+v, %v", res, err)
	}
	seen, err := verify.Full(context.Background(), d, s, verify.Options{})
	if err != nil || !seen.Clean() {
		t.Fatalf("Full = %+v, %v", seen, err)
	}
	d.Close()
	foreignRead(t, backing, key, size)
	foreignRead(t, dev, key, size)
}

// remember fills the device through the page cache, as its old life did, and
// leaves the pages there: a stale cache must not survive the overwrite.
func remember(t *testing.T, dev string, size int64) {
	t.Helper()
	old := bytes.Repeat([]byte("customer data! "), int(size/15)+1)[:size]
	f, err := os.OpenFile(dev, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() }) // an open descriptor keeps the cache alive
	if _, err := f.WriteAt(old, 0); err != nil {
		t.Fatal(err)
	}
	if err := f.Sync(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(io.NewSectionReader(f, 0, size), old); err != nil {
		t.Fatal(err)
	}
}

func keyOf(t *testing.T) ([]byte, pattern.Stream) {
	t.Helper()
	key, err := pattern.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	s, err := pattern.New(pattern.Spec{Kind: pattern.AES128CTR, Key: key[:]})
	if err != nil {
		t.Fatal(err)
	}
	return key[:], s
}

// foreignRead compares a file with the stream, without any code of ours.
func foreignRead(t *testing.T, path string, key []byte, size int64) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	want := make([]byte, size)
	cipher.NewCTR(block, make([]byte, 16)).XORKeyStream(want, want)
	if !bytes.Equal(got, want) {
		t.Fatalf("%s (%d bytes) is not the stream of %d bytes", path, len(got), size)
	}
}

// Bar 5: the revealed key, openssl and cmp confirm the overwrite of a loop
// device without any code of ours.
//
// mutant: step.go: t.Move(s.device.WriteAt, p, off) => t.Move(func(p []byte, off int64) (int, error) { if off == 0 { return len(p), nil }; return s.device.WriteAt(p, off) }, p, off)
func TestBarOpenSSL(t *testing.T) {
	const size = 64<<20 + 512
	dev, _ := overwritetest.Loop(t, "/dev/shm", size, 512)
	key, s := keyOf(t)
	d := overwritetest.OpenBlock(t, dev)
	if _, err := overwrite.Run(context.Background(), d, s, overwrite.Options{}); err != nil {
		t.Fatal(err)
	}
	if out, err := openSSLAndCmp(dev, key, size); err != nil {
		t.Fatalf("cmp: %v\n%s", err, out)
	}
	one := make([]byte, 512)
	f, err := os.OpenFile(dev, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt(one, size-512); err != nil {
		t.Fatal(err)
	}
	if _, err := openSSLAndCmp(dev, key, size); err == nil {
		t.Error("cmp accepts a device whose last sector is another")
	}
}

func openSSLAndCmp(dev string, key []byte, size int64) ([]byte, error) {
	script := fmt.Sprintf("openssl enc -aes-128-ctr -K %s -iv %032d -in /dev/zero 2>/dev/null | head -c %d | cmp - %s",
		hex.EncodeToString(key), 0, size, dev)
	return exec.Command("sh", "-c", script).CombinedOutput()
}
