package main

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"lethe/certs/check/checktest"
	"lethe/certs/pdf"
	"lethe/certs/record"
	"lethe/certs/sign"
	"lethe/wipe"
)

// came is what the kills of TestResumes came to.
type came struct {
	supervisor, worker, late int
	resumed, anew            int // tasks of killed processes
	written                  float64
}

// SIGKILL of the supervisor or of a worker at random points, then lethe erase once more,
// as before: what was cut short goes on, ends certified, and the host finds every byte
// to be that of the key revealed for it, with less than two passes written.
//
// mutant: journal_linux.go: if l.Event.Kept != nil || l.Event.PassEnd != nil { => if false {
func TestResumes(t *testing.T) {
	seed := anySeed(t)
	t.Logf("LETHE_SEED=%d, %d kills", seed, resumes)
	r := newRig(t, 64<<20, 96<<20+512)
	rng := rand.New(rand.NewPCG(seed, 2))
	lines := calibrate(r)
	var sum came
	start := time.Now()
	for i := 0; sum.supervisor+sum.worker < resumes && !t.Failed(); i++ {
		k := &kill{rig: r, rng: rng, worker: rng.IntN(2) == 1, victim: r.drives[rng.IntN(2)], lines: 3 + rng.IntN(lines-3)}
		k.wait = time.Duration(rng.IntN(2000)) * time.Microsecond
		r.fill(seed + uint64(i))
		k.resume(&sum)
		if t.Failed() {
			t.Logf("round %d: %s", i, k)
		}
		if n := sum.supervisor + sum.worker; n > 0 && n%25 == 0 {
			t.Logf("%d kills after %s: %+v", n, time.Since(start).Round(time.Second), sum)
		}
		if sum.late > 5*resumes+10 {
			t.Fatalf("too many kills come too late: %+v", sum)
		}
	}
	t.Logf("%+v in %s; %.2f passes written on average", sum, time.Since(start).Round(time.Second), sum.written/float64(2*(sum.supervisor+sum.worker)))
	if sum.resumed == 0 {
		t.Error("nothing went on")
	}
}

// resume kills, erases again and audits.
func (k *kill) resume(sum *came) {
	t := k.t
	t.Helper()
	before := map[string]int64{}
	for _, d := range k.drives {
		before[d.dev] = written(t, d.dev)
	}
	cmd := k.erase()
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	workers, hit := k.strike(cmd, ended)
	err := <-ended
	if !until(10*time.Second, func() bool { return !anyAlive(workers) }) {
		t.Errorf("a worker outlives its supervisor")
	}
	for _, d := range k.drives {
		if !until(10*time.Second, func() bool { return exclusive(d.dev) == nil }) {
			t.Errorf("%s is not let go of", d.dev)
		}
	}
	switch {
	case !hit:
		sum.late++
		return
	case k.worker:
		sum.worker++
		if s := status(err); s != 0 && s != 4 {
			t.Errorf("a killed worker: exit status %d\n%s", s, &out)
		}
	default:
		sum.supervisor++
	}
	// What had ended gets its paper before its drive, named again, is erased anew.
	if said, err := k.recover().CombinedOutput(); status(err) != 0 && status(err) != 5 {
		t.Errorf("recover: %s", said)
	}
	kept := k.audit(nil)
	if n := k.certified(kept); n < len(k.drives) { // else the supervisor got over it
		said := k.must(k.erase())
		if n := k.certified(k.audit(kept)); n < len(k.drives) {
			t.Errorf("%d of %d drives are certified:\n%s", n, len(k.drives), said)
		}
	}
	files, _ := filepath.Glob(filepath.Join(k.papers(), "*.pdf"))
	anew := false  // before anything was kept: all of it may have been written twice
	atEnd := false // a worker that was killed when the keys were revealed: nothing is read back after that
	for _, file := range files {
		atEnd = atEnd || k.worker && revealedAndStopped(t, file)
		switch n := resumedIn(t, file); {
		case n > 0:
			sum.resumed++
		case n == 0:
			anew = true
			sum.anew++
		}
	}
	if js := k.journals(); len(js) > 0 {
		t.Errorf("%d journals have no papers", len(js))
	}
	if left, _ := filepath.Glob(filepath.Join(journalDir(k.papers()), "*"+resumeSuffix)); len(left) > 0 {
		t.Errorf("keys are left behind: %q", left)
	}
	for _, d := range k.drives {
		n := written(t, d.dev) - before[d.dev]
		// Who names a drive again that has its certificate has it erased anew.
		if twice := 2 * int64(len(d.old)); d == k.victim && !k.has(kept, d) && (n > twice || n == twice && !atEnd && !anew) {
			t.Errorf("%s: %d bytes written, it has %d", d.dev, n, len(d.old))
		}
		sum.written += float64(n) / float64(len(d.old))
	}
}

