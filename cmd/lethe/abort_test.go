package main

import (
	"os"
	"path/filepath"
	"testing"

	"lethe/cmd/internal/cli"
)

// A word that could mean two drives, or none, aborts nothing.
//
// mutant: abort.go: case 1: => case 1, 2:
// mutant: abort.go: if task == word || meansDrive(f, word) { => if true {
func TestAbortMeansOneDrive(t *testing.T) {
	dir := t.TempDir()
	line := func(serial string) string {
		return `{"event":{"task":{"asked":"Clear","audit":{"kind":"volatile"},"check":"full","device":{"identity":{"serial":"` + serial +
			`"},"logicalSector":512,"medium":"magnetic","node":"/dev/` + serial + `","path":"x","physicalSector":512,"size":512,"transport":"sata"},"format":"lethe.transcript/v1","id":"x","ladder":[],"passes":[],"plan":"","profile":{"digest":"","id":"","title":""}}},"mono":1,"prev":"0000000000000000000000000000000000000000000000000000000000000000","seq":0,"wall":"2026-01-01T00:00:00.000000000Z"}` + "\n"
	}
	for name, text := range map[string]string{"T1.jsonl": line("A"), "T2.jsonl": line("B"), "T3.jsonl": line("B"),
		"T4.issued.jsonl": line("C"), "T5.jsonl": "torn"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for word, want := range map[string]string{"A": "T1", "/dev/A": "T1", "T3": "T3", "T5": "T5", "B": "", "C": "", "T4": "", "": "", "D": ""} {
		got, err := taskOf(dir, word)
		if got != want || (want == "") != (cli.Status(err) == cli.ExitUsage) {
			t.Errorf("%q is %q, %v; want %q", word, got, err, want)
		}
	}
}
