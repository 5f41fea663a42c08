package main

import (
	"bytes"
	"crypto/x509"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"lethe/certs/bundle/durable"
	"lethe/certs/check"
	"lethe/certs/check/checktest"
	"lethe/certs/record"
	"lethe/certs/sign"
	"lethe/cmd/internal/cli"
	"lethe/inventory"
	"lethe/wipe/profile"
)

// bench is a folder of papers and a key, without drives.
type bench struct {
	t      *testing.T
	papers string
	signer sign.Signer
	roots  *x509.CertPool
	said   bytes.Buffer
}

func newBench(t *testing.T) *bench {
	t.Helper()
	root, err := sign.NewAuthority("Test root", sign.Lasting(checktest.Began, 365*24*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{t: t, papers: t.TempDir(), roots: root.Pool()}
	if b.signer, err = root.Leaf(sign.RoleRecord, "agent", sign.Lasting(time.Now(), time.Hour)); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(journalDir(b.papers), 0o750); err != nil {
		t.Fatal(err)
	}
	return b
}

// erased is the transcript of an erase of a drive that ended in order.
func erased(t *testing.T, serial string) *record.Transcript {
	t.Helper()
	p, err := profile.ByID(profile.Default)
	if err != nil {
		t.Fatal(err)
	}
	task := checktest.Task(checktest.Device(serial), p, nil)
	task.Plan = record.Digest([]byte("plan of " + serial))
	return checktest.Run(t, task)
}

// keep has the product's journal keep a transcript, up to a crash before its paper.
func (b *bench) keep(run *record.Transcript) (task string) {
	b.t.Helper()
	first := run.Lines[0].Event.Task
	note := runNote{Format: runFormat, Plan: first.Plan, Labels: checktest.Labels(), Machine: checktest.Context(false).Machine,
		Tool: record.Tool{Name: "lethe", Version: "then"}, Clock: record.Clock{Source: "rtc", Quality: "unauthenticated"}}
	j, err := openJournal(journalDir(b.papers), b.signer)
	if err != nil {
		b.t.Fatal(err)
	}
	defer j.Close()
	if err := writeRun(j.dir, note, b.signer); err != nil {
		b.t.Fatal(err)
	}
	for _, l := range run.Lines {
		if err := j.Append(b.t.Context(), first.ID, l); err != nil {
			b.t.Fatal(err)
		}
	}
	return first.ID
}

func (b *bench) file(name string) string { return filepath.Join(journalDir(b.papers), name) }

func (b *bench) recover() int {
	b.t.Helper()
	b.said.Reset()
	n, err := recoverIn(cli.Env{Stdout: &b.said, Stderr: &b.said, Width: 80}, b.papers, b.signer, b.roots)
	if err != nil {
		b.t.Fatalf("recover: %v\n%s", err, &b.said)
	}
	return n
}

// paper checks the task's paper as an auditor would.
func (b *bench) paper(task string) check.Report {
	b.t.Helper()
	pdf, err := os.ReadFile(filepath.Join(b.papers, task+".pdf"))
	if err != nil {
		b.t.Fatalf("%v\n%s", err, &b.said)
	}
	r := check.Check(pdf, check.Options{Roots: b.roots})
	if !r.OK() {
		b.t.Fatalf("%s is not authentic: %+v", task, r.Lines)
	}
	return r
}

// The supervisor died between a task's end and its paper: the certificate is issued
// by the next one, once, and says machine, tool and labels of then.
func TestRecoverIssuesWhatWasSealed(t *testing.T) {
	b := newBench(t)
	task := b.keep(erased(t, "S1"))
	if n := b.recover(); n != 1 {
		t.Fatalf("%d papers: %s", n, &b.said)
	}
	r := b.paper(task)
	c := r.Record.Context
	if r.Outcome() != check.Erased || c.Machine.Serial != "SRV-0001" || c.Tool.Version != "then" || c.Labels.Contract != "C-1001" || time.Since(c.Issued.Time) > time.Minute {
		t.Errorf("%s %+v", r.Outcome(), c)
	}
	// Taken out of the folder, it is not issued again.
	//
	// mutant: journal_linux.go: filepath.Join(dir, task+issuedSuffix) => filepath.Join(dir, task+journalSuffix)
	if err := os.Remove(filepath.Join(b.papers, task+".pdf")); err != nil {
		t.Fatal(err)
	}
	if n := b.recover(); n != 0 {
		t.Errorf("issued %d times", n+1)
	}
}

// A whole erase that somebody wrote into the folder becomes no certificate: neither
// without a seal, nor with the seal of another key, of another task, of other lines.
//
// mutant: recover_seal.go: return err == nil && unseal(b, s, &v) == nil && v == seal{sealFormat, task, ref} => _, _, _ = b, err, v; return true
// mutant: recover_seal.go: if !ok || !ecdsa.VerifyASN1(pub, sealDigest(e.Body), e.Sig) { => if _ = pub; !ok {
func TestRecoverSignsNoForgedErase(t *testing.T) {
	b, other := newBench(t), newBench(t)
	sealed := func(s sign.Signer, v seal) []byte {
		raw, err := sealUp(v, s)
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	run := erased(t, "S1")
	id, ref := run.Lines[0].Event.Task.ID, run.Ref()
	fewer := ref
	fewer.Lines--
	for name, raw := range map[string][]byte{
		"none": nil, "noise": []byte("noise"),
		"another key":        sealed(other.signer, seal{sealFormat, id, ref}),
		"another task":       sealed(b.signer, seal{sealFormat, "LTH-20261124-S2", ref}),
		"other lines":        sealed(b.signer, seal{sealFormat, id, fewer}),
		"another note":       sealed(b.signer, seal{runFormat, id, ref}),
		"a key of one's own": []byte(`{"body":"` + strings.Repeat("A", 40) + `","sig":""}`),
	} {
		t.Run(name, func(t *testing.T) {
			b := &bench{t: t, papers: t.TempDir(), signer: b.signer, roots: b.roots}
			if err := os.Mkdir(journalDir(b.papers), 0o750); err != nil {
				t.Fatal(err)
			}
			b.keep(run)
			if err := os.Remove(b.file(id + sealSuffix)); err != nil {
				t.Fatal(err)
			}
			if raw != nil {
				if err := os.WriteFile(b.file(id+sealSuffix), raw, 0o640); err != nil {
					t.Fatal(err)
				}
			}
			b.recover()
			if r := b.paper(id); r.Outcome() != check.Notice || r.Verdict.State != record.Incomplete {
				t.Errorf("%s: %s %s", name, r.Outcome(), r.Verdict.State)
			}
		})
	}
}

// A note of the run that somebody changed is not believed: the paper cannot lose its
// VIRTUAL mark that way.
func TestRecoverBelievesNoOtherNote(t *testing.T) {
	b, other := newBench(t), newBench(t)
	run := erased(t, "S1")
	task := b.keep(run)
	note := b.file(run.Lines[0].Event.Task.Plan + runSuffix)
	if err := os.Remove(note); err != nil {
		t.Fatal(err)
	}
	forged := runNote{Format: runFormat, Plan: run.Lines[0].Event.Task.Plan, Machine: record.Machine{Serial: "FORGED"}}
	if err := writeRun(journalDir(b.papers), forged, other.signer); err != nil {
		t.Fatal(err)
	}
	b.recover()
	if r := b.paper(task); r.Record.Context.Machine.Serial != inventory.ReadMachine().Serial || !strings.Contains(b.said.String(), "cannot be read") {
		t.Errorf("%+v\n%s", r.Record.Context.Machine, &b.said)
	}
}

// What is no journal is told in a line and left alone.
func TestRecoverLeavesAlone(t *testing.T) {
	b := newBench(t)
	odd := map[string][]byte{"noise.jsonl": []byte("noise\n"), "empty.jsonl": nil, "-.jsonl": []byte("x"),
		"torn.jsonl": erased(t, "S2").Bytes()[:100], "readme.txt": []byte("no journal"), "zeros.jsonl": make([]byte, 4096)}
	for name, c := range odd {
		if err := os.WriteFile(b.file(name), c, 0o640); err != nil {
			t.Fatal(err)
		}
	}
	if err := unix.Mkfifo(b.file("fifo.jsonl"), 0o640); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/etc/passwd", b.file("link.jsonl")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(b.file("folder.jsonl"), 0o750); err != nil {
		t.Fatal(err)
	}
	if n := b.recover(); n != 0 {
		t.Errorf("%d papers issued", n)
	}
	for name, c := range odd {
		if got, err := os.ReadFile(b.file(name)); err != nil || !bytes.Equal(got, c) {
			t.Errorf("%s was changed: %v", name, err)
		}
	}
	for _, name := range []string{"noise", "empty", "-", "torn", "zeros", "fifo", "link", "folder"} {
		if n := strings.Count(b.said.String(), string(filepath.Separator)+name+".jsonl: left alone: "); n != 1 {
			t.Errorf("%s.jsonl is told %d times:\n%s", name, n, &b.said)
		}
	}
	if strings.Contains(b.said.String(), "readme") || strings.Count(b.said.String(), "\n") != 8 {
		t.Errorf("said:\n%s", &b.said)
	}
}

// A torn journal's notice says so, whatever boot it is from.
func TestRecoverTellsTheTornLine(t *testing.T) {
	b := newBench(t)
	run := erased(t, "S1")
	task := b.keep(run)
	if err := os.Truncate(b.file(task+journalSuffix), int64(len(run.Bytes())-500)); err != nil {
		t.Fatal(err)
	}
	b.recover()
	r := b.paper(task)
	why := strings.Join(r.Verdict.Reasons, " ")
	if r.Outcome() != check.Notice || !strings.Contains(why, "found after a restart of the machine; the last line of the journal was torn") {
		t.Errorf("%s: %s", r.Outcome(), why)
	}
}

// A journal that could not keep a line keeps none after it, and what it has are whole
// lines: a later one would not follow.
func TestJournalFull(t *testing.T) {
	b := newBench(t)
	small := t.TempDir()
	if err := unix.Mount("lethe-journal", small, "tmpfs", 0, "size=16k"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Unmount(small, 0) })
	j, err := openJournal(filepath.Join(small, "transcripts"), b.signer)
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	run := erased(t, "S1")
	detail := strings.Repeat("x", 3000)
	var full error
	kept := 0
	for full == nil {
		l, err := run.Append(1<<50, record.At(later()), record.Event{Stopped: &record.Stopped{By: "test", Detail: detail}})
		if err != nil {
			t.Fatal(err)
		}
		if full = j.Append(t.Context(), "T1", l); full == nil {
			kept++
		}
		if kept > 100 {
			t.Fatal("the disk never fills")
		}
	}
	// mutant: journal_linux.go: f.file.Truncate(f.size) => nil
	if err := j.Append(t.Context(), "T1", run.Lines[0]); err == nil {
		t.Error("a line was taken after one was not")
	}
	got, err := os.ReadFile(filepath.Join(small, "transcripts", "T1.jsonl"))
	if err != nil || !durable.Full(full) {
		t.Fatal(err, full)
	}
	if n := bytes.Count(got, []byte("\n")); n != kept || !bytes.HasSuffix(got, []byte("\n")) {
		t.Errorf("%d lines kept, %d in the file, its end %q", kept, n, got[max(0, len(got)-20):])
	}
}

func later() time.Time { return checktest.Began.Add(time.Hour) }
