package main

import (
	"crypto/x509"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"lethe/image/secureboot"
)

// fileNames is a flag that may be given again.
type fileNames []string

func (l *fileNames) String() string     { return "" }
func (l *fileNames) Set(s string) error { *l = append(*l, s); return nil }

func keysCmd(args []string, stdout io.Writer) error {
	fs := newFlags("keys", "make an owner's own Secure Boot keys (RSA, 20 years) in a folder:\n"+
		"PK, KEK and db as .key and .pem (signing), .der (firmware menus), .esl and .auth (efivarfs).\n"+
		"Keep PK.key and KEK.key away from the machine that builds; db.key signs images.")
	owner := fs.String("owner", "", "`name` in the certificates")
	out := fs.String("out", "", "`folder`; keys in it are never replaced")
	var also fileNames
	fs.Var(&also, "also", "further `certificate` for db: machines whose graphics or storage adapters\n"+
		"have option ROMs signed by Microsoft need \"Microsoft Corporation UEFI CA 2011\"; may be given again")
	if err := parse(fs, args, stdout); err != nil {
		return err
	}
	if *owner == "" || *out == "" {
		return &usageError{"keys needs --owner and --out"}
	}
	var further []*x509.Certificate
	for _, n := range also {
		c, err := secureboot.ReadCert(n)
		if err != nil {
			return err
		}
		further = append(further, c)
	}
	now := time.Now()
	set, err := secureboot.NewSet(*owner, now)
	if err != nil {
		return err
	}
	files, err := set.Files(now, further...)
	if err != nil {
		return err
	}
	if err := secureboot.Write(*out, files); err != nil {
		return err
	}
	db := filepath.Join(*out, "db")
	_, err = fmt.Fprintf(stdout, "keys     %s: %d files\nsign     lethe-image build --sb-key %s.key --sb-cert %s.pem ...\n"+
		"enrol    firmware menu, setup mode: db.der, KEK.der, PK.der, PK last; or the .auth files by efivarfs\n", *out, len(files), db, db)
	return err
}
