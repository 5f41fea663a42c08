package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// status is what became of a mutant.
type status string

const (
	caught   status = "caught"   // the test turned red
	survived status = "SURVIVED" // the test stayed green
	stale    status = "stale"    // its text is not in the product, or not exactly once
	broken   status = "broken"   // it says nothing: not compiled, or the test is red without it
)

type result struct {
	mutant
	Status status `json:"status"`
	Detail string `json:"detail,omitempty"`
	Millis int64  `json:"millis"`
}

func (m mutant) is(s status, detail string) result {
	return result{mutant: m, Status: s, Detail: detail}
}

// apply gives the changed text of the file. If it cannot, it says why in a result.
func (m mutant) apply(root string) ([]byte, *result) {
	if m.wrong != nil {
		r := m.is(broken, m.wrong.Error())
		return nil, &r
	}
	src, err := os.ReadFile(filepath.Join(root, m.File))
	if err != nil {
		r := m.is(stale, err.Error())
		return nil, &r
	}
	if n := bytes.Count(src, []byte(m.Old)); n != 1 {
		r := m.is(stale, fmt.Sprintf("found %d times", n))
		return nil, &r
	}
	return bytes.Replace(src, []byte(m.Old), []byte(m.New), 1), nil
}

// checked tells by Status caught that the mutant can be applied.
func (m mutant) checked(root string) result {
	if _, r := m.apply(root); r != nil {
		return *r
	}
	return m.is(caught, "")
}

// overlay writes the changed file and the overlay that puts it in the place of the
// one in the tree into dir, and gives the overlay's path.
func (m mutant) overlay(root, dir string, text []byte) (string, error) {
	changed := filepath.Join(dir, filepath.Base(m.File))
	if err := os.WriteFile(changed, text, 0o600); err != nil {
		return "", fmt.Errorf("write mutant: %w", err)
	}
	b, err := json.Marshal(map[string]any{"Replace": map[string]string{filepath.Join(root, m.File): changed}})
	if err != nil {
		return "", fmt.Errorf("write overlay: %w", err)
	}
	path := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		return "", fmt.Errorf("write overlay: %w", err)
	}
	return path, nil
}
