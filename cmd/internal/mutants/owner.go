package main

import (
	"errors"
	"fmt"
	"go/ast"
	"regexp"
	"slices"
	"strings"
)

var isTest = regexp.MustCompile(`^(Test|Fuzz)([^a-z].*)?$`)

// around names the declaration whose comment or body c is in.
func around(f *ast.File, c *ast.Comment) string {
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if within(c, d, d.Doc) {
				return d.Name.Name
			}
		case *ast.GenDecl:
			for _, s := range d.Specs {
				v, ok := s.(*ast.ValueSpec)
				if ok && (within(c, v, v.Doc) || len(d.Specs) == 1 && within(c, d, d.Doc)) {
					return v.Names[0].Name
				}
			}
		}
	}
	return ""
}

func within(c *ast.Comment, n ast.Node, doc *ast.CommentGroup) bool {
	from := n.Pos()
	if doc != nil {
		from = doc.Pos()
	}
	return from <= c.Pos() && c.Pos() < n.End()
}

// settle finds the one test that the comment belongs to: what it is in, or what uses
// what it is in, such as a table. files are the tests of the package.
func (m *mutant) settle(files []*ast.File) {
	if isTest.MatchString(m.owner) {
		m.Test = m.owner
		return
	}
	var tests []string
	uses := usesOf(files)
	for name := range uses {
		if m.owner != "" && isTest.MatchString(name) && reaches(uses, name, m.owner, map[string]bool{}) {
			tests = append(tests, name)
		}
	}
	slices.Sort(tests)
	switch {
	case len(tests) == 1:
		m.Test = tests[0]
	case m.wrong != nil:
	case len(tests) == 0:
		m.wrong = errors.New("the comment belongs to no test function")
	default:
		m.wrong = fmt.Errorf("the comment belongs to more than one test: %s", strings.Join(tests, ", "))
	}
}

// usesOf are the names that stand in each function and variable.
func usesOf(files []*ast.File) map[string]map[string]bool {
	all := map[string]map[string]bool{}
	note := func(name string, n ast.Node) {
		if all[name] == nil {
			all[name] = map[string]bool{}
		}
		ast.Inspect(n, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok {
				all[name][id.Name] = true
			}
			return true
		})
	}
	for _, f := range files {
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				note(d.Name.Name, d)
			case *ast.GenDecl:
				for _, s := range d.Specs {
					if v, ok := s.(*ast.ValueSpec); ok {
						for _, n := range v.Names {
							note(n.Name, v)
						}
					}
				}
			}
		}
	}
	return all
}

func reaches(uses map[string]map[string]bool, from, to string, seen map[string]bool) bool {
	if from == to {
		return true
	}
	seen[from] = true
	for name := range uses[from] {
		if uses[name] != nil && !seen[name] && reaches(uses, name, to, seen) {
			return true
		}
	}
	return false
}
