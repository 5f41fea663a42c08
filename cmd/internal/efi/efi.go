// Package efi reads what the firmware says of Secure Boot, and puts an owner's own
// keys into it while it is in setup mode (UEFI 2.10 §32.3).
//
// Secure Boot on does not mean that the firmware checked Lethe: Debian's signed
// shim and GRUB start Debian's signed kernel with any initramfs. [State.Verified]
// tells the two apart by how the kernel was started.
package efi

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Dir is where sysinit mounts efivarfs.
const Dir = "/sys/firmware/efi/efivars"

const (
	globalVariable = "-8be4df61-93ca-11d2-aa0d-00e098032b8c"
	imageSecurity  = "-d719b2cb-3d3a-4596-a3bc-dad00e67656f"
	loaderVariable = "-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f" // of systemd's boot programs
)

// ErrNoEFI is returned on a machine that did not boot by UEFI, or does not show
// its variables.
var ErrNoEFI = errors.New("no EFI variables")

// State is what the firmware says of itself. The zero value is a machine that was
// not started by UEFI.
type State struct {
	EFI        bool
	SecureBoot bool // images are checked before they are started
	SetupMode  bool // no platform key: whoever runs may enrol keys
	Stub       bool // a unified image's stub started the kernel
}

// Verified tells whether the firmware checked the agent itself: Secure Boot was on
// and a unified kernel image was started, in which kernel, initramfs and command
// line are under one signature.
func (s State) Verified() bool { return s.SecureBoot && !s.SetupMode && s.Stub }

// Sentence says it for the certificate.
func (s State) Sentence() string {
	switch {
	case s.Verified():
		return "agent verified by firmware (Secure Boot, unified kernel image)"
	case s.SecureBoot:
		return "agent not verified by firmware (Secure Boot verified boot loader and kernel only)"
	case s.EFI:
		return "agent not verified by firmware (Secure Boot off)"
	}
	return "agent not verified by firmware (no UEFI)"
}

// Word is the sentence for the machine whose variables are in dir. What cannot be
// read was verified by nobody.
func Word(dir string) string {
	s, err := Read(dir)
	if err != nil {
		return "agent not verified by firmware (its variables cannot be read)"
	}
	return s.Sentence()
}

// Read reads the state from the folder dir, [Dir] on a machine.
func Read(dir string) (State, error) {
	if es, err := os.ReadDir(dir); errors.Is(err, fs.ErrNotExist) || err == nil && len(es) == 0 {
		return State{}, nil
	} else if err != nil {
		return State{}, fmt.Errorf("read EFI variables: %w", err)
	}
	s := State{EFI: true}
	var err error
	if s.SecureBoot, err = flag(dir, "SecureBoot"); err != nil {
		return s, err
	}
	if s.SetupMode, err = flag(dir, "SetupMode"); err != nil {
		return s, err
	}
	_, err = os.Stat(filepath.Join(dir, "StubInfo"+loaderVariable))
	s.Stub = err == nil
	return s, nil
}

// flag reads a variable of one byte; firmware without Secure Boot has none.
func flag(dir, name string) (bool, error) {
	b, err := os.ReadFile(filepath.Join(dir, name+globalVariable))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read EFI variable %s: %w", name, err)
	}
	if len(b) != 5 || b[4] > 1 { // four bytes of attributes come first
		return false, fmt.Errorf("EFI variable %s is %x, want four bytes and 0 or 1", name, b)
	}
	return b[4] == 1, nil
}
