package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"

	"lethe/image/kernel"
)

func kernelCmd(ctx context.Context, args []string, stdout io.Writer) error {
	if len(args) == 0 {
		return &usageError{"kernel needs show or update"}
	}
	verb := args[0]
	if verb == "-h" || verb == "--help" {
		verb, args = "show", []string{"show", "--help"}
	}
	fs := newFlags("kernel show|update", "the Debian kernel that a lock file names.\n"+
		"update asks apt for the newest one; run apt-get update before.")
	root := fs.String("root", "", "source `folder` of Lethe; default: found from here upwards")
	series := fs.String("kernel", kernel.DefaultSeries, "`series`: 6.1 or 6.12")
	if err := parse(fs, args[1:], stdout); err != nil {
		return err
	}
	dir, err := sourceRoot(*root)
	if err != nil {
		return err
	}
	name, err := kernel.LockFile(*series)
	if err != nil {
		return &usageError{err.Error()}
	}
	lock := filepath.Join(dir, "image", "kernel", name)
	switch verb {
	case "show":
		l, err := kernel.ReadLock(lock)
		if err != nil {
			return err
		}
		return showLock(stdout, l)
	case "update":
		return updateLock(ctx, lock, kernel.MetaOf(*series), stdout)
	}
	return &usageError{fmt.Sprintf("kernel has no command %q", verb)}
}

func updateLock(ctx context.Context, name, meta string, stdout io.Writer) error {
	l, err := kernel.Resolve(ctx, meta)
	if err != nil {
		return err
	}
	if old, err := kernel.ReadLock(name); err == nil && old == l {
		fmt.Fprintln(stdout, "unchanged")
		return showLock(stdout, l)
	}
	if err := l.Write(name); err != nil {
		return err
	}
	return showLock(stdout, l)
}

func showLock(w io.Writer, l kernel.Lock) error {
	_, err := fmt.Fprintf(w, "%s %s (%s)\nsha256 %s\n", l.Package, l.Version, mib(l.Size), l.SHA256)
	return err
}
