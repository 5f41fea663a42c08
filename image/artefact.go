package image

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"lethe/image/debian"
	"lethe/image/kernel"
	"lethe/image/measure"
	"lethe/image/menu"
)

// Formats that Build writes beside kernel and initramfs.
const (
	FormatUKI = "uki"
	FormatPXE = "pxe"
)

// Names of what the formats write.
const (
	UKIFile   = "lethe.efi"
	PXEFolder = "pxe"
	SumsFile  = "SHA256SUMS"
)

// ErrFormat is returned for a format that does not exist.
var ErrFormat = errors.New("no such image format")

// format is one way to deliver an image.
type format struct {
	name  string
	names []string // files and folders below Out
	needs func() []debian.Need
	write func(context.Context, *artefacts) error
}

// formats are all there are, in the order in which they are written.
var formats = []format{
	{FormatUKI, []string{UKIFile}, ukiNeeds, writeUKI},
	{FormatPXE, []string{PXEFolder}, pxeNeeds, writePXE},
	{FormatISO, []string{ISOFile}, isoNeeds, writeISO},
	{FormatUSB, []string{USBFile}, usbNeeds, writeUSB},
	{FormatSBOM, []string{SBOMFile, NoticesFile}, func() []debian.Need { return nil }, writeSBOM},
}

// Formats returns the names of all formats.
func Formats() []string {
	var out []string
	for _, f := range formats {
		out = append(out, f.name)
	}
	return out
}

// chosen returns the formats asked for, with no name unknown and no tool missing.
func chosen(names []string) ([]format, error) {
	var out []format
	var needs []debian.Need
	for _, f := range formats {
		if slices.Contains(names, f.name) {
			out, needs = append(out, f), append(needs, f.needs()...)
		}
	}
	for _, n := range names {
		if !slices.Contains(Formats(), n) {
			return nil, fmt.Errorf("%w: %q (there are %s)", ErrFormat, n, strings.Join(Formats(), ", "))
		}
	}
	return out, debian.Check(needs...)
}

// artefacts is an image that is being written in its formats.
type artefacts struct {
	opt             Options
	out             string
	menu            menu.Menu
	label           labelInfo
	vmlinuz, initrd []byte
	uki             []byte // as written, nil without one
	files           []FileInfo
	pcrs            []measure.PCR
	kernel          kernel.Tree
	needs           []debian.Need // of all formats that are written
}

// labelInfo is what the formats show of the label.
type labelInfo struct{ version, profile, release, digest string }

// title names the image in menus.
func (l labelInfo) title() string {
	return fmt.Sprintf("Lethe %s (%s, %s)", l.version, l.profile, l.digest[:12])
}

// add writes a file of the image; name is slash separated, below Out.
func (a *artefacts) add(name string, b []byte) error {
	path := filepath.Join(a.out, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("make output folder: %w", err)
	}
	f, err := put(a.out, name, b)
	if err != nil {
		return err
	}
	a.files = append(a.files, f)
	return nil
}

// all writes the formats one after the other.
func (a *artefacts) all(ctx context.Context, fs []format) error {
	for _, f := range fs {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("build image: %w", context.Cause(ctx))
		}
		if err := f.write(ctx, a); err != nil {
			return err
		}
	}
	return nil
}

// sweep takes away what earlier builds left, so that no file of another image
// lies beside this one's. What is not ours stays.
func sweep(out string) error {
	names := []string{ManifestFile, SumsFile}
	for _, f := range formats {
		names = append(names, f.names...)
	}
	for _, n := range names {
		if err := os.RemoveAll(filepath.Join(out, n)); err != nil {
			return fmt.Errorf("replace image: %w", err)
		}
	}
	return nil
}

// writeSums lists every file for sha256sum -c.
func writeSums(dir string, files []FileInfo) error {
	var b strings.Builder
	for _, f := range files {
		fmt.Fprintf(&b, "%s  %s\n", f.SHA256, f.Name)
	}
	return writeFile(filepath.Join(dir, SumsFile), 0o644, func(w io.Writer) error {
		_, err := io.WriteString(w, b.String())
		return err
	})
}
