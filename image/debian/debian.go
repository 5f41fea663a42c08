// Package debian says which Debian packages the boot loaders and tools of a
// build come from, which of them this machine lacks, and what they are: version,
// source, licence text.
package debian

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// Need is a file that a build reads or runs, and the package that has it.
type Need struct {
	Path    string // absolute, or the name of a program
	Package string
}

// MissingError says what is missing and how to get it.
type MissingError struct{ Packages []string }

func (e *MissingError) Error() string {
	return "Debian packages are missing: apt-get install --no-install-recommends " + strings.Join(e.Packages, " ")
}

// Check is nil, or a *MissingError that names every missing package.
func Check(needs ...Need) error {
	var missing []string
	for _, n := range needs {
		if _, err := Find(n.Path); err != nil && !slices.Contains(missing, n.Package) {
			missing = append(missing, n.Package)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	slices.Sort(missing)
	return &MissingError{missing}
}

// Find returns the path of a file, or of a program by its name. An ordinary
// user's PATH may lack /usr/sbin.
func Find(name string) (string, error) {
	if strings.Contains(name, "/") {
		_, err := os.Stat(name)
		return name, err
	}
	if p, err := exec.LookPath(name); err == nil {
		return p, nil
	}
	return exec.LookPath("/usr/sbin/" + name)
}

// Package is one installed package.
type Package struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Source  string `json:"source"`        // source package
	SourceV string `json:"sourceVersion"` // its version
}

// Purl is the package's name in the form of the package-url specification.
func (p Package) Purl() string {
	return "pkg:deb/debian/" + p.Name + "@" + strings.ReplaceAll(p.Version, "+", "%2B") + "?arch=amd64&distro=bookworm"
}

// Installed returns what dpkg says of the packages, sorted by name.
func Installed(ctx context.Context, names ...string) ([]Package, error) {
	names = slices.Clone(names)
	slices.Sort(names)
	names = slices.Compact(names)
	if len(names) == 0 {
		return nil, nil
	}
	args := append([]string{"-W", "-f", "${Package} ${Version} ${source:Package} ${source:Version}\n"}, names...)
	out, err := Run(ctx, "dpkg-query", args...)
	if err != nil {
		return nil, err
	}
	return parse(out)
}

func parse(out []byte) ([]Package, error) {
	var ps []Package
	for line := range strings.Lines(string(out)) {
		f := strings.Fields(line)
		if len(f) != 4 {
			return nil, fmt.Errorf("dpkg-query says %q", strings.TrimSpace(line))
		}
		ps = append(ps, Package{f[0], f[1], f[2], f[3]})
	}
	return ps, nil
}

// Copyright returns the licence text of a package below root ("/" or the folder
// where a package was unpacked).
func Copyright(root, pkg string) ([]byte, error) {
	b, err := os.ReadFile(filepath.Join(root, "usr/share/doc", pkg, "copyright"))
	if err != nil {
		return nil, fmt.Errorf("read licence of %s: %w", pkg, err)
	}
	return b, nil
}

// Run runs a tool in a fixed locale and time zone and returns what it prints.
func Run(ctx context.Context, name string, args ...string) ([]byte, error) {
	path, err := Find(name)
	if err != nil {
		return nil, fmt.Errorf("%s is missing: %w", name, err)
	}
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "TZ=UTC", "SOURCE_DATE_EPOCH=0")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		s := strings.TrimSpace(stderr.String())
		return nil, errors.Join(fmt.Errorf("%s: %w: %s", name, err, s[strings.LastIndexByte(s, '\n')+1:]), ctx.Err())
	}
	return out, nil
}
