package kmod

import "strings"

// indexAliases sorts the patterns by their literal beginning: a modalias is
// compared with a few hundred patterns instead of 26,000.
func (x *Index) indexAliases(as []Alias) {
	x.aliases, x.byPrefix = as, map[string][]int{}
	for i, a := range as {
		if p, ok := bus(a.Pattern); ok {
			x.byPrefix[p] = append(x.byPrefix[p], i)
		} else {
			x.wild = append(x.wild, i)
		}
	}
}

// bus returns the literal text of a pattern up to and with its first colon, or
// the whole of a pattern that has neither colon nor wildcard. It reports false
// where a wildcard comes first.
func bus(s string) (string, bool) {
	if i := strings.IndexAny(s, `:*?[\`); i >= 0 {
		return s[:i+1], s[i] == ':'
	}
	return s, true
}

// queryBus is bus for a text without wildcards, where * and ? are plain.
func queryBus(s string) string {
	if i := strings.IndexByte(s, ':'); i >= 0 {
		return s[:i+1]
	}
	return s
}

// Match returns the modules that have an alias matching the modalias, in the
// order of modules.alias, each once.
func (x *Index) Match(modalias string) []string {
	q := normalizeName(modalias)
	var out []string
	seen := map[string]bool{}
	try := func(ids []int) {
		for _, i := range ids {
			a := x.aliases[i]
			if !seen[a.Module] && glob(a.Pattern, q) {
				seen[a.Module] = true
				out = append(out, a.Module)
			}
		}
	}
	try(x.byPrefix[queryBus(q)])
	try(x.wild)
	return out
}

func normalizeName(s string) string { return strings.ReplaceAll(s, "-", "_") }

// normalizePattern turns - into _ outside of brackets, as kmod does: inside, -
// is a range.
func normalizePattern(p string) string {
	b := []byte(p)
	in := false
	for i, c := range b {
		switch {
		case c == '[':
			in = true
		case c == ']':
			in = false
		case c == '-' && !in:
			b[i] = '_'
		}
	}
	return string(b)
}

// glob is fnmatch(3) without flags: * ? [a-z] [!a-z] \x, and no character is
// special in s. It needs at most len(p)*len(s) steps.
func glob(p, s string) bool {
	pi, si := 0, 0
	star, mark := -1, 0
	for si < len(s) {
		if pi < len(p) && p[pi] == '*' {
			star, mark = pi, si
			pi++
			continue
		}
		if n, ok := matchOne(p[pi:], s[si]); ok {
			pi += n
			si++
			continue
		}
		if star < 0 {
			return false
		}
		mark++
		pi, si = star+1, mark
	}
	return strings.Trim(p[pi:], "*") == ""
}

// matchOne matches one character of s with the first element of p and returns
// that element's length.
func matchOne(p string, c byte) (int, bool) {
	if p == "" {
		return 0, false
	}
	switch p[0] {
	case '?':
		return 1, true
	case '[':
		if n, ok := class(p, c); n > 0 {
			return n, ok
		}
	case '\\':
		if len(p) > 1 {
			return 2, p[1] == c
		}
	}
	return 1, p[0] == c
}

// class matches c with a bracket expression; n is 0 where p has no closing
// bracket, and [ is then a plain character.
func class(p string, c byte) (n int, ok bool) {
	i, not := 1, false
	if i < len(p) && (p[i] == '!' || p[i] == '^') {
		i, not = i+1, true
	}
	first := i
	for ; i < len(p); i++ {
		if p[i] == ']' && i > first {
			return i + 1, ok != not
		}
		lo, hi := p[i], p[i]
		if i+2 < len(p) && p[i+1] == '-' && p[i+2] != ']' {
			hi = p[i+2]
			i += 2
		}
		ok = ok || lo <= c && c <= hi
	}
	return 0, false
}
