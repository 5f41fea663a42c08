package ata

import "fmt"

// The commands that move the end of a drive. Each changes the drive and erases nothing.
const (
	opSetMax        = 0xf9
	opSetMaxExt     = 0x37
	opAccessibleMax = 0x78
	opConfiguration = 0xb1

	featureSetAccessible = 0x0001
	featureRestore       = 0x00c0
)

// SetMaxCommand is SET MAX ADDRESS EXT (37h), or SET MAX ADDRESS (F9h) for a drive
// without 48-bit addresses (ACS-2): last becomes the last block that a host can
// address, for good (COUNT bit 0) or until the next power cycle. A drive takes it only
// directly after READ NATIVE MAX ADDRESS, and for good only once per power cycle.
func SetMaxCommand(id Identify, last uint64, lasting bool) (*Command, error) {
	c := &Command{Name: "SET MAX ADDRESS EXT", Protocol: NonData, Extend: true, LBA: last,
		Device: deviceLBA, Opcode: opSetMaxExt}
	bits := 48
	if !id.LBA48() {
		c.Name, c.Extend, c.Opcode, bits = "SET MAX ADDRESS", false, opSetMax, 28
	}
	if last >= 1<<bits {
		return nil, fmt.Errorf("%s: block %d does not fit %d bits", c.Name, last, bits)
	}
	if lasting {
		c.Count = 1
	}
	return c, nil
}

// ReadNativeMaxCommand is READ NATIVE MAX ADDRESS, EXT where id has 48-bit addresses.
func ReadNativeMaxCommand(id Identify) *Command {
	if id.LBA48() {
		return NativeMaxExtCommand()
	}
	return NativeMaxCommand()
}

// SetAccessibleMaxCommand is SET ACCESSIBLE MAX ADDRESS EXT (78h feature 0001h, ACS-3). A drive takes it once per power cycle.
func SetAccessibleMaxCommand(last uint64) (*Command, error) {
	c := &Command{Name: "SET ACCESSIBLE MAX ADDRESS EXT", Protocol: NonData, Extend: true,
		Feature: featureSetAccessible, LBA: last, Device: deviceLBA, Opcode: opAccessibleMax}
	if last >= 1<<48 {
		return nil, fmt.Errorf("%s: block %d does not fit 48 bits", c.Name, last)
	}
	return c, nil
}

// ConfigurationRestoreCommand is DEVICE CONFIGURATION RESTORE (B1h feature C0h,
// ACS-2): the drive is again as it was made. A drive aborts it while a host protected
// area is set or its configuration is locked.
func ConfigurationRestoreCommand() *Command {
	return &Command{Name: "DEVICE CONFIGURATION RESTORE", Protocol: NonData, Feature: featureRestore,
		Device: deviceLBA, Opcode: opConfiguration}
}

// SetMaxSecurity reports that a password or a lock may guard SET MAX ADDRESS (word 86
// bit 8, in force while word 87 carries its mark).
func (id Identify) SetMaxSecurity() bool { return id.marked(87) && id.bit(86, 8) }
