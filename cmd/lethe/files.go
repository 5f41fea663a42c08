package main

import (
	"crypto/x509"
	"errors"
	"io/fs"
	"os"

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