// has reports whether a drive has its certificate among the papers.
func (k *kill) has(ps map[string]paper, d *rigDrive) bool {
	for _, p := range ps {
		if rec := p.report.Record; rec != nil && rec.Kind == record.KindCertificate && rec.Device.Identity.Name() == d.name {
			return true
		}
	}
	return false
}

// certified is how many drives have a certificate.
func (k *kill) certified(ps map[string]paper) (n int) {
	for _, p := range ps {
		if p.report.Record != nil && p.report.Kind == record.KindCertificate {
			n++
		}
	}
	return n
}

// resumedIn is how often the task of a paper went on; -1 for a summary.
func resumedIn(t *testing.T, file string) int {
	t.Helper()
	raw := transcriptIn(t, file)
	if raw == nil {
		return -1
	}
	return bytes.Count(raw, []byte(`"resumed":{`))
}

// revealedAndStopped reports whether a task was stopped after its keys were revealed.
func revealedAndStopped(t *testing.T, file string) bool {
	t.Helper()
	raw := transcriptIn(t, file)
	return bytes.Contains(raw, []byte(`"reveal":{`)) && bytes.Contains(raw, []byte(`"stopped":{`))
}

// transcriptIn are the lines that a paper carries; nil for a summary.
func transcriptIn(t *testing.T, file string) []byte {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := pdf.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	return doc.Attachments[pdf.AttachTranscript]
}

// written is how many bytes the kernel has written to a loop device.
func written(t *testing.T, dev string) int64 {
	t.Helper()
	b, err := os.ReadFile("/sys/block/" + filepath.Base(dev) + "/stat")
	if err != nil {
		t.Fatal(err)
	}
	f := strings.Fields(string(b))
	n, err := strconv.ParseInt(f[6], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n * 512
}

// halfway erases a drive with its worker held still, once something was kept, and kills
// both. It returns the task.
func halfway(r *rig) (task string) {
	r.t.Helper()
	d := r.drives[0]
	cmd := r.erase()
	if err := cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
	k := &kill{rig: r, victim: d}
	held := 0
	if !until(60*time.Second, func() bool {
		for _, b := range r.journals() {
			if bytes.Count(b, []byte(`"kept":{`)) > 1 { // the note of the first is there
				held = k.workerOf(d, children(cmd.Process.Pid))
				return held > 0 && syscall.Kill(held, syscall.SIGSTOP) == nil
			}
		}
		return false
	}) {
		r.t.Fatal("nothing was kept")
	}
	err := errors.Join(cmd.Process.Kill(), syscall.Kill(held, syscall.SIGKILL))
	_ = cmd.Wait()
	if err != nil || !until(10*time.Second, func() bool { return exclusive(d.dev) == nil }) {
		r.t.Fatalf("the drive is not let go of: %v", err)
	}
	for task := range r.journals() {
		return task
	}
	r.t.Fatal("there is no journal")
	return ""
}

// What could go on is not given up unasked, and goes on only where the journal is the
// one that its supervisor has vouched for.
func TestResumeIsOffered(t *testing.T) {
	r := newRig(t, 192<<20)
	r.fill(11)
	task := halfway(r)
	note := filepath.Join(journalDir(r.papers()), task+resumeSuffix)
	if st, err := os.Stat(note); err != nil || st.Mode().Perm() != 0o600 {
		t.Fatalf("the note that has the key: %v %v", st, err)
	}
	out, err := r.recover().CombinedOutput()
	if status(err) != 5 || !strings.Contains(string(out), "can go on") || !strings.Contains(string(out), "--conclude") {
		t.Errorf("recover: status %d: %s", status(err), out)
	}
	// It is found, and not when its journal or its note is another.
	b, err := os.ReadFile(filepath.Join(journalDir(r.papers()), task+journalSuffix))
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := os.ReadFile(note)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := readSigner(r.dir+"/keys/agent-key.pem", r.dir+"/keys/agent.pem")
	if err != nil {
		t.Fatal(err)
	}
	find := func() []wipe.Unfinished {
		return (&recovery{dir: journalDir(r.papers()), papers: r.papers(), signer: signer}).unfinished(time.Now())
	}
	if us := find(); len(us) != 1 {
		t.Fatalf("%d tasks can go on", len(us))
	}
	write := func(name string, b []byte, perm os.FileMode) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(journalDir(r.papers()), name), b, perm); err != nil {
			t.Fatal(err)
		}
	}
	// mutant: resume.go: if t.Ref() != note.Transcript || len(t.Lines) == 0 => if len(t.Lines) == 0
	forged := bytes.Replace(b, []byte(`"confirmed":"`), []byte(`"confirmed":"x`), 1)
	write(task+journalSuffix, rechained(t, forged), 0o640)
	if us := find(); len(us) != 0 {
		t.Error("a journal that nobody has vouched for can go on")
	}
	write(task+journalSuffix, b, 0o640)
	// mutant: recover_seal.go: if !ok || !ecdsa.VerifyASN1(pub, sealDigest(e.Body), e.Sig) { => if _ = pub; !ok {
	other := bytes.Clone(sealed)
	other[bytes.Index(other, []byte(`"sig":"`))+20] ^= 1
	write(task+resumeSuffix, other, 0o600)
	if us := find(); len(us) != 0 {
		t.Error("a note that nobody has sealed is believed")
	}
	write(task+resumeSuffix, sealed, 0o600)
	// What comes after is cut off, and told.
	write(task+journalSuffix, append(bytes.Clone(b), "{\"half\":"...), 0o640)
	said := r.must(r.erase())
	if !strings.Contains(said, "it was cut short and goes on: pass 1 of 1 at byte") {
		t.Errorf("the plan does not say that it goes on:\n%s", said)
	}
	ps := r.audit(nil)
	if certificates(ps) != 1 || resumedIn(t, filepath.Join(r.papers(), task+".pdf")) != 1 {
		t.Errorf("%d certificates:\n%s", certificates(ps), said)
	}
	if _, err := os.Stat(note); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the key is left behind: %v", err)
	}
}

