package sbom

import (
	"bytes"
	"context"
	"debug/buildinfo"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Mod is one Go module by path and version.
type Mod struct{ Path, Version, Sum string }

// OfBinary returns the modules that a Go binary is linked from, without its own,
// and the Go release.
func OfBinary(name string) (mods []Mod, release string, err error) {
	info, err := buildinfo.ReadFile(name)
	if err != nil {
		return nil, "", fmt.Errorf("read modules of %s: %w", name, err)
	}
	for _, d := range info.Deps {
		if d.Replace != nil {
			d = d.Replace
		}
		mods = append(mods, Mod{d.Path, d.Version, d.Sum})
	}
	return mods, info.GoVersion, nil
}

// OfTools returns the modules that those tools of the module in dir need whose
// import path begins with prefix.
func OfTools(ctx context.Context, dir, prefix string) ([]Mod, error) {
	out, err := goRun(ctx, dir, "list", "tool")
	if err != nil {
		return nil, err
	}
	var pkgs []string
	for p := range strings.FieldsSeq(string(out)) {
		if strings.HasPrefix(p, prefix) {
			pkgs = append(pkgs, p)
		}
	}
	if len(pkgs) == 0 {
		return nil, fmt.Errorf("%s has no tool %s…", dir, prefix)
	}
	args := append([]string{"list", "-deps", "-f", "{{with .Module}}{{.Path}} {{.Version}}{{end}}"}, pkgs...)
	if out, err = goRun(ctx, dir, args...); err != nil {
		return nil, err
	}
	var mods []Mod
	for line := range strings.Lines(string(out)) {
		if f := strings.Fields(line); len(f) == 2 && !slices.Contains(mods, Mod{Path: f[0], Version: f[1]}) {
			mods = append(mods, Mod{Path: f[0], Version: f[1]})
		}
	}
	return mods, nil
}

// Modules describes modules with the licences that lie in them.
func Modules(ctx context.Context, mods []Mod) ([]Component, error) {
	if len(mods) == 0 {
		return nil, nil
	}
	// In an empty folder: it asks for these versions, and changes no go.mod.
	dir, err := os.MkdirTemp("", "lethe-sbom-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	args := []string{"mod", "download", "-json"}
	for _, m := range mods {
		args = append(args, m.Path+"@"+m.Version)
	}
	out, err := goRun(ctx, dir, args...)
	if err != nil {
		return nil, err
	}
	var cs []Component
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var m struct{ Path, Version, Dir, Sum string }
		if err := d.Decode(&m); errors.Is(err, io.EOF) {
			return cs, nil
		} else if err != nil {
			return nil, fmt.Errorf("go mod download: %w", err)
		}
		texts, err := texts(m.Dir)
		if err != nil {
			return nil, fmt.Errorf("licence of %s: %w", m.Path, err)
		}
		cs = append(cs, Component{Kind: Module, Name: m.Path, Version: m.Version, Sum: m.Sum,
			Purl: "pkg:golang/" + m.Path + "@" + m.Version, Licence: licenceOf(texts), Texts: texts})
	}
}

// Standard is Go's own library, which is in every Go binary.
func Standard(ctx context.Context, release string) (Component, error) {
	root, err := goRun(ctx, "", "env", "GOROOT")
	if err != nil {
		return Component{}, err
	}
	texts, err := texts(strings.TrimSpace(string(root)))
	return Component{Kind: Module, Name: "std", Version: release, Purl: "pkg:golang/std@" + strings.TrimPrefix(release, "go"),
		Licence: licenceOf(texts), Texts: texts}, err
}

var licenceFile = regexp.MustCompile(`(?i)^(licen[cs]e|copying|notice|patents|unlicense)([.-].*)?$`)

func texts(dir string) ([]Text, error) {
	es, err := os.ReadDir(dir) // sorted
	if err != nil {
		return nil, err
	}
	var out []Text
	for _, e := range es {
		if !licenceFile.MatchString(e.Name()) || !e.Type().IsRegular() {
			continue
		}
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return nil, err
		}
		out = append(out, Text{e.Name(), b})
	}
	return out, nil
}

func licenceOf(ts []Text) string {
	for _, t := range ts {
		if id := Licence(t.Data); id != "" {
			return id
		}
	}
	return ""
}

func goRun(ctx context.Context, dir string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=", "CGO_ENABLED=0", "GOOS=linux")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		s := strings.TrimSpace(stderr.String())
		return nil, fmt.Errorf("go %s: %w: %s", args[0], err, s[strings.LastIndexByte(s, '\n')+1:])
	}
	return out, nil
}
