package main

import (
	"context"
	"debug/buildinfo"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"lethe/image"
	"lethe/image/kernel"
)

func buildCmd(ctx context.Context, args []string, stdout io.Writer) error {
	fs := newFlags("build", "write a boot image in all its forms into a folder: see image/README.md.\n"+
		"Other files in that folder are left alone.")
	profile := fs.String("profile", "vm", "hardware `profile`: "+profileNames())
	series := fs.String("kernel", kernel.DefaultSeries, "Debian kernel `series`: 6.1 or 6.12")
	bin := fs.String("lethe", "", "static lethe binary (`file`)")
	out := fs.String("out", "", "output `folder`")
	root := fs.String("root", "", "source `folder` of Lethe; default: found from here upwards")
	cache := fs.String("cache", "", "cache `folder`; default: out/cache in the source folder")
	version := fs.String("image-version", "", "version for the label; default: the binary's own")
	var add fileList
	fs.Var(&add, "add", "add `PATH=FILE[,MODE]` as a last archive; may be given again")
	art := addArtefactFlags(fs)
	if err := parse(fs, args, stdout); err != nil {
		return err
	}
	if *bin == "" || *out == "" {
		return &usageError{"build needs --lethe and --out"}
	}
	p, err := image.ProfileByName(*profile)
	if err != nil {
		return &usageError{err.Error()}
	}
	lock, err := kernel.LockFile(*series)
	if err != nil {
		return &usageError{err.Error()}
	}
	opt := image.Options{Profile: p, Lethe: *bin, Out: *out, Overlay: add.files}
	if err := art.apply(&opt); err != nil {
		return err
	}
	if *root, err = sourceRoot(*root); err != nil {
		return err
	}
	if *cache == "" {
		*cache = filepath.Join(*root, "out", "cache")
	}
	if *version == "" {
		*version = binaryVersion(*bin)
	}
	start := time.Now()
	opt.Version, opt.Cache = *version, *cache
	opt.Lock = filepath.Join(*root, "image", "kernel", lock)
	opt.URoot = filepath.Join(*root, "image", "uroot")
	m, err := image.Build(ctx, opt)
	if err != nil {
		return err
	}
	return report(stdout, *out, m, time.Since(start))
}

func report(w io.Writer, out string, m image.Manifest, took time.Duration) error {
	fmt.Fprintf(w, "image    %s (%s, %s)\n", out, m.Label.Profile, m.Label.Version)
	fmt.Fprintf(w, "kernel   %s, Debian %s, %s\n", m.Label.Kernel.Release, m.Label.Kernel.Version, mib(m.Kernel.Size))
	fmt.Fprintf(w, "initrd   %s:", mib(m.Initrd.Size))
	for _, p := range m.Parts {
		fmt.Fprintf(w, " %s %s", p.Name, mib(p.Packed))
	}
	fmt.Fprintf(w, "\nmodules  %d\n", len(m.Modules))
	for _, f := range m.Files {
		if !strings.HasPrefix(f.Name, image.PXEFolder+"/") {
			fmt.Fprintf(w, "%-8s %s\n", f.Name, mib(f.Size))
		}
	}
	fmt.Fprintf(w, "digest   %s\n", m.Label.Digest)
	_, err := fmt.Fprintf(w, "total    %s in %.1f s\n", mib(m.Size()), took.Seconds())
	return err
}

func mib(n int64) string { return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20)) }

func profileNames() string {
	s := ""
	for _, p := range image.Profiles() {
		s += fmt.Sprintf("%s (%s) ", p.Name, p.Summary)
	}
	return s
}

// sourceRoot finds the folder that holds image/uroot/go.mod.
func sourceRoot(given string) (string, error) {
	has := func(dir string) bool {
		_, err := os.Stat(filepath.Join(dir, "image", "uroot", "go.mod"))
		return err == nil
	}
	if given != "" {
		if !has(given) {
			return "", fmt.Errorf("%s is not Lethe's source folder: no image/uroot/go.mod", given)
		}
		return given, nil
	}
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find source folder: %w", err)
	}
	for ; !has(dir); dir = filepath.Dir(dir) {
		if dir == filepath.Dir(dir) {
			return "", errors.New("run this inside Lethe's source folder, or give --root")
		}
	}
	return dir, nil
}

// binaryVersion reads the version that the go command stamped into the binary.
func binaryVersion(name string) string {
	info, err := buildinfo.ReadFile(name)
	if err != nil || info.Main.Version == "" {
		return "(devel)"
	}
	return info.Main.Version
}
