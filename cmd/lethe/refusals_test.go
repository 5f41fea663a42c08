package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"lethe/certs/record"
	"lethe/certs/sign"
	"lethe/inventory"
	"lethe/inventory/inventorytest"
)

// testMachine is what lethe takes this machine for when a test runs it: orders
// bind to a machine, and not every machine that runs tests says who it is.
var testMachine = record.Machine{Serial: "TEST-1", UUID: "11111111-2222-3333-4444-555555555555", Virtual: true,
	VirtualWhy: []string{"a test says so"}}

// row is one call of lethe erase that must end in one line and touch no byte.
type row struct {
	name   string
	status int
	say    string // in the one line
	args   func(w *world) []string
	during func(w *world) // done while lethe counts down, where there is a countdown
	notice bool           // the refusal came after the start: a notice is left
}

// world is what the rows share, and one row's own things.
type world struct {
	t                 *testing.T
	keys              string
	root              *sign.Authority
	approver          sign.Signer
	dev, img, serial  string // a free loop device, its image, its name
	dev2, img2, name2 string
	dir               string // of this row
	watched           []string
}

// TestRefusals is the table of what lethe erase refuses. After each row every image
// it could have written to has the SHA-256 it had before.
func TestRefusals(t *testing.T) {
	w := newWorld(t)
	var rows []row
	for _, more := range [][]row{pathRows, serialRows, holdRows, usageRows, keyRows, paperRows, orderRows} {
		rows = append(rows, more...)
	}
	begun, done := time.Now(), 0
	for _, r := range rows {
		if t.Run(r.name, func(t *testing.T) { w.in(t).refuses(r) }) {
			done++
		}
	}
	if len(rows) < 40 {
		t.Errorf("%d rows; want 40 at least", len(rows))
	}
	t.Logf("refusals: %d, all bytes untouched, in %.1f s", done, time.Since(begun).Seconds())
}

func newWorld(t *testing.T) *world {
	v := sign.Lasting(time.Now(), time.Hour)
	root, err := sign.NewAuthority("Refusals root", v)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, keys: t.TempDir(), root: root}
	if err := root.Write(w.key("root")); err != nil {
		t.Fatal(err)
	}
	w.issue("agent", sign.RoleRecord, v)
	w.approver = w.issue("approver", sign.RoleOrder, v)
	w.img, w.img2 = w.image(1<<20), w.image(1<<20)
	w.dev, w.dev2 = inventorytest.Attach(t, w.img), inventorytest.Attach(t, w.img2)
	w.serial, w.name2 = w.nameOf(w.dev), w.nameOf(w.dev2)
	return w
}

// in is the world for one row.
func (w *world) in(t *testing.T) *world {
	own := *w
	own.t, own.dir, own.watched = t, t.TempDir(), slices.Clone(w.watched)
	return &own
}

func (w *world) key(n string) (key, cert string) {
	return filepath.Join(w.keys, n+"-key.pem"), filepath.Join(w.keys, n+".pem")
}

func (w *world) issue(name string, r sign.Role, v sign.Validity) sign.Signer {
	w.t.Helper()
	s, err := w.root.Leaf(r, "Refusals "+name, v)
	if err != nil {
		w.t.Fatal(err)
	}
	key, cert := w.key(name)
	if err := sign.WriteSigner(key, cert, s); err != nil {
		w.t.Fatal(err)
	}
	return s
}

// image makes a file of noise in memory, watched.
func (w *world) image(size int64) string {
	w.t.Helper()
	f, err := os.CreateTemp("/dev/shm", "lethe-refusals-*.img")
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { os.Remove(f.Name()) })
	b := bytes.Repeat([]byte("TOP SECRET "), int(size/11)+1)[:size]
	if _, err := f.Write(b); err != nil {
		w.t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		w.t.Fatal(err)
	}
	w.watched = append(w.watched, f.Name())
	return f.Name()
}

// loop makes an image and a loop device over it.
func (w *world) loop(size int64, flags ...string) (dev string) {
	w.t.Helper()
	return inventorytest.Attach(w.t, w.image(size), flags...)
}

func (w *world) nameOf(dev string) string {
	w.t.Helper()
	ds, _ := inventory.Discover(context.Background())
	for _, d := range ds {
		if d.NodePath == dev {
			return d.Identity.Name()
		}
	}
	w.t.Fatalf("%s is not listed", dev)
	return ""
}

func (w *world) fileName(img string) string {
	w.t.Helper()
	d, err := inventory.File(context.Background(), img)
	if err != nil {
		w.t.Fatal(err)
	}
	return d.Identity.Name()
}

func (w *world) path(name string) string { return filepath.Join(w.dir, name) }

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// named asks for a device under a confirmation.
func named(dev, serial string) []string { return []string{"--device", dev, "--confirm", serial} }

// free asks for the free loop device, which only another reason can save.
func (w *world) free(more ...string) []string { return append(named(w.dev, w.serial), more...) }

// command is lethe erase with everything it needs; what args say comes last and counts.
func (w *world) command(args ...string) *exec.Cmd {
	key, cert := w.key("agent")
	all := []string{"erase", "--countdown", "0s", "--key", key, "--cert", cert, "--papers", w.path("papers")}
	cmd := exec.Command(os.Args[0], append(all, args...)...)
	cmd.Dir = w.dir
	return cmd
}

func (w *world) refuses(r row) {
	cmd := w.command(r.args(w)...)
	w.expect(cmd, r)
}

// expect runs a command that must not touch anything.
func (w *world) expect(cmd *exec.Cmd, r row) {
	before := w.sums()
	status, errs := w.run(cmd, r.during)
	if status != r.status {
		w.t.Errorf("status %d; want %d: %s", status, r.status, errs)
	}
	if len(errs) != 1 || !strings.HasPrefix(errs[0], "lethe: ") || !strings.Contains(errs[0], r.say) {
		w.t.Errorf("said %q; want one line with %q", errs, r.say)
	}
	if after := w.sums(); !slices.Equal(before, after) {
		w.t.Errorf("BYTES WERE TOUCHED: %q, now %q", before, after)
	}
	if papers := w.papers(); (len(papers) > 0) != r.notice {
		w.t.Errorf("papers %q; want any: %v", papers, r.notice)
	}
}

// run returns the status and the lines of standard error but the countdown's.
func (w *world) run(cmd *exec.Cmd, during func(*world)) (status int, errs []string) {
	w.t.Helper()
	var out bytes.Buffer
	cmd.Stdout = &out
	pipe, err := cmd.StderrPipe()
	w.must(err)
	w.must(cmd.Start())
	for s := bufio.NewScanner(pipe); s.Scan(); {
		if !strings.HasPrefix(s.Text(), "erasing in") {
			errs = append(errs, s.Text())
		} else if during != nil {
			during(w)
			during = nil
		}
	}
	_ = cmd.Wait() // the status says it
	if testing.Verbose() && len(errs) > 0 {
		w.t.Logf("%d: %s", cmd.ProcessState.ExitCode(), errs[0])
	}
	return cmd.ProcessState.ExitCode(), errs
}

func (w *world) sums() (out []string) {
	w.t.Helper()
	for _, f := range w.watched {
		b, err := os.ReadFile(f)
		w.must(err)
		out = append(out, fmt.Sprintf("%x", sha256.Sum256(b)))
	}
	return out
}

func (w *world) papers() (out []string) {
	_ = filepath.WalkDir(w.dir, func(p string, _ fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(p, ".pdf") {
			out = append(out, p)
		}
		return nil
	})
	return out
}
