package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
)

const help = `lethe-check - is this erasure certificate authentic, and does its verdict follow?

usage: lethe-check --trust root.pem [options] FILE...

A second look (lethe verify) is checked with the certificate it belongs to: give both.

  --trust FILE   root certificate(s) you trust, PEM; may be given more than once.
                 Get it from whoever erased the drives, by another way than the
                 certificates themselves, and compare its fingerprint:
                   openssl x509 -in root.pem -noout -fingerprint -sha256
  --physical     refuse certificates marked VIRTUAL (virtual machine or drive)
  --quirks FILE  list of drives known to say what is not so (JSON); the list the
                 issuer used, or a newer one
  --json         one JSON object a file
  --quiet        only the last line of each file
  FILE           a signed PDF; - is standard input

What is checked, a line each:
  pdf structure     the file is exactly what Lethe writes, nothing more
  coverage          the signature covers the whole file but itself
  cms encoding      the signature has its one spelling, then zeros
  pdf signature     made by a trusted record signer over these bytes
  attachments       the record, the transcript and the order, and nothing else
  record envelope   the record is signed too, for programs
  same signer       by the same key at the same time
  record            canonical JSON of a known format
  transcript        every line follows from the one before; it is the record's own
  order             an approver ordered this drive of this machine to be erased,
                    and it was begun in time
  verdict           judged again here from the transcript, and the whole record
                    built again: it must come out the same
  page text         what the pages say is what the record says
  page drawing      the pages drawn again are the same, object by object
  rows              a summary's rows are those of the certificates given with it
  finding           of a second look: derived again from its own transcript
  certificate       of a second look: the one given with it says just what the look
                    was compared with: the same drive, pass and keys

Times are those of the erasing machine's own clock: the signing keys die with the
machine, and no independent time stamp is in the file.

Exit status:
  0  every file is an authentic certificate of erasure, or a second look that found
     its drive as certified (VIRTUAL ones say so)
  3  all are authentic, but a notice (not sanitised) is among them, or a second look
     that did not
  1  anything else
  2  usage

Examples:
  lethe-check --trust root.pem out/*.pdf
  lethe-check --trust root.pem certificate.pdf LOOK-*.pdf
  lethe-check --trust root.pem --physical --quiet archive/*.pdf
  lethe-check --trust root.pem --json - < certificate.pdf | jq .sentence
`

// usage answers a command line that cannot be run, or a question for help.
func usage(stdout, stderr io.Writer, err error) int {
	if errors.Is(err, flag.ErrHelp) {
		if _, err := io.WriteString(stdout, help); err != nil {
			return fail(stderr, err)
		}
		return exitErased
	}
	complain(stderr, "%v\nrun lethe-check --help for how", err)
	return exitUsage
}

func fail(stderr io.Writer, err error) int {
	complain(stderr, "%v", err)
	return exitRefused
}

// complain writes to standard error, where nothing can be done if that fails.
func complain(stderr io.Writer, f string, a ...any) {
	_, _ = fmt.Fprintf(stderr, "lethe-check: "+f+"\n", a...)
}
