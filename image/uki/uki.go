// Package uki writes unified kernel images: systemd's EFI stub with kernel,
// initramfs and command line as sections of one file, which firmware verifies,
// measures and starts as a whole (UAPI group, "Unified Kernel Image").
//
// The stub is Debian's, as it comes. What the stub of systemd 252 does: it
// measures the sections into PCR 11; with Secure Boot on it ignores a command
// line given from outside, so that what is inside is what runs.
package uki

import (
	"fmt"

	"lethe/image/pecoff"
)

// Stub is where Debian's systemd-boot-efi has the stub.
const Stub = "/usr/lib/systemd/boot/efi/linuxx64.efi.stub"

// Parts is what goes into an image. All are required.
type Parts struct {
	OSRelease string // os-release(5) text, for boot menus that list images
	Cmdline   string // of the kernel
	Uname     string // uname -r of the kernel
	Kernel    []byte
	Initrd    []byte
}

// Section is one section of a built image with the bytes it holds.
type Section = pecoff.New

// Sections are the parts by the names that the stub looks for.
func (p Parts) Sections() []Section {
	return []Section{
		{Name: ".osrel", Data: []byte(p.OSRelease)},
		{Name: ".cmdline", Data: []byte(p.Cmdline)},
		{Name: ".uname", Data: []byte(p.Uname)},
		{Name: ".linux", Data: p.Kernel},
		{Name: ".initrd", Data: p.Initrd},
	}
}

// Build returns the unsigned image: the stub's bytes, then the parts. The same
// input gives the same bytes.
func Build(stub []byte, p Parts) ([]byte, error) {
	m, err := pecoff.Parse(stub)
	if err != nil {
		return nil, fmt.Errorf("read EFI stub: %w", err)
	}
	if m.Content(".sdmagic") == nil {
		return nil, fmt.Errorf("read EFI stub: no .sdmagic: not systemd's")
	}
	if m.Content(".linux") != nil {
		return nil, fmt.Errorf("read EFI stub: it has a kernel already")
	}
	out, err := m.Append(p.Sections()...)
	if err != nil {
		return nil, fmt.Errorf("build unified kernel image: %w", err)
	}
	return out, nil
}
