package archtest

import (
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func TestNeverReaches(t *testing.T) {
	g := load(t)
	for _, r := range rules {
		applied := false
		for _, name := range g.own() {
			if !matches(name, r.who...) || testSupport(name) {
				continue
			}
			applied = true
			for dep, way := range g.reach(name) {
				if matches(dep, r.never...) && !matches(dep, r.but...) && !matches(dep, r.who...) {
					t.Errorf("%s must not reach %s: %s\n\tby %s", name, dep, r.why, strings.Join(way, " -> "))
				}
			}
		}
		if !applied {
			t.Errorf("rule for %q holds no package: has it moved?", r.who)
		}
	}
}

// What simulates drives or forges papers for tests must not be in any product.
func TestProductsCarryNoTestSupport(t *testing.T) {
	g := load(t)
	for _, name := range g.own() {
		if testSupport(name) {
			continue
		}
		for dep, way := range g.reach(name) {
			// boottest starts virtual machines, for tests and for the demonstration alike
			if p := g[dep]; p != nil && p.ours && testSupport(dep) && dep != "image/boottest" {
				t.Errorf("%s reaches %s\n\tby %s", name, dep, strings.Join(way, " -> "))
			}
		}
	}
}

func TestOnlyImports(t *testing.T) {
	g := load(t)
	for _, r := range directs {
		used := map[string]bool{}
		for _, name := range g.own() {
			for _, dep := range g[name].Imports {
				if !matches(dep, r.what...) {
					continue
				}
				ok := testSupport(name) && matches(dep, "testing")
				for _, m := range r.may {
					if matches(name, m) {
						ok, used[m] = true, true
					}
				}
				if !ok {
					t.Errorf("%s must not import %s: %s", name, dep, r.why)
				}
			}
		}
		for _, m := range r.may {
			if !used[m] {
				t.Errorf("%s need not be allowed to import %q any more", m, r.what)
			}
		}
	}
}

func TestOnlyFile(t *testing.T) {
	g := load(t)
	for _, r := range files {
		found := false
		for _, f := range g[r.pkg].GoFiles {
			src, err := parser.ParseFile(token.NewFileSet(), filepath.Join(g[r.pkg].Dir, f), nil, parser.ImportsOnly)
			if err != nil {
				t.Fatal(err)
			}
			for _, i := range src.Imports {
				p, err := strconv.Unquote(i.Path.Value)
				if err != nil || !matches(p, r.what+"/...") {
					continue
				}
				found = found || f == r.name
				if f != r.name {
					t.Errorf("%s/%s imports %s; only %s may", r.pkg, f, p, r.name)
				}
			}
		}
		if !found {
			t.Errorf("%s/%s does not import %s: has it moved?", r.pkg, r.name, r.what)
		}
	}
}

func TestEveryPackageHasOneJob(t *testing.T) {
	g := load(t)
	for _, name := range g.own() {
		p := g[name]
		room, _, _ := strings.Cut(name, "/")
		if !slices.Contains(rooms, room) {
			t.Errorf("%s is in none of the rooms", name)
		}
		want := "Package " + p.Name + " "
		if p.Name == "main" {
			want = "" // a command says what it does, in its own words
		}
		if p.Doc == "" || !strings.HasPrefix(p.Doc, want) {
			t.Errorf("%s: package comment %q, want one that begins %q", name, p.Doc, want)
		}
		switch p.Name {
		case "utils", "util", "common", "helpers", "misc":
			t.Errorf("%s: a name that says no job", name)
		}
	}
}

// The rules themselves must be able to fail.
func TestRulesBite(t *testing.T) {
	g := graph{
		"a":       {ours: true, Imports: []string{"b", "fmt"}},
		"b":       {ours: true, Imports: []string{"x.org/c"}},
		"x.org/c": {Imports: []string{"os"}},
	}
	way := g.reach("a")
	if got := strings.Join(way["x.org/c"], " "); got != "a b x.org/c" || way["os"] != nil {
		t.Errorf("way %q, os %v", got, way["os"])
	}
	for _, c := range []struct {
		name, pattern string
		want          bool
	}{
		{"wipe", "wipe/...", true}, {"wipe/judge", "wipe/...", true}, {"wiper", "wipe/...", false},
		{"wipe/judge", "wipe", false}, {"wipe", "wipe", true}, {"net/http", "net/...", true},
	} {
		if matches(c.name, c.pattern) != c.want {
			t.Errorf("%s in %s: %v", c.name, c.pattern, !c.want)
		}
	}
}
