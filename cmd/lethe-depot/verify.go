package main

import (
	"crypto/x509"
	"flag"
	"fmt"
	"io"
	"strings"

	"lethe/certs/check"
	"lethe/cmd/lethe-depot/internal/archive"
	"lethe/cmd/lethe-depot/internal/identity"
)

const verifyHelp = `lethe-depot verify judges every paper of the folder again and prints a line for
each: "ok" or "FAIL", the file, what it is, and for a failure the reason. It changes
nothing and may run beside a depot that serves.

  lethe-depot verify --dir papers --trust root.pem

Checked are: signatures and verdict of the paper, its digest and verdict against the
index, the signature of its receipt, files that are missing and files that no depot
took in. Status 0 when all hold, else 1.

`

func verifyCmd(args []string, stdout io.Writer) error {
	fs := flag.NewFlagSet("verify", flag.ContinueOnError)
	dir := fs.String("dir", "", "`folder` of the papers")
	trust := fs.String("trust", "", "PEM `file`: the roots to which papers and receipts must lead")
	if err := parse(fs, verifyHelp, args, stdout, "dir", "trust"); err != nil {
		return err
	}
	roots, err := identity.ReadRoots(*trust)
	if err != nil {
		return err
	}
	papers, failed := 0, 0
	err = archive.Verify(*dir, judgeBy(roots, false), identity.ReceiptOpener(roots), func(c archive.Checked) {
		papers++
		if c.Err != nil {
			failed++
			fmt.Fprintf(stdout, "FAIL  %s  %s\n", c.File, strings.ReplaceAll(c.Err.Error(), "\n", "; "))
			return
		}
		fmt.Fprintf(stdout, "ok    %s  %s\n", c.File, describe(c))
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "%d papers, %d hold, %d fail\n", papers, papers-failed, failed)
	if failed > 0 {
		return errQuiet
	}
	return nil
}

func describe(c archive.Checked) string {
	f := c.Finding
	words := []string{f.Kind}
	for _, w := range []string{string(f.State), f.Serial, "sha256:" + c.Entry.Digest[:16]} {
		if w != "" {
			words = append(words, w)
		}
	}
	if f.Virtual {
		words = append(words, "VIRTUAL")
	}
	return strings.Join(words, " ")
}

// judgeBy is the check that serve and verify share.
func judgeBy(roots *x509.CertPool, physical bool) archive.Judge {
	return archive.Judge{Options: check.Options{Roots: roots, RequirePhysical: physical}}
}
