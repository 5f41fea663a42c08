package fat

import (
	"fmt"
	"strings"
)

const shortChars = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'()-@^_`{}~"

// plain returns the 11 bytes of a name that needs no long one.
func plain(name string) (string, bool) {
	base, ext, dot := strings.Cut(name, ".")
	ok := base != "" && len(base) <= 8 && len(ext) <= 3 && (!dot || ext != "") && clean(base+ext) == base+ext
	return fmt.Sprintf("%-8s%-3s", base, ext), ok
}

// shortNames gives every name of a folder (in capitals) 11 bytes of its own.
func shortNames(names []string) []string {
	used := map[string]bool{}
	out := make([]string, len(names))
	for i, n := range names {
		if s, ok := plain(n); ok {
			out[i], used[s] = s, true
		}
	}
	for i, n := range names {
		if out[i] == "" {
			out[i] = alias(n, used)
		}
	}
	return out
}

func alias(name string, used map[string]bool) string {
	base, ext := name, ""
	if i := strings.LastIndexByte(name, '.'); i > 0 {
		base, ext = name[:i], name[i+1:]
	}
	base, ext = clean(strings.ReplaceAll(base, ".", "")), clean(ext)
	for n := 1; ; n++ {
		tail := fmt.Sprintf("~%d", n)
		s := fmt.Sprintf("%-8s%-3s", base[:min(len(base), 8-len(tail))]+tail, ext[:min(len(ext), 3)])
		if !used[s] {
			used[s] = true
			return s
		}
	}
}

// clean replaces what a short name cannot hold.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(shortChars, r) {
			return r
		}
		return '_'
	}, s)
}
