package main

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lethe/certs/check"
	"lethe/certs/pdf"
	"lethe/certs/record"
	"lethe/certs/sign"
	"lethe/inventory"
	"lethe/inventory/inventorytest"
)

// rig is two drives of this host, and the real binary to erase them.
type rig struct {
	t      *testing.T
	dir    string // keys/ and papers/
	roots  *x509.CertPool
	drives []*rigDrive
}

// rigDrive is a loop device and what was on it.
type rigDrive struct {
	dev, img, name string
	old            []byte
}

func newRig(t *testing.T, sizes ...int64) *rig { return newRigIn(t, nil, sizes...) }

// newRigIn has the image of drive i in the i-th folder, in memory where that is "".
func newRigIn(t *testing.T, folders []string, sizes ...int64) *rig {
	t.Helper()
	shm, err := os.MkdirTemp("/dev/shm", "lethe-rig-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(shm) })
	r := &rig{t: t, dir: t.TempDir()}
	if out, err := r.command("key", "init", "--name", "Example Ltd", "--dir", r.dir+"/keys").CombinedOutput(); err != nil {
		t.Fatalf("%s", out)
	}
	pem, err := os.ReadFile(r.dir + "/keys/root.pem")
	if err != nil {
		t.Fatal(err)
	}
	if r.roots, err = sign.ParseRoots(pem); err != nil {
		t.Fatal(err)
	}
	for i, size := range sizes {
		in := shm
		if i < len(folders) && folders[i] != "" {
			in = folders[i]
		}
		f, err := os.CreateTemp(in, "drive-*.img")
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(f.Truncate(size), f.Close()); err != nil {
			t.Fatal(err)
		}
		d := &rigDrive{img: f.Name(), dev: inventorytest.Attach(t, f.Name()), old: make([]byte, size)}
		r.drives = append(r.drives, d)
	}
	ds, err := inventory.Discover(context.Background())
	for _, f := range ds {
		for _, d := range r.drives {
			if f.NodePath == d.dev {
				d.name = f.Identity.Name()
			}
		}
	}
	for _, d := range r.drives {
		if d.name == "" {
			t.Fatalf("%s was not found: %v", d.dev, err)
		}
	}
	return r
}

// fill puts new data on the drives and empties the folder of papers.
func (r *rig) fill(seed uint64) {
	r.t.Helper()
	if err := os.RemoveAll(r.papers()); err != nil {
		r.t.Fatal(err)
	}
	var key [32]byte
	for i, d := range r.drives {
		key[0], key[1], key[2], key[3] = byte(seed), byte(seed>>8), byte(seed>>16), byte(i)
		rand.NewChaCha8(key).Read(d.old)
		f, err := os.OpenFile(d.img, os.O_WRONLY, 0)
		if err != nil {
			r.t.Fatal(err)
		}
		_, err = f.WriteAt(d.old, 0)
		if err := errors.Join(err, f.Close()); err != nil {
			r.t.Fatal(err)
		}
	}
}

func (r *rig) papers() string { return filepath.Join(r.dir, "papers") }

func (r *rig) command(args ...string) *exec.Cmd {
	return exec.Command(filepath.Join(binDir, "lethe"), args...)
}

func (r *rig) signed(args ...string) []string {
	return append(args, "--key", r.dir+"/keys/agent-key.pem", "--cert", r.dir+"/keys/agent.pem", "--papers", r.papers())
}

// erase is the command that erases all drives, as a person would type it.
func (r *rig) erase(more ...string) *exec.Cmd {
	args := append([]string{"erase", "--countdown", "0s"}, more...)
	for _, d := range r.drives {
		args = append(args, "--device", d.dev, "--confirm", d.name)
	}
	return r.command(r.signed(args...)...)
}

func (r *rig) recover(more ...string) *exec.Cmd {
	return r.command(r.signed(append([]string{"recover"}, more...)...)...)
}

// must runs a command that has to succeed and returns what it said.
func (r *rig) must(cmd *exec.Cmd) string {
	r.t.Helper()
	out, err := cmd.CombinedOutput()
	if err != nil {
		r.t.Fatalf("%v: %v\n%s", cmd.Args[1], err, out)
	}
	return string(out)
}

// status is the exit status of a command that has ended, -1 if a signal ended it.
func status(err error) int {
	var e *exec.ExitError
	if errors.As(err, &e) {
		return e.ExitCode()
	}
	return 0
}

// journals are the journals without papers: name to content.
func (r *rig) journals() map[string][]byte {
	out := map[string][]byte{}
	files, _ := filepath.Glob(filepath.Join(journalDir(r.papers()), "*"+journalSuffix))
	for _, f := range files {
		if strings.HasSuffix(f, issuedSuffix) {
			continue
		}
		if b, err := os.ReadFile(f); err == nil {
			out[strings.TrimSuffix(filepath.Base(f), journalSuffix)] = b
		}
	}
	return out
}

// paper is one paper that was found, with what it says.
type paper struct {
	file   string
	bytes  []byte
	report check.Report
}

// audit reads the folder as an auditor would who also has the drives: papers known
// already must be as they were, new ones authentic and true. It returns them all.
func (r *rig) audit(known map[string]paper) map[string]paper {
	r.t.Helper()
	all := map[string]paper{}
	files, err := filepath.Glob(filepath.Join(r.papers(), "*.pdf"))
	if err != nil {
		r.t.Fatal(err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			r.t.Fatal(err)
		}
		p := paper{f, b, check.Check(b, check.Options{Roots: r.roots})}
		all[f] = p
		if !p.report.OK() {
			r.t.Errorf("%s is not authentic: %s", filepath.Base(f), p.report.Failed())
		}
		if _, old := known[f]; !old && p.report.Record != nil {
			r.true(p)
		}
	}
	for f, p := range known {
		if !bytes.Equal(all[f].bytes, p.bytes) {
			r.t.Errorf("%s was lost or changed", filepath.Base(f))
		}
	}
	return all
}

// true holds a paper against the bytes that are on its drive, with nothing but
// crypto/cipher and the key it reveals.
func (r *rig) true(p paper) {
	r.t.Helper()
	rec := p.report.Record
	for _, d := range r.drives {
		if d.name != rec.Device.Identity.Name() {
			continue
		}
		now, err := os.ReadFile(d.img)
		if err != nil {
			r.t.Fatal(err)
		}
		if rec.Kind == record.KindCertificate {
			if err := isPass(now, rec.Passes[len(rec.Passes)-1]); err != nil || d.remains(now, 0, len(now)) > 0 {
				r.t.Errorf("CERTIFICATE WITHOUT A FULL ERASE: %s of %s: %v, %d old sectors", rec.ID, d.dev, err, d.remains(now, 0, len(now)))
			}
			return
		}
		for _, s := range r.stretches(p) {
			if n := d.remains(now, int(s.First), int(s.End)); n > 0 {
				r.t.Errorf("%s says %d to %d were written: %d old sectors are there", rec.ID, s.First, s.End, n)
			}
		}
		return
	}
	r.t.Errorf("%s is of no drive of this rig", rec.ID)
}

// stretches are those that the transcript in a paper says were written.
func (r *rig) stretches(p paper) (out []record.Range) {
	r.t.Helper()
	doc, err := pdf.Read(p.bytes)
	if err != nil {
		r.t.Fatal(err)
	}
	run, err := record.ParseTranscript(doc.Attachments[pdf.AttachTranscript])
	if err != nil {
		r.t.Fatal(err)
	}
	for _, l := range run.Lines {
		if s := l.Event.Stretch; s != nil && !s.Check {
			out = append(out, s.Range)
		}
	}
	return out
}

// remains counts the sectors in a range that still hold what they held before.
func (d *rigDrive) remains(now []byte, from, to int) (n int) {
	for i := from; i < to; i += 512 {
		if bytes.Equal(now[i:i+512], d.old[i:i+512]) {
			n++
		}
	}
	return n
}

// isPass reports whether the bytes are those of a pass: of one that was resumed, each
// part by its own key, from the first byte to the last.
func isPass(now []byte, p record.PassDone) error {
	if len(p.Parts) == 0 {
		return isStream(now, p)
	}
	at := record.Size(0)
	for _, q := range p.Parts {
		if q.Range.First != at || q.Range.End > record.Size(len(now)) {
			return errors.New("the parts leave a hole")
		}
		at = q.Range.End
		if err := isStreamAt(now[q.Range.First:q.Range.End], int(q.Range.First), record.PassDone{Commitment: q.Commitment, Key: q.Key, IV: q.IV}); err != nil {
			return fmt.Errorf("%d to %d: %w", q.Range.First, q.Range.End, err)
		}
	}
	if at != record.Size(len(now)) {
		return errors.New("the parts end early")
	}
	return nil
}

// isStream reports whether the bytes are the stream of the key a pass reveals, and
// the key the one that was committed.
func isStream(now []byte, p record.PassDone) error { return isStreamAt(now, 0, p) }

func isStreamAt(now []byte, off int, p record.PassDone) error {
	key, err := hex.DecodeString(p.Key)
	if err != nil {
		return err
	}
	iv, err := hex.DecodeString(p.IV)
	if err != nil {
		return err
	}
	if d := sha256.Sum256(append(bytes.Clone(key), iv...)); hex.EncodeToString(d[:]) != p.Commitment {
		return errors.New("the key is not the one committed")
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return err
	}
	want := make([]byte, off+len(now))
	cipher.NewCTR(block, iv).XORKeyStream(want, want)
	if !bytes.Equal(now, want[off:]) {
		return errors.New("the drive does not hold the stream")
	}
	return nil
}

// until polls, quicker than a line is written.
func until(limit time.Duration, f func() bool) bool {
	for end := time.Now().Add(limit); time.Now().Before(end); time.Sleep(200 * time.Microsecond) {
		if f() {
			return true
		}
	}
	return false
}
