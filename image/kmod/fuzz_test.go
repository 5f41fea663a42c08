package kmod

import (
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
)

// FuzzLoad feeds all four parsers; what loads must resolve without panic and
// never name a file outside of the directory.
func FuzzLoad(f *testing.F) {
	f.Add([]byte(testDep), []byte(testAlias), []byte(testSoft), []byte("kernel/x.ko\n"), "crct10dif")
	f.Add([]byte("../a.ko: b.ko\n"), []byte("alias [ a\n"), []byte("softdep a pre: a\n"), []byte(""), "[")
	f.Fuzz(func(t *testing.T, dep, alias, soft, builtin []byte, name string) {
		x, err := Load(fstest.MapFS{
			"modules.dep":     {Data: dep},
			"modules.alias":   {Data: alias},
			"modules.softdep": {Data: soft},
			"modules.builtin": {Data: builtin},
		})
		if err != nil {
			return
		}
		steps, _ := x.Order(append(x.Names(), name)...)
		seen := map[string]bool{}
		for _, s := range steps {
			if seen[s.Name] {
				t.Fatalf("%s twice in the order", s.Name)
			}
			for _, a := range s.After {
				if !seen[a] {
					t.Fatalf("%s waits for %s, which comes later", s.Name, a)
				}
			}
			seen[s.Name] = true
			if !filepath.IsLocal(s.Path) {
				t.Fatalf("path %q leaves the directory", s.Path)
			}
		}
		x.Subset(x.Names())
	})
}

// FuzzGlob holds the matcher to two laws: a literal matches itself, and * is
// never less than any other element.
func FuzzGlob(f *testing.F) {
	f.Add("pci:v*d*sv*", "pci:v1d2sv3")
	f.Add("[a-", "[a-")
	f.Fuzz(func(t *testing.T, p, s string) {
		if !strings.ContainsAny(s, `*?[\`) && !glob(s, s) {
			t.Fatalf("%q does not match itself", s)
		}
		if strings.ContainsAny(p, `[\`) {
			return // an open bracket or a last \ takes the added * for itself
		}
		if glob(p, s) && !glob(p+"*", s) {
			t.Fatalf("%q matches %q, but not with * added", p, s)
		}
	})
}
