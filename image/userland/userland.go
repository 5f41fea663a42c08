// Package userland builds the archive below Lethe: u-root's init, its shell and
// a busybox of core commands, through u-root's own mkuimage.
//
// Versions and the list of commands stand in the go.mod of image/uroot, a
// module apart, so that u-root's requirements stay out of the product. The
// build takes a minute and mkuimage caches nothing; but its output depends only
// on that go.mod, its go.sum and the Go release, so it is kept under their
// digest.
package userland

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

const (
	mkuimage = "github.com/u-root/mkuimage/cmd/mkuimage"
	uroot    = "github.com/u-root/u-root"
	initCmd  = "init"
	shellCmd = "gosh"
	// shellTags gives gosh a line editor that works on a serial line; its default
	// one asks the terminal for colours and waits for the answer.
	shellTags = "goshliner"
)

// recipe changes whenever this code builds something else from the same input.
const recipe = "3"

// Base is a built archive.
type Base struct {
	Path     string   // uncompressed cpio
	Version  string   // of u-root
	Commands []string // names in /bbin
}

// Get returns the archive that the module in dir describes, from the cache
// folder or else built. Concurrent callers must hold a lock of their own over
// cache.
func Get(ctx context.Context, dir, cache string) (Base, error) {
	m, err := readModule(ctx, dir)
	if err != nil {
		return Base{}, err
	}
	key, err := m.key(ctx, dir)
	if err != nil {
		return Base{}, err
	}
	b := Base{
		Path:     filepath.Join(cache, "userland-"+key[:16]+".cpio"),
		Version:  m.version(uroot),
		Commands: m.names(),
	}
	if _, err := os.Stat(b.Path); err == nil {
		return b, nil
	}
	return b, build(ctx, dir, m.packages(), b.Path)
}

// module is the part of "go mod edit -json" that we use.
type module struct {
	Require []struct{ Path, Version string }
	Tool    []struct{ Path string }
}

func readModule(ctx context.Context, dir string) (module, error) {
	out, err := output(ctx, dir, "go", "mod", "edit", "-json")
	if err != nil {
		return module{}, fmt.Errorf("read %s: %w", dir, err)
	}
	return parseModule(out)
}

func parseModule(b []byte) (module, error) {
	var m module
	if err := json.Unmarshal(b, &m); err != nil {
		return module{}, fmt.Errorf("parse go.mod: %w", err)
	}
	names := m.names()
	for _, need := range []string{initCmd, shellCmd} {
		if !slices.Contains(names, need) {
			return module{}, fmt.Errorf("go.mod has no tool line for u-root's %s", need)
		}
	}
	return m, nil
}

// packages returns the tool lines that are u-root commands, sorted.
func (m module) packages() []string {
	var out []string
	for _, t := range m.Tool {
		if strings.HasPrefix(t.Path, uroot+"/cmds/") {
			out = append(out, t.Path)
		}
	}
	slices.Sort(out)
	return out
}

func (m module) names() []string {
	var out []string
	for _, p := range m.packages() {
		out = append(out, p[strings.LastIndexByte(p, '/')+1:])
	}
	return out
}

func (m module) version(path string) string {
	for _, r := range m.Require {
		if r.Path == path {
			return r.Version
		}
	}
	return ""
}

func (m module) key(ctx context.Context, dir string) (string, error) {
	version, err := output(ctx, dir, "go", "env", "GOVERSION", "GOARCH")
	if err != nil {
		return "", err
	}
	h := sha256.New()
	fmt.Fprintf(h, "recipe %s\n%s", recipe, version)
	for _, name := range []string{"go.mod", "go.sum"} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return "", fmt.Errorf("read u-root module: %w", err)
		}
		fmt.Fprintf(h, "%s %d\n", name, len(b))
		h.Write(b)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// build runs mkuimage; out appears whole or not at all.
func build(ctx context.Context, dir string, pkgs []string, out string) error {
	tmp, err := os.MkdirTemp(filepath.Dir(out), "userland-*.tmp")
	if err != nil {
		return fmt.Errorf("build userland: %w", err)
	}
	defer os.RemoveAll(tmp)
	tool := filepath.Join(tmp, "mkuimage")
	if _, err := output(ctx, dir, "go", "build", "-o", tool, mkuimage); err != nil {
		return fmt.Errorf("build mkuimage: %w", err)
	}
	raw := filepath.Join(tmp, "base.cpio")
	// /bin/uinit comes with Lethe's overlay, not from here: the archive must not
	// change with it.
	args := append([]string{"-build=bb", "-go-build-tags=" + shellTags, "-initcmd=" + initCmd, "-defaultsh=" + shellCmd,
		"-uinitcmd=", "-tmp-dir=" + filepath.Join(tmp, "bb"), "-o=" + raw}, pkgs...)
	if err := os.Mkdir(filepath.Join(tmp, "bb"), 0o755); err != nil {
		return fmt.Errorf("build userland: %w", err)
	}
	if _, err := output(ctx, dir, tool, args...); err != nil {
		return fmt.Errorf("build userland: %w", err)
	}
	if err := os.Rename(raw, out); err != nil {
		return fmt.Errorf("build userland: %w", err)
	}
	return nil
}

var errNoGo = errors.New("go is missing: install Go 1.26 or later")

// fixedUmask runs its arguments under the umask that everybody builds with:
// mkuimage takes the modes of the archive from the files it has just made.
const fixedUmask = `umask 022 && exec "$@"`

// output runs a program in dir. mkuimage looks for the go command in GOROOT and
// nowhere else.
func output(ctx context.Context, dir, name string, args ...string) ([]byte, error) {
	if name == "go" {
		if _, err := exec.LookPath(name); err != nil { // the shell would say less
			return nil, errNoGo
		}
	}
	cmd := exec.CommandContext(ctx, "sh", append([]string{"-c", fixedUmask, "sh", name}, args...)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=", "CGO_ENABLED=0", "GOOS=linux")
	if name != "go" {
		root, err := output(ctx, dir, "go", "env", "GOROOT")
		if err != nil {
			return nil, err
		}
		cmd.Env = append(cmd.Env, "GOROOT="+strings.TrimSpace(string(root)))
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		s := strings.TrimSpace(stderr.String())
		return nil, fmt.Errorf("%s: %w: %s", filepath.Base(name), err, s[strings.LastIndexByte(s, '\n')+1:])
	}
	return out, nil
}
