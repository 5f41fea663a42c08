package kernel

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"lethe/image/debian"
)

// Resolve asks apt which kernel the meta package stands for now.
func Resolve(ctx context.Context, meta string) (Lock, error) {
	out, err := run(ctx, "apt-cache", "show", "--no-all-versions", meta)
	if err != nil {
		return Lock{}, fmt.Errorf("resolve %s (is a Debian archive configured, and was "+
			"apt-get update run?): %w", meta, err)
	}
	pkg, err := dependency(out)
	if err != nil {
		return Lock{}, fmt.Errorf("resolve %s: %w", meta, err)
	}
	out, err = run(ctx, "apt-cache", "show", "--no-all-versions", pkg)
	if err != nil {
		return Lock{}, fmt.Errorf("resolve %s: %w", pkg, err)
	}
	f := stanza(out)
	size, err := strconv.ParseInt(f["Size"], 10, 64)
	if err != nil {
		return Lock{}, fmt.Errorf("resolve %s: size: %w", pkg, err)
	}
	l := Lock{Meta: meta, Package: pkg, Version: f["Version"], Release: releaseOf(pkg),
		Size: size, SHA256: f["SHA256"]}
	return l, l.Validate()
}

// dependency returns the kernel that a meta package's stanza depends on.
func dependency(show []byte) (string, error) {
	for alt := range strings.SplitSeq(stanza(show)["Depends"], ",") {
		name, _, _ := strings.Cut(strings.TrimSpace(alt), " ")
		if packageName.MatchString(name) {
			return name, nil
		}
	}
	return "", errors.New("the meta package depends on no kernel")
}

// stanza parses the first paragraph of apt-cache's answer (deb822(5)).
func stanza(b []byte) map[string]string {
	out := map[string]string{}
	for line := range strings.Lines(string(b)) {
		line = strings.TrimRight(line, "\r\n")
		if line == "" {
			break
		}
		k, v, ok := strings.Cut(line, ":")
		if ok && line[0] != ' ' && line[0] != '\t' {
			out[k] = strings.TrimSpace(v)
		}
	}
	return out
}

// download fetches the locked package into a new folder below cache and
// compares it with the lock.
func download(ctx context.Context, l Lock, cache string) (string, error) {
	out, err := run(ctx, "apt-cache", "madison", l.Package)
	if err != nil {
		return "", err
	}
	if !offers(out, l.Version) {
		return "", fmt.Errorf("%w: %s %s; run: apt-get update && bin/lethe-image kernel update",
			ErrGone, l.Package, l.Version)
	}
	dir, err := os.MkdirTemp(cache, "deb-*")
	if err != nil {
		return "", fmt.Errorf("download kernel: %w", err)
	}
	deb, err := downloadTo(ctx, l, dir)
	if err != nil {
		os.RemoveAll(dir)
	}
	return deb, err
}

// offers tells whether apt-cache madison's table has the version.
func offers(madison []byte, version string) bool {
	for line := range strings.Lines(string(madison)) {
		f := strings.Split(line, "|")
		if len(f) == 3 && strings.TrimSpace(f[1]) == version {
			return true
		}
	}
	return false
}

func downloadTo(ctx context.Context, l Lock, dir string) (string, error) {
	// The sandbox user cannot write into our folder; apt checks hashes and
	// signatures all the same.
	args := []string{"-q", "download", l.Package + "=" + l.Version}
	if os.Geteuid() == 0 {
		args = append([]string{"-o", "APT::Sandbox::User=root"}, args...)
	}
	cmd := exec.CommandContext(ctx, "apt-get", args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("download kernel: %w: %s", err, lastLine(out))
	}
	debs, err := filepath.Glob(filepath.Join(dir, "*.deb"))
	if err != nil || len(debs) != 1 {
		return "", fmt.Errorf("download kernel: apt-get left %d packages", len(debs))
	}
	sum, err := fileSum(debs[0])
	if err != nil {
		return "", fmt.Errorf("download kernel: %w", err)
	}
	if sum != l.SHA256 {
		return "", fmt.Errorf("download kernel: %s %s has SHA-256 %s, the lock says %s",
			l.Package, l.Version, sum, l.SHA256)
	}
	return debs[0], nil
}

// providers names the Debian package of each tool, for the message to people
// who lack it.
var providers = map[string]string{
	"apt-cache": "apt", "apt-get": "apt", "dpkg-deb": "dpkg", "depmod": "kmod",
	"xz": "xz-utils",
}

func run(ctx context.Context, name string, args ...string) ([]byte, error) {
	out, err := debian.Run(ctx, name, args...)
	if errors.Is(err, exec.ErrNotFound) || errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s is missing: apt-get install %s", name, providers[name])
	}
	return out, err
}

func lastLine(b []byte) string {
	s := strings.TrimSpace(string(b))
	return s[strings.LastIndexByte(s, '\n')+1:]
}
