package boottest

import (
	"fmt"
	"os"
	"path/filepath"
)

// Firmware is what the machine starts with.
type Firmware string

// The firmwares. SecureBoot is UEFI that checks signatures, by Microsoft's keys
// where Vars does not bring others.
const (
	BIOS       Firmware = "" // SeaBIOS
	UEFI       Firmware = "uefi"
	SecureBoot Firmware = "secureboot"
)

// Chipset is the board.
type Chipset string

// The boards that QEMU emulates: of 2009, with PCI Express and AHCI, and of 1996,
// with PIIX3 IDE and plain PCI.
const (
	Q35 Chipset = "" // "q35"
	PC  Chipset = "pc"
)

// Debian's OVMF (package ovmf): programs, and variables as they are at delivery.
const (
	ovmf         = "/usr/share/OVMF/"
	ovmfCode     = ovmf + "OVMF_CODE_4M.fd"
	ovmfVars     = ovmf + "OVMF_VARS_4M.fd"
	ovmfSecure   = ovmf + "OVMF_CODE_4M.secboot.fd"
	ovmfVarsOfMS = ovmf + "OVMF_VARS_4M.ms.fd"
)

// EmptyVars is a file of UEFI variables without keys, which stays as it is: with
// it, firmware is in setup mode.
const EmptyVars = ovmfVars

// machineArgs are QEMU's arguments for board and firmware; vars is the file of
// UEFI variables.
func (c Config) machineArgs(vars string) ([]string, error) {
	m := "q35"
	switch c.Chipset {
	case Q35:
	case PC:
		m = "pc"
	default:
		return nil, fmt.Errorf("%w: chipset %q is unknown", ErrConfig, c.Chipset)
	}
	if c.Firmware != BIOS || c.Boot.From != Direct {
		m += ",graphics=off" // firmware and boot loaders speak on the serial line
	}
	code := ovmfCode
	switch c.Firmware {
	case BIOS:
		return []string{"-machine", m}, nil
	case UEFI:
	case SecureBoot:
		if c.Chipset != Q35 {
			return nil, fmt.Errorf("%w: Secure Boot needs q35", ErrConfig)
		}
		m, code = m+",smm=on", ovmfSecure
	default:
		return nil, fmt.Errorf("%w: firmware %q is unknown", ErrConfig, c.Firmware)
	}
	a := []string{"-machine", m,
		"-drive", "if=pflash,format=raw,unit=0,readonly=on,file=" + code,
		"-drive", "if=pflash,format=raw,unit=1,file=" + escape(vars)}
	if c.Firmware == SecureBoot {
		// Only firmware in system management mode may change variables.
		a = append(a, "-global", "driver=cfi.pflash01,property=secure,value=on")
	}
	return a, nil
}

// vars returns the file of UEFI variables: the Config's own, or a copy in dir of
// Debian's. Empty for BIOS.
func (c Config) vars(dir string) (string, error) {
	if c.Firmware == BIOS || c.Vars != "" {
		return c.Vars, nil
	}
	from := ovmfVars
	if c.Firmware == SecureBoot {
		from = ovmfVarsOfMS
	}
	b, err := os.ReadFile(from)
	if err != nil {
		return "", fmt.Errorf("read UEFI variables (apt-get install ovmf): %w", err)
	}
	if b, err = AddVariables(b, c.Boot.variables()...); err != nil {
		return "", err
	}
	to := filepath.Join(dir, "vars.fd")
	if err := os.WriteFile(to, b, 0o600); err != nil {
		return "", fmt.Errorf("write UEFI variables: %w", err)
	}
	return to, nil
}
