// Package label says what a boot image is made of, in a file inside the image.
//
// An image cannot contain its own digest. The label therefore carries the
// digests of the parts, and the image's digest is that of the canonical text of
// the parts: who holds the parts can compute it, and the agent can report it.
// An overlay added later (site file, keys, orders) is not part of it.
package label

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Path is where the label lies in the image.
const Path = "/etc/lethe/image.json"

// Label is the content of the file. Digests are SHA-256, lower-case hex.
type Label struct {
	Name    string `json:"name"`    // "lethe"
	Profile string `json:"profile"` // e.g. "vm"
	Version string `json:"version"` // of Lethe
	Kernel  Kernel `json:"kernel"`
	URoot   string `json:"uroot"`   // version of u-root
	Base    string `json:"base"`    // u-root's archive, uncompressed
	Modules string `json:"modules"` // archive of the modules, uncompressed
	Lethe   string `json:"lethe"`   // the binary /bin/lethe
	Digest  string `json:"digest"`  // of all above, see Sum
}

// Kernel names the kernel: uname -r, the Debian package and its version.
type Kernel struct {
	Release string `json:"release"`
	Package string `json:"package"`
	Version string `json:"version"`
	Vmlinuz string `json:"vmlinuz"`
}

// ErrDigest is returned for a label whose digest is not that of its content.
var ErrDigest = errors.New("image label does not carry its own digest")

// Sum returns the image digest: the SHA-256 of one "key value\n" line per field
// in the order of the struct, without Digest.
func (l Label) Sum() string {
	var b bytes.Buffer
	for _, kv := range l.fields() {
		fmt.Fprintf(&b, "%s %s\n", kv[0], kv[1])
	}
	sum := sha256.Sum256(b.Bytes())
	return hex.EncodeToString(sum[:])
}

func (l Label) fields() [][2]string {
	return [][2]string{
		{"name", l.Name}, {"profile", l.Profile}, {"version", l.Version},
		{"kernel.release", l.Kernel.Release}, {"kernel.package", l.Kernel.Package},
		{"kernel.version", l.Kernel.Version}, {"kernel.vmlinuz", l.Kernel.Vmlinuz},
		{"uroot", l.URoot}, {"base", l.Base}, {"modules", l.Modules}, {"lethe", l.Lethe},
	}
}

// ErrLine is returned for a field with a line break: Sum's text would not be
// clear.
var ErrLine = errors.New("image label has a line break in a field")

func (l Label) check() error {
	for _, kv := range l.fields() {
		if strings.ContainsAny(kv[1], "\r\n") {
			return fmt.Errorf("%w: %s", ErrLine, kv[0])
		}
	}
	return nil
}

// Marshal returns the file's content, with the digest filled in.
func (l Label) Marshal() ([]byte, error) {
	if err := l.check(); err != nil {
		return nil, err
	}
	l.Digest = l.Sum()
	b, err := json.MarshalIndent(l, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("marshal image label: %w", err)
	}
	return append(b, '\n'), nil
}

// Parse reads the file's content: no unknown fields, nothing after it, and the
// digest must fit.
func Parse(b []byte) (Label, error) {
	var l Label
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&l); err != nil {
		return Label{}, fmt.Errorf("parse image label: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return Label{}, errors.New("parse image label: more than one value")
	}
	if err := l.check(); err != nil {
		return Label{}, err
	}
	if l.Digest != l.Sum() {
		return Label{}, ErrDigest
	}
	return l, nil
}
