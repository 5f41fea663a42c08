package kmod

import (
	"fmt"
	"strings"
)

// Alias is one line of modules.alias: Pattern is a glob over modaliases.
type Alias struct{ Pattern, Module string }

// Soft is the soft dependencies of one module, names or aliases: wanted, but
// the module loads without them (modprobe.d(5), "softdep").
type Soft struct{ Pre, Post []string }

// SyntaxError says where an index file is not what depmod writes.
type SyntaxError struct {
	File string
	Line int // from 1
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("parse %s: line %d is not understood", e.File, e.Line)
}

// lines calls f for each line that is neither empty nor a comment.
func lines(file string, b []byte, f func(line string) bool) error {
	n := 0
	for line := range strings.SplitSeq(string(b), "\n") {
		n++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		if !f(line) {
			return &SyntaxError{File: file, Line: n}
		}
	}
	return nil
}

// ParseDep parses modules.dep: "path.ko: path.ko path.ko", dependencies nearest
// first. Paths that leave the directory are refused.
func ParseDep(b []byte) ([]Module, error) {
	var out []Module
	err := lines("modules.dep", b, func(line string) bool {
		file, deps, ok := strings.Cut(line, ":")
		if !ok || !safePath(file) || Normalize(file) == "" {
			return false
		}
		m := Module{Name: Normalize(file), Path: file}
		for _, d := range strings.Fields(deps) {
			if !safePath(d) {
				return false
			}
			m.Deps = append(m.Deps, Normalize(d))
		}
		out = append(out, m)
		return true
	})
	return out, err
}

// safePath holds for a relative path without .. elements and without blanks.
func safePath(p string) bool {
	if p == "" || p[0] == '/' || strings.ContainsAny(p, " \t\x00") {
		return false
	}
	for e := range strings.SplitSeq(p, "/") {
		if e == "" || e == "." || e == ".." {
			return false
		}
	}
	return true
}

// ParseAlias parses modules.alias: "alias PATTERN MODULE".
func ParseAlias(b []byte) ([]Alias, error) {
	var out []Alias
	err := lines("modules.alias", b, func(line string) bool {
		f := strings.Fields(line)
		if len(f) < 3 || f[0] != "alias" {
			return false
		}
		// Some aliases hold blanks (dmi strings do): the module is the last word.
		pat := strings.Join(f[1:len(f)-1], " ")
		out = append(out, Alias{Pattern: normalizePattern(pat), Module: Normalize(f[len(f)-1])})
		return true
	})
	return out, err
}

// ParseSoftdep parses modules.softdep: "softdep MODULE pre: A B post: C".
// Words before the first pre: or post: have no meaning and are left out, as
// modprobe does.
func ParseSoftdep(b []byte) (map[string]Soft, error) {
	out := map[string]Soft{}
	err := lines("modules.softdep", b, func(line string) bool {
		f := strings.Fields(line)
		if len(f) < 2 || f[0] != "softdep" {
			return false
		}
		name := Normalize(f[1])
		s, mode := out[name], ""
		for _, w := range f[2:] {
			switch {
			case w == "pre:" || w == "post:":
				mode = w
			case mode == "pre:":
				s.Pre = append(s.Pre, w)
			case mode == "post:":
				s.Post = append(s.Post, w)
			}
		}
		out[name] = s
		return true
	})
	return out, err
}

// ParseBuiltin parses modules.builtin: one path a line.
func ParseBuiltin(b []byte) (map[string]bool, error) {
	out := map[string]bool{}
	err := lines("modules.builtin", b, func(line string) bool {
		if !safePath(line) {
			return false
		}
		out[Normalize(line)] = true
		return true
	})
	return out, err
}
