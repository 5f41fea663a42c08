package main

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"lethe/certs/bundle/durable"
	"lethe/certs/sign"
	"lethe/certs/spool"
	"lethe/cmd/internal/cli"
	"lethe/inventory"
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

// rootsIn is readRoots for a flag that may be left out: nil then.
func rootsIn(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	return readRoots(file)
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

// keyError sorts what readSigner says: a file that is not there was named wrongly,
// anything else is a key that must not sign.
func keyError(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return cli.Usagef("%v", err)
	}
	return cli.Refusedf("%v: nothing was touched", err)
}

// paperRoom is more than a paper and its transcript take, in bytes.
const paperRoom = 1 << 20

// folder opens the folder for the papers of n drives, made where it is missing.
func folder(dir string, n int) (*spool.Spool, error) {
	if st, err := os.Stat(dir); err == nil && !st.IsDir() {
		return nil, cli.Refusedf("--papers %s is a file, not a folder: nothing was touched", dir)
	}
	s, err := spool.Open(dir)
	if errors.Is(err, durable.ErrLocked) {
		return nil, cli.Refusedf("the folder %s is in use by another lethe: give this one another --papers; nothing was touched", dir)
	}
	if err != nil {
		return nil, cli.Refusedf("the folder %s for the papers cannot be used (%v): choose another --papers; nothing was touched", dir, unwrapPath(err))
	}
	if err := makeRoom(dir, n); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// makeRoom proves that a folder has room for the papers of n drives: a drive
// erased without a paper is an erase that never happened.
func makeRoom(dir string, n int) error {
	// Under a new name that nobody can guess: others may write to the folder, too, and
	// what they put there is not followed.
	room, err := durable.Stage(dir, make([]byte, (n+1)*paperRoom))
	if err != nil {
		return cli.Refusedf("the folder %s has no room for the papers (%v): nothing was touched", dir, unwrapPath(err))
	}
	room.Discard()
	return nil
}

// apart refuses a folder for the papers that lies on a drive which is to be
// erased: the papers would go with it.
func apart(dir string, ds []inventory.Device) error {
	st, err := existing(dir)
	if err != nil {
		return cli.Refusedf("the folder %s for the papers cannot be used (%v): nothing was touched", dir, unwrapPath(err))
	}
	sys, ok := st.Sys().(*syscall.Stat_t)
	if !ok {
		return nil
	}
	major, minor := unix.Major(sys.Dev), unix.Minor(sys.Dev)
	for _, d := range ds {
		on := d.Major == major && d.Minor == minor
		for _, p := range d.Partitions {
			on = on || p.Major == major && p.Minor == minor
		}
		if on && major != 0 { // 0 is a file system without a drive of its own
			return cli.Refusedf("the folder %s for the papers is on %s, which is to be erased: choose --papers elsewhere; nothing was touched", dir, d.NodePath)
		}
	}
	return nil
}

// existing is the nearest folder above a path that is there already.
func existing(dir string) (os.FileInfo, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	for {
		st, err := os.Stat(dir)
		if !errors.Is(err, fs.ErrNotExist) || dir == filepath.Dir(dir) {
			return st, err
		}
		dir = filepath.Dir(dir)
	}
}
