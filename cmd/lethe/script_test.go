package main

import (
	"bytes"
	"context"
	"crypto/x509"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"

	"lethe/certs/check"
	"lethe/certs/pdf"
	"lethe/certs/record"
	"lethe/certs/sign"
	"lethe/inventory"
)

// binDir holds the binary that the scripts run: the real one, since a
// supervisor starts its own executable as the worker.
var binDir string

func TestMain(m *testing.M) {
	// Called with anything but the flags of go test, the test binary is lethe
	// itself on testMachine: see refusals_test.go.
	if len(os.Args) > 1 && !strings.HasPrefix(os.Args[1], "-test.") {
		thisMachine = func() record.Machine { return testMachine }
		os.Exit(run(os.Args))
	}
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "lethe-bin-")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir)
		cmd := exec.Command("go", "build", "-buildvcs=false", "-o", dir, ".", "../lethe-check")
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			panic(string(out))
		}
		binDir = dir
		return m.Run()
	}())
}

// Each script is a behaviour; see testdata/*.txt. The commands it adds:
//
//	loop VAR SIZE [losetup flags]   a loop device over a new image of noise; sets VAR
//	                                to its path, VARNAME to its name, VARIMG to its image
//	sum FILE VAR                    keeps a file's SHA-256 for the command same
//	same FILE VAR                   fails unless the file still has that SHA-256
//	check ROOT STATE...             every paper in papers/: authentic, in these states
//	paper KIND FILE                 copies the one certificate (or notice), or the summary, of
//	                                papers/ to FILE
//	smallfs DIR SIZE                mounts a small tmpfs
//	mountloop DEV DIR               mounts an ext4 made on it, read-only
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(e *testscript.Env) error {
			e.Setenv("PATH", binDir+":"+os.Getenv("PATH"))
			e.Setenv("HOME", e.WorkDir)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"loop": cmdLoop, "sum": cmdSum, "same": cmdSame, "check": cmdCheck,
			"paper": cmdPaper, "smallfs": cmdSmallFS, "mountloop": cmdMountLoop,
		},
	})
}

func cmdLoop(ts *testscript.TestScript, neg bool, args []string) {
	size, err := strconv.ParseInt(args[1], 0, 64)
	ts.Check(err)
	f, err := os.CreateTemp("/dev/shm", "lethe-script-*.img")
	ts.Check(err)
	ts.Defer(func() { os.Remove(f.Name()) })
	ts.Check(f.Truncate(size))
	const step = 1 << 20
	for off := int64(0); off < size; off += step {
		b := bytes.Repeat(append([]byte(fmt.Sprintf("TOP SECRET near %011d", off)), make([]byte, 37)...), step/64)
		_, err := f.WriteAt(b[:min(step, size-off)], off)
		ts.Check(err)
	}
	ts.Check(f.Close())
	flags := append([]string{"--find", "--show"}, args[2:]...)
	out, err := exec.Command("losetup", append(flags, f.Name())...).Output()
	ts.Check(err)
	dev := strings.TrimSpace(string(out))
	ts.Defer(func() { exec.Command("losetup", "--detach", dev).Run() })
	ds, _ := inventory.Discover(context.Background())
	for _, d := range ds {
		if d.NodePath == dev {
			ts.Setenv(args[0]+"NAME", d.Identity.Name())
		}
	}
	ts.Setenv(args[0], dev)
	ts.Setenv(args[0]+"IMG", f.Name())
}

func digest(ts *testscript.TestScript, file string) string {
	out, err := exec.Command("sha256sum", ts.MkAbs(file)).Output()
	ts.Check(err)
	return strings.Fields(string(out))[0]
}

func cmdSum(ts *testscript.TestScript, neg bool, args []string) {
	ts.Setenv(args[1], digest(ts, args[0]))
}

func cmdSame(ts *testscript.TestScript, neg bool, args []string) {
	if (digest(ts, args[0]) == ts.Getenv(args[1])) == neg {
		ts.Fatalf("%s: same=%v, did not want that", args[0], !neg)
	}
}

func cmdCheck(ts *testscript.TestScript, neg bool, args []string) {
	pem, err := os.ReadFile(ts.MkAbs(args[0]))
	ts.Check(err)
	roots, err := sign.ParseRoots(pem)
	ts.Check(err)
	files, err := filepath.Glob(ts.MkAbs("papers/*.pdf"))
	ts.Check(err)
	var states []string
	for _, f := range files {
		states = append(states, stateOf(ts, f, roots))
	}
	want := map[string]int{}
	for _, s := range args[1:] {
		want[s]++
	}
	for _, s := range states {
		want[s]--
	}
	for s, n := range want {
		if n != 0 {
			ts.Fatalf("papers are %v, want %v (%s)", states, args[1:], s)
		}
	}
}

func stateOf(ts *testscript.TestScript, file string, roots *x509.CertPool) string {
	b, err := os.ReadFile(file)
	ts.Check(err)
	r := check.Check(b, check.Options{Roots: roots})
	if !r.OK() {
		ts.Fatalf("%s is not authentic: %+v", file, r.Lines)
	}
	if r.Kind == "summary" {
		return "summary"
	}
	return string(r.Verdict.State)
}

func cmdPaper(ts *testscript.TestScript, neg bool, args []string) {
	attached := map[string]string{"record": pdf.AttachRecord, "summary": pdf.AttachSummary}[args[0]]
	files, err := filepath.Glob(ts.MkAbs("papers/*.pdf"))
	ts.Check(err)
	for _, f := range files {
		b, err := os.ReadFile(f)
		ts.Check(err)
		d, err := pdf.Read(b)
		ts.Check(err)
		if d.Attachments[attached] != nil {
			ts.Check(os.WriteFile(ts.MkAbs(args[1]), b, 0o600))
			return
		}
	}
	ts.Fatalf("no %s among %q", args[0], files)
}

func cmdSmallFS(ts *testscript.TestScript, neg bool, args []string) {
	dir := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(dir, 0o755))
	ts.Check(unix.Mount("lethe-script", dir, "tmpfs", 0, "size="+args[1]))
	ts.Defer(func() { unix.Unmount(dir, 0) })
}

func cmdMountLoop(ts *testscript.TestScript, neg bool, args []string) {
	out, err := exec.Command("mkfs.ext4", "-q", "-F", args[0]).CombinedOutput()
	if err != nil {
		ts.Fatalf("mkfs: %s", out)
	}
	dir := ts.MkAbs(args[1])
	ts.Check(os.MkdirAll(dir, 0o755))
	ts.Check(unix.Mount(args[0], dir, "ext4", unix.MS_RDONLY, ""))
	ts.Defer(func() { unix.Unmount(dir, 0) })
}
