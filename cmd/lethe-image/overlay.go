package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"lethe/image/initramfs"
)

// fileList is the flag --add.
type fileList struct{ files []initramfs.File }

func (l *fileList) String() string { return "" }

// Set takes PATH=FILE[,MODE]: the file's content at PATH in the image, with an
// octal mode, 0644 where none is given.
func (l *fileList) Set(spec string) error {
	path, from, ok := strings.Cut(spec, "=")
	if !ok || path == "" || from == "" {
		return fmt.Errorf("%q is not PATH=FILE[,MODE]", spec)
	}
	mode := fs.FileMode(0o644)
	if i := strings.LastIndexByte(from, ','); i >= 0 {
		m, err := strconv.ParseUint(from[i+1:], 8, 32)
		if err != nil || m > 0o777 {
			return fmt.Errorf("%q is not an octal mode", from[i+1:])
		}
		from, mode = from[:i], fs.FileMode(m)
	}
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	l.files = append(l.files, initramfs.File{Path: path, Mode: mode, Data: data})
	return nil
}

func overlayCmd(args []string, stdout io.Writer) error {
	fs := newFlags("overlay", "pack site files, keys or orders into an archive that is\n"+
		"appended to initrd.img, or given to the boot loader as a second initrd.")
	out := fs.String("out", "", "output `file`")
	onto := fs.String("onto", "", "write this `initrd` followed by the archive")
	var add fileList
	fs.Var(&add, "add", "`PATH=FILE[,MODE]`; may be given again")
	if err := parse(fs, args, stdout); err != nil {
		return err
	}
	if *out == "" || len(add.files) == 0 {
		return &usageError{"overlay needs --out and --add"}
	}
	img, err := overlayImage(*onto, add.files)
	if err != nil {
		return err
	}
	// The archive may hold keys.
	if err := os.WriteFile(*out, img, 0o600); err != nil {
		return fmt.Errorf("write overlay: %w", err)
	}
	_, err = fmt.Fprintf(stdout, "%s: %d files, %d bytes\n", *out, len(add.files), len(img))
	return err
}

func overlayImage(onto string, files []initramfs.File) ([]byte, error) {
	packed, err := initramfs.Pack(initramfs.Fast, files...)
	if err != nil {
		return nil, err
	}
	if onto == "" {
		return packed, nil
	}
	base, err := os.ReadFile(onto)
	if err != nil {
		return nil, fmt.Errorf("read initrd: %w", err)
	}
	if len(base) == 0 {
		return nil, errors.New("the initrd is empty")
	}
	var b bytes.Buffer
	_, err = initramfs.Concat(&b, base, packed)
	return b.Bytes(), err
}
