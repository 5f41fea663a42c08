package archtest

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
	"testing"
)

const module = "lethe/"

// rooms are the folders at the top: every package is in one of them.
var rooms = []string{"cmd", "wipe", "inventory", "certs", "image"}

// pkg is what go list says of a package; names within the module lack its prefix.
type pkg struct {
	ImportPath string
	Name       string
	Dir        string
	Doc        string
	Standard   bool
	Imports    []string
	GoFiles    []string
	ours       bool
}

type graph map[string]*pkg

// load asks the go command for every package of the module and all they need,
// without tests.
func load(t *testing.T) graph {
	t.Helper()
	look(t)
	cmd := exec.Command("go", "list", "-deps", "-json=ImportPath,Name,Dir,Doc,Standard,Imports,GoFiles", module+"...")
	out, err := cmd.Output()
	if err != nil {
		var ee *exec.ExitError
		if errors.As(err, &ee) {
			t.Fatalf("go list: %v\n%s", err, ee.Stderr)
		}
		t.Fatalf("go list: %v", err)
	}
	g := graph{}
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		p := &pkg{}
		if err := d.Decode(p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		p.ImportPath, p.ours = strings.CutPrefix(p.ImportPath, module)
		for i := range p.Imports {
			p.Imports[i] = strings.TrimPrefix(p.Imports[i], module)
		}
		g[p.ImportPath] = p
	}
	return g
}

// look touches every source of the module, so that the go command, which sees what
// a test opens but not what its children do, does not answer from its cache after
// another package has changed.
func look(t *testing.T) {
	t.Helper()
	for _, room := range rooms {
		err := filepath.WalkDir(filepath.Join("../../..", room), func(name string, _ fs.DirEntry, err error) error {
			if err == nil && filepath.Ext(name) == ".go" {
				_, err = os.Stat(name)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// own are the names of the module's packages, sorted.
func (g graph) own() (names []string) {
	for n, p := range g {
		if p.ours {
			names = append(names, n)
		}
	}
	sort.Strings(names)
	return names
}

// reach gives, for every package that from needs, the way there: through packages
// of the module only, up to the first that is not ours.
func (g graph) reach(from string) map[string][]string {
	way := map[string][]string{}
	var walk func(n string, so []string)
	walk = func(n string, so []string) {
		for _, i := range g[n].Imports {
			if way[i] != nil {
				continue
			}
			way[i] = append(append([]string{}, so...), i)
			if p := g[i]; p != nil && p.ours {
				walk(i, way[i])
			}
		}
	}
	walk(from, []string{from})
	return way
}

// matches reports whether name is one of patterns: a name, or "x/..." for x and
// all below it.
func matches(name string, patterns ...string) bool {
	for _, p := range patterns {
		base, tree := strings.CutSuffix(p, "/...")
		if name == base || tree && strings.HasPrefix(name, base+"/") {
			return true
		}
	}
	return false
}

// testSupport reports whether a package only serves tests, as its name or that of a
// folder around it says.
func testSupport(name string) bool {
	for _, folder := range strings.Split(name, "/") {
		if strings.HasSuffix(folder, "test") {
			return true
		}
	}
	return false
}
