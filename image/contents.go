package image

import (
	"bytes"
	"debug/elf"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"lethe/image/initramfs"
	"lethe/image/kernel"
	"lethe/image/kmod"
	"lethe/image/label"
)

// AlwaysPath says which modules to load when, and with what parameters.
const AlwaysPath = "/etc/lethe/modules"

// readStatic reads the lethe binary and refuses one that needs a dynamic
// linker: the image has none, and the failure in the machine would be a riddle.
func readStatic(name string) ([]byte, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("read lethe binary: %w", err)
	}
	f, err := elf.NewFile(bytes.NewReader(b))
	if err != nil {
		return nil, fmt.Errorf("read lethe binary %s: %w", name, err)
	}
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			return nil, fmt.Errorf("%s is not static: build it with CGO_ENABLED=0", name)
		}
	}
	return b, nil
}

// uinitFlags is one quoted word a line, as u-root's uflag.ArgvToFile writes it;
// its init panics on a word without quotes, and the kernel with it.
const uinitFlags = "\"boot\"\n"

// letheFiles is Lethe's own archive. u-root's init starts /bin/uinit with the
// words of /etc/uinit.flags; the kernel calls /sbin/modprobe by itself.
func letheFiles(bin, text []byte, p Profile) []initramfs.File {
	link := func(name, to string) initramfs.File {
		return initramfs.File{Path: name, Mode: fs.ModeSymlink, Link: to}
	}
	return []initramfs.File{
		{Path: "bin/lethe", Mode: 0o755, Data: bin},
		link("bin/uinit", "lethe"),
		link("sbin/modprobe", "../bin/lethe"),
		link("sbin/reboot", "../bin/lethe"),
		{Path: "etc/uinit.flags", Mode: 0o644, Data: []byte(uinitFlags)},
		{Path: label.Path[1:], Mode: 0o644, Data: text},
		{Path: AlwaysPath[1:], Mode: 0o644, Data: []byte(p.moduleList())},
	}
}

// moduleArchive chooses the profile's modules with all they need and returns
// them with the indexes cut down to this choice, and their names.
func moduleArchive(t kernel.Tree, p Profile) (*initramfs.Archive, []string, error) {
	x, err := kmod.Load(t.ModulesFS())
	if err != nil {
		return nil, nil, fmt.Errorf("read modules of %s: %w", t.Release, err)
	}
	steps, err := x.Order(p.wanted()...)
	if err != nil {
		return nil, nil, fmt.Errorf("choose modules of profile %s: %w", p.Name, err)
	}
	a := &initramfs.Archive{}
	root := path.Join("lib/modules", t.Release)
	var names []string
	for _, s := range steps {
		b, err := os.ReadFile(filepath.Join(t.Modules, filepath.FromSlash(s.Path)))
		if err != nil {
			return nil, nil, fmt.Errorf("read module: %w", err)
		}
		if err := a.Add(initramfs.File{Path: path.Join(root, s.Path), Mode: 0o644, Data: b}); err != nil {
			return nil, nil, err
		}
		names = append(names, s.Name)
	}
	for name, b := range x.Subset(names) {
		if err := a.Add(initramfs.File{Path: path.Join(root, name), Mode: 0o644, Data: b}); err != nil {
			return nil, nil, err
		}
	}
	return a, names, nil
}
