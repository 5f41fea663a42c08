package main

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"lethe/certs/sign"
	"lethe/cmd/internal/cli"
)

// unwrapPath drops the path that the message around it already names.
func unwrapPath(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// readRoots reads the trust anchors of a PEM file.
func readRoots(file string) (*x509.CertPool, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, cli.Usagef("read trust root %s: %v", file, unwrapPath(err))
	}
	roots, err := sign.ParseRoots(b)
	if err != nil {
		return nil, cli.Usagef("trust root %s: %v", file, err)
	}
	return roots, nil
}

// readSigner reads the key that signs the papers and proves that it can: with a
// key that cannot, a drive would be erased and no paper could say so.
func readSigner(key, cert string) (sign.Signer, error) {
	s, err := sign.ReadSigner(key, cert)
	if err != nil {
		return nil, err
	}
	if _, err := sign.SignDSSE(sign.PayloadRecord, []byte("{}"), s); err != nil {
		return nil, err
	}
	leaf, now := s.Chain()[0], time.Now()
	if now.Before(leaf.NotBefore) || now.After(leaf.NotAfter) {
		return nil, fmt.Errorf("certificate %s is valid from %s to %s, the clock says %s", cert,
			leaf.NotBefore.UTC().Format(time.RFC3339), leaf.NotAfter.UTC().Format(time.RFC3339), now.UTC().Format(time.RFC3339))
	}
	return s, nil
}

// paperRoom is more than a paper and its transcript take, in bytes.
const paperRoom = 1 << 20

// makeRoom proves that a folder has room for the papers of n drives: a drive
// erased without a paper is an erase that never happened.
func makeRoom(dir string, n int) error {
	name := filepath.Join(dir, ".room")
	err := os.WriteFile(name, make([]byte, (n+1)*paperRoom), 0o600)
	if rerr := os.Remove(name); err == nil {
		err = rerr
	}
	if err != nil {
		return cli.Refusedf("the folder %s has no room for the papers (%v): nothing was touched", dir, unwrapPath(err))
	}
	return nil
}
