package ata

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
)

// ErrNotConfiguration says that what came back is no DCO data structure.
var ErrNotConfiguration = errors.New("no device configuration data")

// ConfigurationCommand is DEVICE CONFIGURATION IDENTIFY (B1h feature C2h, ACS-2
// §7.10.3). It only reads; the feature that restores is C0h.
func ConfigurationCommand() *Command {
	return &Command{
		Name: "DEVICE CONFIGURATION IDENTIFY", Protocol: PIOIn, Feature: 0xc2, Count: 1,
		Opcode: 0xb1, Data: make([]byte, sector),
	}
}

// ReadConfigurationMax returns the last block that the drive was made with, below
// any device configuration overlay. A drive whose overlay is locked, as firmware
// often does, aborts.
func ReadConfigurationMax(ctx context.Context, conn Conn) (uint64, error) {
	c := ConfigurationCommand()
	if _, err := read(ctx, conn, c); err != nil {
		return 0, err
	}
	return parseConfiguration(c.Data)
}

// parseConfiguration reads words 3 to 6. Unlike in IDENTIFY DEVICE the signature in
// word 255 is no option (ACS-2 table 45).
func parseConfiguration(b []byte) (uint64, error) {
	if len(b) != sector || b[510] != 0xa5 || sum(b) != 0 {
		return 0, fmt.Errorf("parse DEVICE CONFIGURATION IDENTIFY: %w", ErrNotConfiguration)
	}
	last := binary.LittleEndian.Uint64(b[6:])
	if last == 0 || last >= 1<<48 {
		return 0, fmt.Errorf("parse DEVICE CONFIGURATION IDENTIFY: last block %d: %w", last, ErrNotConfiguration)
	}
	return last, nil
}
