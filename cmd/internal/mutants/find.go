package main

import (
	"cmp"
	"errors"
	"fmt"
	"go/ast"
	"go/build/constraint"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// mutant is one change of the product and the test that must turn red by it.
type mutant struct {
	Package string `json:"package"` // folder of the test, relative to the module
	Test    string `json:"test"`    // the function around the comment, or the one that uses it
	At      string `json:"at"`      // file:line of the comment
	Tags    string `json:"tags,omitempty"`
	File    string `json:"file"` // what is changed, relative to the module
	Old     string `json:"old"`
	New     string `json:"new"`
	Hangs   bool   `json:"hangs,omitempty"` // to run out of time is to be caught

	wrong error  // why the comment cannot be used
	named string // FILE as the comment has it
	owner string // what the comment is in: a function, or a variable such as a table
	line  int
}

func (m mutant) String() string {
	return fmt.Sprintf("%s %s %s: %s => %s", m.At, m.Test, m.File, m.Old, m.New)
}

// byPlace sorts such that neighbours share what must be compiled.
func byPlace(a, b mutant) int {
	fileOf := func(m mutant) string { f, _, _ := strings.Cut(m.At, ":"); return f }
	return cmp.Or(cmp.Compare(a.Package, b.Package), cmp.Compare(a.Tags, b.Tags),
		cmp.Compare(fileOf(a), fileOf(b)), cmp.Compare(a.line, b.line))
}

// find lists the mutants of all test files of the module at root.
func find(root string) ([]mutant, error) {
	var all []mutant
	files := map[string][]*ast.File{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() {
			if path != root && (name == "testdata" || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_")) {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, "_test.go") {
			return nil
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		f, ms, err := inFile(path, rel, nil)
		if err != nil {
			return err
		}
		files[filepath.Dir(rel)] = append(files[filepath.Dir(rel)], f)
		for _, m := range ms {
			all = append(all, m.orFromRoot(root))
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("find mutants: %w", err)
	}
	for i := range all {
		all[i].settle(files[all[i].Package])
	}
	slices.SortStableFunc(all, byPlace)
	return all, nil
}

// inFile lists the mutants of the test file at path, or of src if it is not nil.
// rel is its name relative to the module.
func inFile(path, rel string, src any) (*ast.File, []mutant, error) {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, path, src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, nil, err
	}
	var all []mutant
	tags := tagsOf(f)
	for _, g := range f.Comments {
		for _, c := range g.List {
			if !meant.MatchString(c.Text) {
				continue
			}
			m := parse(c.Text, filepath.Dir(rel))
			m.line = fset.Position(c.Pos()).Line
			m.At, m.Tags, m.owner = fmt.Sprintf("%s:%d", rel, m.line), tags, around(f, c)
			all = append(all, m)
		}
	}
	return f, all, nil
}

var (
	meant = regexp.MustCompile(`^//\s*(?i:mutant)\s*(\(.*?\)\s*)?:`)
	form  = regexp.MustCompile(`^// mutant( \(hangs\))?: (\S+): (.*?\S) =>(?: (.*))?$`)
)

// parse reads a comment of the test in the folder pkg.
func parse(comment, pkg string) mutant {
	m := mutant{Package: pkg}
	p := form.FindStringSubmatch(comment)
	if p == nil {
		m.wrong = fmt.Errorf("the comment is not of the form mutant: FILE: OLD => NEW: %s", comment)
		return m
	}
	m.Hangs, m.Old, m.New = p[1] != "", p[3], strings.TrimRight(p[4], " ")
	m.named, m.File = p[2], filepath.Join(pkg, p[2])
	switch {
	case filepath.IsAbs(p[2]):
		m.wrong = fmt.Errorf("%s is not a relative path", p[2])
	case !filepath.IsLocal(m.File):
		m.wrong = fmt.Errorf("%s is outside the module", p[2])
	case strings.HasSuffix(m.File, "_test.go"):
		m.wrong = fmt.Errorf("%s is a test, not the product", p[2])
	case m.Old == m.New:
		m.wrong = errors.New("the change changes nothing")
	}
	return m
}

// orFromRoot takes FILE for relative to the module where the test's folder has none.
func (m mutant) orFromRoot(root string) mutant {
	there := func(name string) bool { _, err := os.Stat(filepath.Join(root, name)); return err == nil }
	if m.wrong == nil && !there(m.File) && there(m.named) {
		m.File = m.named
	}
	return m
}

// tagsOf is the tag of the long tests, if the file is one of theirs.
func tagsOf(f *ast.File) string {
	for _, g := range f.Comments {
		if g.Pos() > f.Package {
			break
		}
		for _, c := range g.List {
			x, err := constraint.Parse(c.Text)
			if err == nil && !x.Eval(func(t string) bool { return t != "long" }) {
				return "long"
			}
		}
	}
	return ""
}
