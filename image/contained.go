package image

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"lethe/image/debian"
	"lethe/image/sbom"
)

// Names of what says what is inside.
const (
	FormatSBOM  = "sbom"
	SBOMFile    = "sbom.spdx.json"
	NoticesFile = "NOTICES"
)

// epoch stands for the time of a build: the clock's would make every build another.
const epoch = "1980-01-01T00:00:00Z"

// licences are those of Debian's packages that get into an image, by source
// package; their copyright files, which NOTICES has whole, say it file by file.
var licences = map[string]string{
	"linux": "GPL-2.0-only WITH Linux-syscall-note", "shim-signed": "BSD-2-Clause", "grub2": "GPL-3.0-or-later",
	"grub-efi-amd64-signed": "GPL-3.0-or-later", "systemd": "LGPL-2.1-or-later", "syslinux": "GPL-2.0-or-later",
	"libisoburn": "GPL-2.0-or-later",
}

// writeSBOM writes the bill of materials and the licence texts.
func writeSBOM(ctx context.Context, a *artefacts) error {
	cs, err := a.components(ctx)
	if err != nil {
		return err
	}
	i := sbom.Image{Name: "lethe-image-" + a.label.profile, Version: a.label.version, Digest: a.label.digest, Created: epoch}
	b, err := sbom.SPDX(i, cs)
	if err != nil {
		return err
	}
	if err := a.add(SBOMFile, b); err != nil {
		return err
	}
	return a.add(NoticesFile, sbom.Notices(i, cs))
}

// components are Lethe, its modules and u-root's, the kernel and the boot loaders.
func (a *artefacts) components(ctx context.Context) ([]sbom.Component, error) {
	mods, release, err := sbom.OfBinary(a.opt.Lethe)
	if err != nil {
		return nil, err
	}
	user, err := sbom.OfTools(ctx, a.opt.URoot, "github.com/u-root/u-root/cmds/")
	if err != nil {
		return nil, err
	}
	cs, err := sbom.Modules(ctx, append(mods, user...))
	if err != nil {
		return nil, err
	}
	std, err := sbom.Standard(ctx, release)
	if err != nil {
		return nil, err
	}
	linux, err := a.linux()
	if err != nil {
		return nil, err
	}
	own := sbom.Component{Kind: sbom.Own, Name: "lethe", Version: a.label.version, Licence: "Apache-2.0"}
	if b, err := os.ReadFile(filepath.Join(a.opt.URoot, "..", "..", "LICENSE")); err == nil {
		own.Texts = []sbom.Text{{Name: "LICENSE", Data: b}}
	}
	loaders, err := a.loaders(ctx)
	return append(append(cs, std, linux, own), loaders...), err
}

func (a *artefacts) linux() (sbom.Component, error) {
	// vmlinuz lies in boot, below where the package was unpacked.
	text, err := debian.Copyright(filepath.Dir(filepath.Dir(a.kernel.Vmlinuz)), a.kernel.Package)
	if err != nil {
		return sbom.Component{}, err
	}
	return sbom.Component{Kind: sbom.Debian, Name: a.kernel.Package, Version: a.kernel.Version,
		Purl: debian.Package{Name: a.kernel.Package, Version: a.kernel.Version}.Purl(), Sum: "SHA256: " + a.kernel.SHA256,
		Licence: licences["linux"], Source: "Debian source package linux " + a.kernel.Version,
		Texts: []sbom.Text{{Name: "copyright", Data: text}}}, nil
}

// loaders are the packages that the formats need. One that only lends a program
// is a tool, and not inside.
func (a *artefacts) loaders(ctx context.Context) ([]sbom.Component, error) {
	inside := map[string]bool{}
	var names []string
	for _, n := range a.needs {
		inside[n.Package] = inside[n.Package] || strings.HasPrefix(n.Path, "/")
		names = append(names, n.Package)
	}
	ps, err := debian.Installed(ctx, names...)
	if err != nil {
		return nil, err
	}
	var cs []sbom.Component
	for _, p := range ps {
		text, err := debian.Copyright("/", p.Name)
		if err != nil {
			return nil, err
		}
		cs = append(cs, sbom.Component{Kind: sbom.Debian, Name: p.Name, Version: p.Version, Purl: p.Purl(), Licence: licences[p.Source],
			Source: fmt.Sprintf("Debian source package %s %s", p.Source, p.SourceV), Texts: []sbom.Text{{Name: "copyright", Data: text}},
			Tool: !inside[p.Name]})
	}
	return cs, nil
}
