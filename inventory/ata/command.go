// Package ata encodes the ATA commands Lethe gives a drive, decodes their answers,
// and wraps them for a SCSI transport as ATA PASS-THROUGH(16): IDENTIFY DEVICE, logs
// and SMART data, hidden areas (HPA, AMAX, DCO), the Security feature set and SANITIZE
// DEVICE. It makes no system call and decides nothing: a Conn carries a command, and
// only who made it knows why.
//
// Clauses cited are those of ACS-3 (T13/2161-D) and SAT-4 (T10), of ACS-2 where later
// standards dropped the command. A command that changes or erases a drive is only
// encoded here; those that do are named so in their comments.
package ata

import (
	"context"
	"errors"
	"fmt"
	"time"

	"lethe/inventory/scsi"
)

// Protocol is how a command moves its data (SAT-4 §12.2.2.2).
type Protocol byte

// The protocols Lethe uses, with the values of the pass-through CDB.
const (
	NonData Protocol = 3
	PIOIn   Protocol = 4
	PIOOut  Protocol = 5
)

// Command is one ATA command: the registers written and the data buffer, whose
// length must be a multiple of 512 and match Count. Timeout 0 means the Conn's
// own default.
type Command struct {
	Name     string
	Protocol Protocol
	Extend   bool // 48-bit command
	Feature  uint16
	Count    uint16
	LBA      uint64
	Device   byte
	Opcode   byte
	Data     []byte
	Timeout  time.Duration
}

// Registers are what the drive left behind when the command ended.
type Registers struct {
	Error, Status, Device byte
	Count                 uint16
	LBA                   uint64
	Extend                bool
	// Partial says that they came in fixed format sense, which has no room for
	// COUNT(15:8) and LBA(47:24): those are zero here, whatever the drive said.
	Partial bool
}

// Response is what came back. Registers is nil when the adapter returned none
// that can be trusted, which for a command with data is the normal case.
type Response struct {
	Registers *Registers
	Sense     []byte
}

// Conn carries ATA commands to one drive. An error from Do is a command that did
// not complete, or an *AbortError when the drive refused it.
type Conn interface {
	Do(ctx context.Context, c *Command) (Response, error)
}

// AbortError is a command the drive ended with an error.
type AbortError struct {
	Name      string
	Registers *Registers // nil when the adapter did not return them whole
	Sense     scsi.Sense // of the transport
	Why       string     // the transport's words
}

func (e *AbortError) Error() string {
	if e.Registers == nil {
		return fmt.Sprintf("%s: aborted by the drive (%s)", e.Name, e.Why)
	}
	return fmt.Sprintf("%s: aborted by the drive, status %02Xh error %02Xh",
		e.Name, e.Registers.Status, e.Registers.Error)
}

// ErrNoRegisters says that the adapter completed a command but withheld the
// drive's registers, so its answer is not known. Some SAS adapters return zeros.
var ErrNoRegisters = errors.New("the adapter returned no ATA registers")

// Bits of the status register (ACS-3 §6.2).
const (
	statusError = 1 << 0
	statusFault = 1 << 5
	statusReady = 1 << 6 // DRDY: set in every completion
	statusBusy  = 1 << 7
)

const deviceLBA = 0x40

// sector is the unit of every ATA data transfer here, whatever the drive's own.
const sector = 512

// IdentifyCommand is IDENTIFY DEVICE (ECh, ACS-3 §7.12).
func IdentifyCommand() *Command {
	return &Command{
		Name: "IDENTIFY DEVICE", Protocol: PIOIn, Count: 1, Opcode: 0xec,
		Data: make([]byte, sector),
	}
}

// NativeMaxExtCommand is READ NATIVE MAX ADDRESS EXT (27h, ACS-2 §7.33).
func NativeMaxExtCommand() *Command {
	return &Command{
		Name: "READ NATIVE MAX ADDRESS EXT", Protocol: NonData, Extend: true,
		Device: deviceLBA, Opcode: 0x27,
	}
}

// NativeMaxCommand is READ NATIVE MAX ADDRESS (F8h, ACS-2 §7.32), for drives
// without 48-bit addresses.
func NativeMaxCommand() *Command {
	return &Command{
		Name: "READ NATIVE MAX ADDRESS", Protocol: NonData,
		Device: deviceLBA, Opcode: 0xf8,
	}
}

// AccessibleMaxCommand is GET NATIVE MAX ADDRESS EXT (78h feature 0000h, ACS-3
// §7.1.2), the read half of Accessible Max Address Configuration.
func AccessibleMaxCommand() *Command {
	return &Command{
		Name: "GET NATIVE MAX ADDRESS EXT", Protocol: NonData, Extend: true,
		Device: deviceLBA, Opcode: 0x78,
	}
}

// ReadIdentify asks the drive for its IDENTIFY DEVICE data.
func ReadIdentify(ctx context.Context, conn Conn) (Identify, error) {
	c := IdentifyCommand()
	if _, err := read(ctx, conn, c); err != nil {
		return Identify{}, err
	}
	return ParseIdentify(c.Data)
}

// ReadNativeMax returns the last addressable block of the drive without its host
// protected area, by the command that fits id.
func ReadNativeMax(ctx context.Context, conn Conn, id Identify) (uint64, error) {
	c := NativeMaxCommand()
	if id.LBA48() {
		c = NativeMaxExtCommand()
	}
	return maxAddress(ctx, conn, c)
}

// ReadAccessibleMax returns the native last block of a drive with Accessible Max
// Address Configuration.
func ReadAccessibleMax(ctx context.Context, conn Conn) (uint64, error) {
	return maxAddress(ctx, conn, AccessibleMaxCommand())
}

// read repeats a command once when the transport answers UNIT ATTENTION: the
// drive, just reset, has not seen it. Only for commands that change nothing.
func read(ctx context.Context, conn Conn, c *Command) (Response, error) {
	r, err := conn.Do(ctx, c)
	var a *AbortError
	if errors.As(err, &a) && a.Sense.Key == scsi.KeyUnitAttention {
		return conn.Do(ctx, c)
	}
	return r, err
}

func maxAddress(ctx context.Context, conn Conn, c *Command) (uint64, error) {
	r, err := read(ctx, conn, c)
	if err != nil {
		return 0, err
	}
	if r.Registers == nil || r.Registers.Status == 0 {
		return 0, fmt.Errorf("%s: %w", c.Name, ErrNoRegisters)
	}
	if c.Extend && r.Registers.Partial {
		return 0, fmt.Errorf("%s: the adapter cut the address short: %w", c.Name, ErrNoRegisters)
	}
	if c.Extend {
		return r.Registers.LBA, nil
	}
	// LBA28 keeps bits 27:24 in the low half of the device register.
	return r.Registers.LBA&0xffffff | uint64(r.Registers.Device&0xf)<<24, nil
}
