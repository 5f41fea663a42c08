package userland

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseModule(t *testing.T) {
	m, err := parseModule([]byte(`{"Require":[{"Path":"github.com/u-root/u-root","Version":"v0.16.0"}],
		"Tool":[{"Path":"github.com/u-root/mkuimage/cmd/mkuimage"},
		{"Path":"github.com/u-root/u-root/cmds/core/ls"},
		{"Path":"github.com/u-root/u-root/cmds/core/init"},
		{"Path":"github.com/u-root/u-root/cmds/core/gosh"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"gosh", "init", "ls"}, m.names()); diff != "" {
		t.Errorf("commands (-want +got):\n%s", diff)
	}
	if v := m.version(uroot); v != "v0.16.0" {
		t.Errorf("version = %q", v)
	}
	for _, bad := range []string{"", "{}", `{"Tool":[{"Path":"github.com/u-root/u-root/cmds/core/init"}]}`} {
		if _, err := parseModule([]byte(bad)); err == nil {
			t.Errorf("accepted %q", bad)
		}
	}
}

// What an operator at the console needs must be in the committed list; what
// fetches or unpacks programs, and what brings a megabyte of tables, must not.
func TestCommittedCommands(t *testing.T) {
	m, err := readModule(t.Context(), "../uroot")
	if err != nil {
		t.Fatal(err)
	}
	names := m.names()
	for _, need := range []string{"init", "gosh", "ls", "cat", "dmesg", "lsmod", "mount", "umount",
		"ps", "df", "free", "ip", "ping", "dd", "hexdump", "poweroff", "shutdown", "grep", "tail",
		"id", "date", "sync"} {
		if !slices.Contains(names, need) {
			t.Errorf("command %s is not in image/uroot/go.mod", need)
		}
	}
	for _, no := range []string{"wget", "tar", "gzip", "pci", "sshd", "tftp", "kexec"} {
		if slices.Contains(names, no) {
			t.Errorf("command %s is in image/uroot/go.mod", no)
		}
	}
}

// The key must follow every input; a stale archive under the same key would
// put yesterday's u-root into today's image.
func TestKey(t *testing.T) {
	dir := t.TempDir()
	write := func(name, s string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(s), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	key := func() string {
		t.Helper()
		k, err := module{}.key(t.Context(), dir)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	write("go.mod", "module x\n\ngo 1.26\n")
	write("go.sum", "a\n")
	first := key()
	if again := key(); again != first {
		t.Error("same input, other key")
	}
	write("go.sum", "b\n")
	second := key()
	write("go.mod", "module y\n\ngo 1.26\n")
	if third := key(); second == first || third == second {
		t.Error("a change of go.sum or go.mod did not change the key")
	}
}

// A builder's umask must not reach the modes in the archive, nor its digest.
//
// mutant: userland.go: umask 022 && exec "$@" => exec "$@"
func TestUmaskIsFixed(t *testing.T) {
	old := syscall.Umask(0o077)
	defer syscall.Umask(old)
	out, err := output(t.Context(), t.TempDir(), "sh", "-c", "umask")
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.TrimSpace(string(out)); got != "0022" {
		t.Errorf("tools run with umask %s; want 0022", got)
	}
}

func TestMissingGo(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	if _, err := output(t.Context(), t.TempDir(), "go", "version"); !errors.Is(err, errNoGo) {
		t.Errorf("without go on the path: %v; want %v", err, errNoGo)
	}
}
