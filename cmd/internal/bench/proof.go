package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"lethe/certs/check"
	"lethe/certs/record"
	"lethe/certs/sign"
)

// newKey is a fresh key for a pass, in hex.
func newKey() string {
	var k [16]byte
	_, _ = rand.Read(k[:])
	return hex.EncodeToString(k[:])
}

// The foreign readers: no line of ours is in them.
const (
	readStream = `openssl enc -aes-128-ctr -K "$2" -iv 00000000000000000000000000000000 -in /dev/zero 2>/dev/null | head -c "$3" | cmp - "$1"`
	readZeros  = `head -c "$3" /dev/zero | cmp - "$1"`
)

func foreign(ctx context.Context, script, key string, d disk) error {
	out, err := exec.CommandContext(ctx, "sh", "-c", script, "sh", d.node, key, fmt.Sprint(d.size)).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s does not hold what was written: %w: %s", d.node, err, out)
	}
	return nil
}

// prove shows with openssl and cmp, before anything is measured, that every row of
// lethe does what it says; and that cmp would have seen one wrong byte.
func prove(ctx context.Context, l lethe, disks []disk) error {
	key := newKey()
	if _, err := lethePass(ctx, jobRandom, key, disks); err != nil {
		return err
	}
	if err := foreign(ctx, readStream, key, disks[0]); err != nil {
		return err
	}
	if err := spoil(disks[0]); err != nil {
		return err
	}
	if foreign(ctx, readStream, key, disks[0]) == nil {
		return errors.New("the foreign reader does not see a wrong byte")
	}
	if _, err := lethePass(ctx, jobVerify, key, disks); err == nil {
		return errors.New("lethe verify does not see a wrong byte")
	}
	if _, err := lethePass(ctx, jobZero, "", disks); err != nil {
		return err
	}
	if err := foreign(ctx, readZeros, "", disks[0]); err != nil {
		return err
	}
	_, papers, err := l.whole(ctx, sampleEvery, disks)
	if err != nil {
		return err
	}
	key, err = l.revealed(papers)
	if err != nil {
		return err
	}
	return foreign(ctx, readStream, key, disks[0])
}

// spoil changes one byte in the middle.
func spoil(d disk) error {
	f, err := os.OpenFile(d.image, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	var b [1]byte
	_, err = f.ReadAt(b[:], d.size/2)
	b[0] ^= 1
	_, werr := f.WriteAt(b[:], d.size/2)
	return errors.Join(err, werr, f.Close())
}

// revealed finds the key that the certificate of a single drive reveals.
func (l lethe) revealed(papers string) (string, error) {
	pem, err := os.ReadFile(filepath.Join(l.dir, "keys", "root.pem"))
	if err != nil {
		return "", err
	}
	roots, err := sign.ParseRoots(pem)
	if err != nil {
		return "", err
	}
	files, err := filepath.Glob(filepath.Join(papers, "*.pdf"))
	if err != nil {
		return "", err
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			return "", err
		}
		r := check.Check(b, check.Options{Roots: roots})
		if r.Record == nil {
			continue // the summary
		}
		if !r.OK() || r.Record.Kind != record.KindCertificate {
			return "", fmt.Errorf("%s is no certificate: %s", f, r.Failed())
		}
		return r.Record.Passes[len(r.Record.Passes)-1].Key, nil
	}
	return "", fmt.Errorf("no certificate in %s", papers)
}
