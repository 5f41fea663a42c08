// Package mmc decodes what an eMMC device says of itself, EXT_CSD, and encodes the
// commands by which it erases itself: erase groups, secure erase, SANITIZE. SD cards
// have erase groups alone, which is no sanitising.
//
// It makes no system call. Fields are those of JEDEC JESD84-B51 as the Linux kernel
// names them (include/linux/mmc/mmc.h); flags are the kernel's, for MMC_IOC_CMD.
package mmc

import (
	"encoding/binary"
	"fmt"
	"time"
)

// Command is one command as MMC_IOC_CMD takes it.
type Command struct {
	Name    string
	Opcode  uint32
	Arg     uint32
	Flags   uint32 // kind of answer, MMC_RSP_* and MMC_CMD_*
	Write   bool   // changes the device
	Data    []byte // read into; its length is a multiple of 512
	Timeout time.Duration
}

// Kinds of answers: R1 and R1b (busy follows), alone or with data.
const (
	flagsR1     = 0x095
	flagsR1Data = 0x0b5
	flagsR1Busy = 0x49d
)

// size of EXT_CSD.
const extCSDLen = 512

// ExtCSDCommand is SEND_EXT_CSD (CMD8).
func ExtCSDCommand() *Command {
	return &Command{Name: "SEND_EXT_CSD", Opcode: 8, Flags: flagsR1Data, Data: make([]byte, extCSDLen)}
}

// Bytes of EXT_CSD that SWITCH writes.
const (
	sanitizeStart     = 165
	eraseGroupDef     = 175
	partitionConfig   = 179
	partitionAccess   = 7 // bits 2:0 of it
	maxPartition      = 7
	switchWriteByte   = 3
	unitSectors       = 1024 // 512 KiB, unit of erase groups
	boundary128KiB    = 128 << 10
	eraseTimeoutUnits = 300 * time.Millisecond
)

// ExtCSD is what Lethe decides on.
type ExtCSD struct {
	Revision     byte   // 192
	Sectors      uint32 // 212-215, of 512 bytes, of the user area
	Secure       byte   // 231 SEC_FEATURE_SUPPORT
	EraseGroup   uint32 // sectors of a high-capacity erase group, 224
	EraseTimeout time.Duration
	SecureFactor byte      // 230: a secure erase takes so many times longer
	HighCapacity bool      // 175: erase groups have the high-capacity size
	Boot         uint64    // 226, bytes of each of two boot partitions
	RPMB         uint64    // 168, bytes; write-once keyed, no erase reaches it
	General      [4]uint64 // 143-154, bytes of the general purpose partitions
	Selected     byte      // 179 bits 2:0: partition that commands go to
	ErasedOnes   bool      // 181: erased blocks read FFh, else 00h
	PreEOL       byte      // 267: 1 normal, 2 warning, 3 urgent
	LifeA, LifeB byte      // 268, 269: life used in tenths, rounded up; 11 is beyond
}

// SecureErase reports CMD38 with its secure argument.
func (e ExtCSD) SecureErase() bool { return e.Secure&1 != 0 }

// SecureTrim reports secure trim.
func (e ExtCSD) SecureTrim() bool { return e.Secure>>4&1 != 0 }

// Sanitize reports SANITIZE: what was unmapped is removed from the flash itself.
func (e ExtCSD) Sanitize() bool { return e.Secure>>6&1 != 0 }

// ParseExtCSD decodes 512 bytes of EXT_CSD.
func ParseExtCSD(b []byte) (ExtCSD, error) {
	if len(b) != extCSDLen {
		return ExtCSD{}, fmt.Errorf("decode EXT_CSD: %d bytes; want %d", len(b), extCSDLen)
	}
	e := ExtCSD{
		Revision: b[192], Sectors: binary.LittleEndian.Uint32(b[212:]), Secure: b[231],
		EraseGroup: uint32(b[224]) * unitSectors, EraseTimeout: time.Duration(b[223]) * eraseTimeoutUnits,
		SecureFactor: b[230], HighCapacity: b[eraseGroupDef]&1 != 0,
		Boot: uint64(b[226]) * boundary128KiB, RPMB: uint64(b[168]) * boundary128KiB,
		Selected: b[partitionConfig] & partitionAccess, ErasedOnes: b[181] == 1,
		PreEOL: b[267], LifeA: b[268], LifeB: b[269],
	}
	if e.Sectors == 0 {
		return ExtCSD{}, fmt.Errorf("decode EXT_CSD: no sectors")
	}
	// General purpose partitions come in write-protect groups of erase groups.
	unit := uint64(b[224]) * uint64(b[221]) * (unitSectors * 512)
	for i := range e.General {
		g := b[143+3*i:]
		e.General[i] = (uint64(g[0]) | uint64(g[1])<<8 | uint64(g[2])<<16) * unit
	}
	return e, nil
}

func write(name string, index, value byte, limit time.Duration) *Command {
	return &Command{Name: name, Opcode: 6, Arg: switchWriteByte<<24 | uint32(index)<<16 | uint32(value)<<8 | 1,
		Flags: flagsR1Busy, Write: true, Timeout: limit}
}

// SanitizeCommand is SWITCH (CMD6) that starts SANITIZE. The device is busy until it
// has ended. Every partition is to be erased before: it removes only what nothing
// addresses any more. limit is how long the host waits.
func SanitizeCommand(limit time.Duration) *Command {
	return write("SWITCH, SANITIZE_START", sanitizeStart, 1, limit)
}

// SelectCommand is SWITCH that sends what follows to a partition: 0 user, 1 and 2
// boot, 3 RPMB, 4 to 7 general purpose. The rest of PARTITION_CONFIG is kept.
func SelectCommand(was byte, partition int) (*Command, error) {
	if partition < 0 || partition > maxPartition {
		return nil, fmt.Errorf("select partition %d", partition)
	}
	return write("SWITCH, PARTITION_CONFIG", partitionConfig, was&^partitionAccess|byte(partition), time.Second), nil
}

// GroupCommand is SWITCH that makes erase groups have the high-capacity size, until
// power is lost.
func GroupCommand() *Command { return write("SWITCH, ERASE_GROUP_DEF", eraseGroupDef, 1, time.Second) }

// Erase is CMD35, CMD36 and CMD38: erases the groups from the one with sector first to
// the one with sector last. Both ends must be ends of groups, else the device takes
// more than was asked, which is an error here. limit is for the whole.
func Erase(e ExtCSD, first, last uint32, secure bool, limit time.Duration) ([]*Command, error) {
	if e.EraseGroup == 0 || !e.HighCapacity {
		return nil, fmt.Errorf("erase: size of erase groups is not known")
	}
	if last < first || first%e.EraseGroup != 0 || (uint64(last)+1)%uint64(e.EraseGroup) != 0 && last != e.Sectors-1 {
		return nil, fmt.Errorf("erase: %d to %d are no erase groups of %d sectors", first, last, e.EraseGroup)
	}
	if secure && !e.SecureErase() {
		return nil, fmt.Errorf("erase: the device has no secure erase")
	}
	arg := uint32(0)
	if secure {
		arg = 1 << 31
	}
	return []*Command{
		{Name: "ERASE_GROUP_START", Opcode: 35, Arg: first, Flags: flagsR1, Timeout: time.Second},
		{Name: "ERASE_GROUP_END", Opcode: 36, Arg: last, Flags: flagsR1, Timeout: time.Second},
		{Name: "ERASE", Opcode: 38, Arg: arg, Flags: flagsR1Busy, Write: true, Timeout: limit},
	}, nil
}
