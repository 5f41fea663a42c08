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

// Configuration is what the drive was made with, below any device configuration overlay.
type Configuration struct {
	Last     uint64 // last block
	Security bool   // the Security feature set, word 7 bit 3
}

// ReadConfiguration asks for it. A drive whose overlay is locked, as firmware often does,
// aborts.
func ReadConfiguration(ctx context.Context, conn Conn) (Configuration, error) {
	c := ConfigurationCommand()
	if _, err := read(ctx, conn, c); err != nil {
		return Configuration{}, err
	}
	last, err := parseConfiguration(c.Data)
	return Configuration{Last: last, Security: err == nil && c.Data[14]>>3&1 == 1}, err
}

// ReadConfigurationMax is Last of it.
func ReadConfigurationMax(ctx context.Context, conn Conn) (uint64, error) {
	c, err := ReadConfiguration(ctx, conn)
	return c.Last, err
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