// rechained makes the lines of a changed journal follow each other again.
func rechained(t *testing.T, b []byte) []byte {
	t.Helper()
	out := &record.Transcript{}
	for line := range bytes.Lines(b) {
		var l record.Line
		if err := record.Unmarshal(bytes.TrimSuffix(line, []byte("\n")), &l); err != nil {
			t.Fatal(err)
		}
		if _, err := out.Append(l.Mono, l.Wall, l.Event); err != nil {
			t.Fatal(err)
		}
	}
	return out.Bytes()
}

// Who says so begins anew: the task that could go on gets its notice first.
func TestNoResume(t *testing.T) {
	r := newRig(t, 192<<20)
	r.fill(12)
	task := halfway(r)
	said := r.must(r.erase("--no-resume"))
	if !strings.Contains(said, "recovered") || strings.Contains(said, "goes on") {
		t.Errorf("%s", said)
	}
	ps := r.audit(map[string]paper{})
	if p := ps[filepath.Join(r.papers(), task+".pdf")]; p.report.Kind != record.KindNotice || certificates(ps) != 1 {
		t.Errorf("%s is a %s, %d certificates", task, p.report.Kind, certificates(ps))
	}
}

// A task goes on only while its order is in force; afterwards it is concluded.
//
// mutant: resume.go: if now.After(o.Window.NotAfter.Time) { => if false {
func TestGoesOnUnderItsOrderOnly(t *testing.T) {
	b := newBench(t)
	run := ordered(t, func(k *record.Task) { k.Plan = record.Digest([]byte("plan")) })
	task := run.Lines[0].Event.Task
	raw, err := record.Marshal(checktest.Order("S1"))
	if err != nil {
		t.Fatal(err)
	}
	root, err := sign.NewAuthority("Test root", sign.Lasting(checktest.Began, 365*24*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	approver, err := root.Leaf(sign.RoleOrder, "approver", sign.Lasting(checktest.Began, time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	envelope, err := sign.SignDSSE(sign.PayloadOrder, raw, approver)
	if err != nil {
		t.Fatal(err)
	}
	j, err := openJournal(journalDir(b.papers), b.signer)
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	if err := writeRun(j.dir, runNote{Format: runFormat, Plan: task.Plan, Order: envelope}, b.signer); err != nil {
		t.Fatal(err)
	}
	for _, l := range run.Lines {
		if l.Event.PassBegin != nil { // the transcript reveals its key at the end
			k := run.Lines[slices.IndexFunc(run.Lines, func(l record.Line) bool { return l.Event.Reveal != nil })].Event.Reveal
			if err := j.Keep(t.Context(), task.ID, wipe.Key(*k)); err != nil {
				t.Fatal(err)
			}
		}
		if err := j.Append(t.Context(), task.ID, l); err != nil {
			t.Fatal(err)
		}
		if l.Event.PassEnd != nil {
			break
		}
	}
	r := &recovery{dir: j.dir, papers: b.papers, signer: b.signer}
	window := checktest.Order("S1").Window
	if _, err := r.unfinishedTask(task.ID, window.NotAfter.Time); err != nil {
		t.Errorf("in force: %v", err)
	}
	if _, err := r.unfinishedTask(task.ID, window.NotAfter.Add(time.Second)); !errors.Is(err, errOrderOver) {
		t.Errorf("over: %v", err)
	}
	if err := os.Remove(filepath.Join(j.dir, task.Plan+runSuffix)); err != nil {
		t.Fatal(err)
	}
	if _, err := r.unfinishedTask(task.ID, window.NotAfter.Time); err == nil {
		t.Error("it goes on under an order that is not there")
	}
}
