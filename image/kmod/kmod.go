// Package kmod resolves kernel modules: from a name, an alias or a device's
// modalias to the files to load and their order.
//
// It reads what depmod(8) writes into /lib/modules/RELEASE (modules.dep,
// modules.alias, modules.softdep, modules.builtin; see modules.dep(5) and
// depmod.d(5)) and does no system call, so that the same code chooses the
// modules of an image on the build machine and loads them on the target.
//
// Module names are compared with - and _ taken as the same, as the kernel does:
// the file nls_iso8859-1.ko is the module nls_iso8859_1.
package kmod

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// ErrNotFound is returned for a name that is neither a module, nor an alias of
// one, nor built into the kernel.
var ErrNotFound = errors.New("no such module")

// Module is one loadable file.
type Module struct {
	// Name is the normalised name, with _ only.
	Name string
	// Path is relative to /lib/modules/RELEASE, from modules.dep.
	Path string
	// Deps are the normalised names of all modules that must be loaded before,
	// nearest first, from modules.dep.
	Deps []string
}

// Index is what is known about the modules of one kernel release.
type Index struct {
	modules map[string]Module
	aliases []Alias
	// byPrefix finds the aliases that can match a query by the first bytes of
	// the pattern, up to its first wildcard or colon.
	byPrefix map[string][]int
	wild     []int
	soft     map[string]Soft
	builtin  map[string]bool
}

// Load reads the index of one release; fsys is rooted at /lib/modules/RELEASE.
// modules.dep must exist; the other files may be missing.
func Load(fsys fs.FS) (*Index, error) {
	dep, err := fs.ReadFile(fsys, "modules.dep")
	if err != nil {
		return nil, fmt.Errorf("read modules.dep: %w", err)
	}
	mods, err := ParseDep(dep)
	if err != nil {
		return nil, err
	}
	x := &Index{modules: make(map[string]Module, len(mods))}
	for _, m := range mods {
		x.modules[m.Name] = m
	}
	if x.builtin, err = optional(fsys, "modules.builtin", ParseBuiltin); err != nil {
		return nil, err
	}
	if x.soft, err = optional(fsys, "modules.softdep", ParseSoftdep); err != nil {
		return nil, err
	}
	aliases, err := optional(fsys, "modules.alias", ParseAlias)
	if err != nil {
		return nil, err
	}
	x.indexAliases(aliases)
	return x, nil
}

func optional[T any](fsys fs.FS, name string, parse func([]byte) (T, error)) (T, error) {
	var none T
	b, err := fs.ReadFile(fsys, name)
	if errors.Is(err, fs.ErrNotExist) {
		return none, nil
	}
	if err != nil {
		return none, fmt.Errorf("read %s: %w", name, err)
	}
	return parse(b)
}

// Normalize returns the module name of a file path or of a name as people
// write it: without directory and .ko, with - turned into _.
func Normalize(name string) string {
	name = path.Base(name)
	for _, ext := range []string{".xz", ".zst", ".gz"} {
		name = strings.TrimSuffix(name, ext)
	}
	name = strings.TrimSuffix(name, ".ko")
	return strings.ReplaceAll(name, "-", "_")
}

// Module returns the loadable module of that name.
func (x *Index) Module(name string) (Module, bool) {
	m, ok := x.modules[Normalize(name)]
	return m, ok
}

// Builtin tells whether the kernel itself contains the module.
func (x *Index) Builtin(name string) bool { return x.builtin[Normalize(name)] }

// Names returns the normalised names of all loadable modules, sorted.
func (x *Index) Names() []string {
	names := make([]string, 0, len(x.modules))
	for n := range x.modules {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

// Lookup returns the modules that a name stands for: the module itself, or all
// modules with a matching alias. It is empty and without error for a name that
// is built into the kernel.
func (x *Index) Lookup(name string) ([]string, error) {
	n := Normalize(name)
	if _, ok := x.modules[n]; ok {
		return []string{n}, nil
	}
	if x.builtin[n] {
		return nil, nil
	}
	if got := x.Match(name); len(got) > 0 {
		return got, nil
	}
	return nil, fmt.Errorf("%w: %s", ErrNotFound, name)
}
