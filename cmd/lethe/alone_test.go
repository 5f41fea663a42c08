package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"lethe/certs/record"
	"lethe/inventory"
	"lethe/inventory/inventorytest"
)

// nobody is Debian's user without rights.
const nobody = 65534

// What a user without rights may not do is refused before anything else happens.
func TestRefusedToNobody(t *testing.T) {
	w := newWorld(t).in(t)
	dir, err := os.MkdirTemp("/tmp", "lethe-nobody-") // $TMPDIR may be closed to nobody
	w.must(err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	w.must(os.Chmod(dir, 0o755))
	exe, err := os.ReadFile(filepath.Join(binDir, "lethe"))
	w.must(err)
	w.must(os.WriteFile(filepath.Join(dir, "lethe"), exe, 0o755))
	own := func(name string) string { // a copy that nobody may read and write
		b, err := os.ReadFile(name)
		w.must(err)
		to := filepath.Join(dir, filepath.Base(name))
		w.must(os.WriteFile(to, b, 0o600))
		w.must(os.Chown(to, nobody, nobody))
		w.watched = append(w.watched, to)
		return to
	}
	k, c := w.key("agent")
	key, cert, img := own(k), own(c), own(w.image(8192))
	closed := filepath.Join(dir, "closed.pem")
	w.must(os.WriteFile(closed, []byte("secret"), 0o600))
	for _, r := range []struct {
		row
		args []string
	}{
		// mutant: target.go: unix.R_OK|unix.W_OK, unix.AT_EACCESS); err != nil { => unix.F_OK, unix.AT_EACCESS); err != nil {
		{row{name: "drive", status: 3, say: "may not be opened for writing (permission denied): run lethe as root"}, named(w.dev, w.serial)},
		{row{name: "image file of another", status: 3, say: "run lethe as root"}, named(w.img2, "X")},
		{row{name: "folder out of reach", status: 3, say: "run lethe as root"}, named(k, "X")},
		{row{name: "key of another", status: 3, say: "permission denied"}, append(named(img, "X"), "--key", closed)},
		{row{name: "image file while who uses it cannot be told", status: 3, say: "cannot tell what loop"}, named(img, w.fileName(img))},
	} {
		t.Run(r.name, func(t *testing.T) {
			w := *w
			w.t = t
			args := append([]string{"erase", "--countdown", "0s", "--key", key, "--cert", cert, "--papers", dir + "/papers"}, r.args...)
			cmd := exec.Command(filepath.Join(dir, "lethe"), args...)
			cmd.Dir = dir
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
			w.expect(cmd, r.row)
		})
	}
}

// Two at once on one drive: the second gets its line, the first its certificate.
//
// mutant: claim_linux.go: c = append(c, one) => _ = one.Close()
func TestTwoAtOnce(t *testing.T) {
	w := newWorld(t).in(t)
	img := w.image(8 << 20)
	loop := inventorytest.Attach(t, w.image(8<<20))
	for _, c := range []struct{ dev, name string }{{loop, w.nameOf(loop)}, {img, w.fileName(img)}} {
		papers := t.TempDir()
		first := w.command(append(named(c.dev, c.name), "--papers", papers)...)
		var out bytes.Buffer
		first.Stdout, first.Stderr = &out, &out
		w.must(first.Start())
		w.begun(papers)
		// Held in the midst of it, so that it cannot be over before the second looks.
		w.must(first.Process.Signal(syscall.SIGSTOP))
		status, errs := w.run(w.command(named(c.dev, c.name)...), nil)
		w.must(first.Process.Signal(syscall.SIGCONT))
		if status != 3 || len(errs) != 1 || !strings.Contains(errs[0], "in use") {
			t.Errorf("%s: the second ended %d with %q; want 3 and one line", c.dev, status, errs)
		}
		if err := first.Wait(); err != nil || !strings.Contains(out.String(), "1 of 1 drives sanitised") {
			t.Errorf("%s: the first: %v\n%s", c.dev, err, &out)
		}
	}
	if papers := w.papers(); len(papers) > 0 {
		t.Errorf("the second left %q", papers)
	}
}

// begun waits until a run has written the first line of its transcript.
func (w *world) begun(papers string) {
	w.t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		files, _ := filepath.Glob(filepath.Join(papers, "transcripts", "*.jsonl"))
		if len(files) > 0 {
			return
		}
	}
	w.t.Fatal("the first does not begin")
}

// An order touches the drives it names and no other, and says which it missed.
func TestOrderTouchesOnlyWhatItNames(t *testing.T) {
	w := newWorld(t).in(t)
	before := w.sums() // of w.img and w.img2
	status, errs := w.run(w.command(w.order(func(o *record.Order) {
		o.Drives, o.Count = append(o.Drives, record.DriveTarget{Serial: "GONE-1"}), 2
	})...), nil)
	if status != 3 || len(errs) != 1 || !strings.Contains(errs[0], "GONE-1: not found in this machine") {
		t.Errorf("status %d, %q; want 3 and what was missed", status, errs)
	}
	after := w.sums()
	if after[0] == before[0] || after[1] != before[1] {
		t.Errorf("erased %v and %v; want the first only", after[0] != before[0], after[1] != before[1])
	}
	if b, err := os.ReadFile(w.img); err != nil || bytes.Contains(b, []byte("TOP SECRET")) {
		t.Errorf("the named drive still tells: %v", err)
	}
	if n := len(w.papers()); n != 2 {
		t.Errorf("%d papers; want a certificate and a summary: %v", n, slices.Sorted(slices.Values(w.papers())))
	}
}

func TestTyped(t *testing.T) {
	one := inventory.Device{Device: record.Device{Identity: record.Identity{Serial: "S", NSID: 1}}}
	two := inventory.Device{Device: record.Device{Identity: record.Identity{Serial: "S", NSID: 2}, Siblings: []string{"nvme0n1"}}}
	disk := inventory.Device{Device: record.Device{Identity: record.Identity{Serial: "S"}}}
	if word(one) != "S" || word(two) != "S/2" || word(disk) != "S" {
		t.Errorf("words %q, %q, %q", word(one), word(two), word(disk))
	}
	one.Siblings = []string{"nvme0n2"}
	if word(one) != "S/1" {
		t.Errorf("beside another it is called %q; want S/1", word(one))
	}
	for _, c := range []struct {
		word string
		of   inventory.Device
		want bool
	}{{"S", one, true}, {"S/1", one, true}, {"S/2", one, false}, {"S/2", two, true}, {"S/0", disk, false}, {"S/", two, false}} {
		if got := typed(c.word, c.of.Identity); got != c.want {
			t.Errorf("typed(%q, %v) = %v", c.word, c.of.Identity, got)
		}
	}
}
