package kernel

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
)

// Lock names exactly one kernel package of the Debian archive.
type Lock struct {
	Meta    string `json:"meta"`    // the package that was followed
	Package string `json:"package"` // e.g. linux-image-6.1.0-56-amd64
	Version string `json:"version"` // Debian's version of it
	Release string `json:"release"` // uname -r
	Size    int64  `json:"size"`    // of the .deb, bytes
	SHA256  string `json:"sha256"`  // of the .deb, lower-case hex
}

var (
	packageName = regexp.MustCompile(`^linux-image-[a-z0-9][a-z0-9.+-]*$`)
	version     = regexp.MustCompile(`^[0-9][A-Za-z0-9.+~:-]*$`)
)

// Validate checks each field for what may be given to apt and used as a path.
func (l Lock) Validate() error {
	sum, err := hex.DecodeString(l.SHA256)
	switch {
	case !packageName.MatchString(l.Package):
		return fmt.Errorf("kernel lock: package %q is not a kernel's name", l.Package)
	case !version.MatchString(l.Version):
		return fmt.Errorf("kernel lock: version %q is not a Debian version", l.Version)
	case l.Release != releaseOf(l.Package):
		return fmt.Errorf("kernel lock: release %q is not that of %s", l.Release, l.Package)
	case err != nil || len(sum) != 32 || strings.ToLower(l.SHA256) != l.SHA256:
		return fmt.Errorf("kernel lock: %q is not a SHA-256 in lower-case hex", l.SHA256)
	}
	return nil
}

// ParseLock reads a lock file.
func ParseLock(b []byte) (Lock, error) {
	var l Lock
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&l); err != nil {
		return Lock{}, fmt.Errorf("parse kernel lock: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return Lock{}, errors.New("parse kernel lock: more than one value")
	}
	return l, l.Validate()
}

// ReadLock reads the lock file of that name.
func ReadLock(name string) (Lock, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return Lock{}, fmt.Errorf("read kernel lock: %w", err)
	}
	return ParseLock(b)
}

// Write replaces the lock file of that name.
func (l Lock) Write(name string) error {
	b, err := json.MarshalIndent(l, "", "  ")
	if err != nil {
		return fmt.Errorf("write kernel lock: %w", err)
	}
	tmp := name + ".tmp"
	if err := os.WriteFile(tmp, append(b, '\n'), 0o644); err != nil {
		return fmt.Errorf("write kernel lock: %w", err)
	}
	if err := os.Rename(tmp, name); err != nil {
		return fmt.Errorf("write kernel lock: %w", err)
	}
	return nil
}
