package kmod

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Subset returns the index files for an image that carries only the named
// modules: modules.dep, modules.alias, modules.softdep and modules.builtin, by
// file name. The result depends on the set alone, not on the order of names.
func (x *Index) Subset(names []string) map[string][]byte {
	keep := map[string]bool{}
	for _, n := range names {
		keep[Normalize(n)] = true
	}
	return map[string][]byte{
		"modules.dep":     x.dep(keep),
		"modules.alias":   x.alias(keep),
		"modules.softdep": x.softdep(keep),
		"modules.builtin": x.builtins(),
	}
}

func (x *Index) dep(keep map[string]bool) []byte {
	var b bytes.Buffer
	for _, n := range slices.Sorted(maps.Keys(keep)) {
		m, ok := x.modules[n]
		if !ok {
			continue
		}
		fmt.Fprintf(&b, "%s:", m.Path)
		for _, d := range m.Deps {
			if dm, ok := x.modules[d]; ok {
				fmt.Fprintf(&b, " %s", dm.Path)
			}
		}
		b.WriteByte('\n')
	}
	return b.Bytes()
}

func (x *Index) alias(keep map[string]bool) []byte {
	var b bytes.Buffer
	for _, a := range x.aliases {
		if keep[a.Module] {
			fmt.Fprintf(&b, "alias %s %s\n", a.Pattern, a.Module)
		}
	}
	return b.Bytes()
}

func (x *Index) softdep(keep map[string]bool) []byte {
	var b bytes.Buffer
	for _, n := range slices.Sorted(maps.Keys(x.soft)) {
		if !keep[n] {
			continue
		}
		fmt.Fprintf(&b, "softdep %s", n)
		if s := x.soft[n]; len(s.Pre) > 0 {
			fmt.Fprintf(&b, " pre: %s", strings.Join(s.Pre, " "))
		}
		if s := x.soft[n]; len(s.Post) > 0 {
			fmt.Fprintf(&b, " post: %s", strings.Join(s.Post, " "))
		}
		b.WriteByte('\n')
	}
	return b.Bytes()
}

func (x *Index) builtins() []byte {
	var b bytes.Buffer
	for _, n := range slices.Sorted(maps.Keys(x.builtin)) {
		fmt.Fprintf(&b, "%s.ko\n", n)
	}
	return b.Bytes()
}
