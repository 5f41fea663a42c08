package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"lethe/certs/check/checktest"
	"lethe/certs/record"
	"lethe/certs/sign"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"lethe-check": main})
}

// TestScripts gives every script real papers of one desk: cert.pdf (S1), notice.pdf
// (S2, never identified again), virtual.pdf (S3), look.pdf and differs.pdf (second looks at S1), sum.pdf (S1 and S2), root.pem, and
// other.pem, the root of somebody else.
func TestScripts(t *testing.T) {
	files := papers(t)
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(e *testscript.Env) error {
			for name, b := range files {
				if err := os.WriteFile(filepath.Join(e.WorkDir, name), b, 0o600); err != nil {
					return err
				}
			}
			return nil
		},
	})
}

func papers(t *testing.T) map[string][]byte {
	t.Helper()
	d := checktest.NewDesk(t, "S1", "S2", "S3")
	task := func(serial string) record.Task {
		return checktest.Task(checktest.Device(serial), d.Profile, d.Ref(t))
	}
	c := checktest.Context(false)
	cert := d.Paper(t, checktest.Run(t, task("S1")), c)
	notice := d.Paper(t, checktest.Run(t, task("S2"), func(e record.Event) *record.Event {
		if e.Closing != nil {
			return nil
		}
		return &e
	}), c)
	virtual := d.Paper(t, checktest.Run(t, task("S3")), checktest.Context(true))
	one := checktest.NewDesk(t, "S1")
	all := one.Paper(t, checktest.Run(t, checktest.Task(checktest.Device("S1"), one.Profile, one.Ref(t))), c)
	of, err := record.LookedAt(cert.Record, cert.RecordDigest)
	if err != nil {
		t.Fatal(err)
	}
	look := func(spoil ...func(record.Event) *record.Event) []byte {
		run := checktest.Again(t, of, cert.Record.Device, record.CheckFull, spoil...)
		return d.SecondLook(t, run, d.Looker(t)).PDF
	}
	return map[string][]byte{
		"look.pdf": look(),
		"differs.pdf": look(func(e record.Event) *record.Event {
			if c := e.CheckEnd; c != nil {
				c.MismatchBytes, c.Mismatches = 1536, []record.Range{{First: 512, End: 2048}}
			}
			return &e
		}),
		"root.pem":    sign.EncodeCertificates(d.Root.Certificate()),
		"other.pem":   sign.EncodeCertificates(one.Root.Certificate()),
		"leaf.pem":    sign.EncodeCertificates(d.Machine.Chain()...),
		"cert.pdf":    cert.PDF,
		"notice.pdf":  notice.PDF,
		"virtual.pdf": virtual.PDF,
		"sum.pdf":     d.Summary(t, "SUM-1", c, cert, notice).PDF,
		"allsum.pdf":  one.Summary(t, "SUM-2", c, all).PDF,
		"all.pdf":     all.PDF,
	}
}
