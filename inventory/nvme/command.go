// Package nvme encodes the NVMe commands Lethe reads a drive with, and those by which
// a drive erases itself: Sanitize, Format NVM, namespace management, Security Send.
// It decodes their data structures and completion status. It makes no system call: a
// Conn does.
//
// Figures cited are those of the NVM Express Base Specification 2.0c and the NVM
// Command Set Specification 1.0c.
package nvme

import (
	"context"
	"fmt"
	"time"
)

// Direction says which way the data of a command travels.
type Direction int8

// The directions of a data transfer.
const (
	NoData Direction = iota
	FromDevice
	ToDevice
)

// AllNamespaces is the broadcast namespace identifier.
const AllNamespaces = 0xffffffff

// Command is one admin command, or an I/O command where that is said. Timeout 0 means the Conn's own default.
type Command struct {
	Name    string
	Opcode  byte
	NSID    uint32
	CDW10   uint32
	CDW11   uint32
	CDW12   uint32
	CDW13   uint32
	CDW14   uint32
	CDW15   uint32
	Dir     Direction
	Data    []byte
	Timeout time.Duration
}

// Response is what came back: the status field and completion dword 0.
type Response struct {
	Status Status
	Result uint32
}

// Text is the command as an exchange on a transcript has it: every field that
// decides what it does, in hex.
func (c *Command) Text() string {
	return fmt.Sprintf("%02x nsid %08x cdw10-15 %08x %08x %08x %08x %08x %08x", c.Opcode, c.NSID,
		c.CDW10, c.CDW11, c.CDW12, c.CDW13, c.CDW14, c.CDW15)
}

// Conn carries admin commands to one controller. An error from Do means the
// command did not complete; one the controller refused is a Response with a
// Status, no error.
type Conn interface {
	Do(ctx context.Context, c *Command) (Response, error)
}

// Status is the 15-bit status field of a completion without its phase bit
// (Base Specification figure 92): code 7:0, type 10:8, More 13, Do Not Retry 14.
type Status uint16

// Code is the status code within its type.
func (s Status) Code() byte { return byte(s) }

// Type is the status code type: 0 generic, 1 command specific, 2 media.
func (s Status) Type() byte { return byte(s>>8) & 7 }

// OK reports success.
func (s Status) OK() bool { return s&0x7ff == 0 }

// String is type and code in hex, with words for what Lethe meets.
func (s Status) String() string {
	word := map[uint16]string{
		0x001: "invalid opcode", 0x002: "invalid field", 0x006: "internal error", 0x00b: "invalid namespace",
		0x00c: "command sequence error", 0x015: "operation denied", 0x01c: "sanitize failed", 0x01d: "sanitize in progress",
		0x020: "namespace write protected", 0x023: "command prohibited by lockdown", 0x123: "sanitize prohibited",
		0x109: "invalid log page", 0x10a: "invalid format", 0x286: "access denied",
	}[uint16(s&0x7ff)]
	if word == "" {
		return fmt.Sprintf("%X/%02Xh", s.Type(), s.Code())
	}
	return fmt.Sprintf("%X/%02Xh (%s)", s.Type(), s.Code(), word)
}

// StatusError is a command the controller completed without success.
type StatusError struct {
	Name   string
	Status Status
}

func (e *StatusError) Error() string { return fmt.Sprintf("%s: NVMe status %s", e.Name, e.Status) }

// Err is nil for success, else a *StatusError.
func (r Response) Err(c *Command) error {
	if r.Status.OK() {
		return nil
	}
	return &StatusError{Name: c.Name, Status: r.Status}
}

// Values of the CNS field of Identify (Base Specification figure 273).
const (
	cnsNamespace   = 0x00
	cnsController  = 0x01
	cnsActive      = 0x02
	cnsDescriptors = 0x03
	cnsAllocated   = 0x10
)

// identifyLen is the size of every Identify data structure.
const identifyLen = 4096

// IdentifyCommand is Identify (06h) for one data structure.
func IdentifyCommand(cns byte, nsid uint32) *Command {
	name := map[byte]string{
		cnsNamespace: "IDENTIFY NAMESPACE", cnsController: "IDENTIFY CONTROLLER",
		cnsActive: "IDENTIFY ACTIVE NAMESPACES", cnsAllocated: "IDENTIFY ALLOCATED NAMESPACES",
		cnsDescriptors: "IDENTIFY NAMESPACE DESCRIPTORS",
		cnsAttached:    "IDENTIFY ATTACHED CONTROLLERS", cnsControllers: "IDENTIFY CONTROLLERS",
	}[cns]
	if name == "" {
		name = fmt.Sprintf("IDENTIFY %02Xh", cns)
	}
	return &Command{
		Name: name, Opcode: 0x06, NSID: nsid, CDW10: uint32(cns),
		Dir: FromDevice, Data: make([]byte, identifyLen),
	}
}

func identify(ctx context.Context, conn Conn, cns byte, nsid uint32) ([]byte, error) {
	c := IdentifyCommand(cns, nsid)
	r, err := conn.Do(ctx, c)
	if err != nil {
		return nil, err
	}
	return c.Data, r.Err(c)
}

// ReadController reads Identify Controller.
func ReadController(ctx context.Context, conn Conn) (Controller, error) {
	b, err := identify(ctx, conn, cnsController, 0)
	if err != nil {
		return Controller{}, err
	}
	return ParseController(b)
}

// ReadNamespace reads Identify Namespace of one namespace.
func ReadNamespace(ctx context.Context, conn Conn, nsid uint32) (Namespace, error) {
	b, err := identify(ctx, conn, cnsNamespace, nsid)
	if err != nil {
		return Namespace{}, err
	}
	return ParseNamespace(b)
}

// ReadDescriptors reads the namespace identification descriptors, which
// controllers have from NVMe 1.3 on.
func ReadDescriptors(ctx context.Context, conn Conn, nsid uint32) (Descriptors, error) {
	b, err := identify(ctx, conn, cnsDescriptors, nsid)
	if err != nil {
		return Descriptors{}, err
	}
	return ParseDescriptors(b)
}

// ReadActive lists the namespaces attached to the controller, up to 1024.
func ReadActive(ctx context.Context, conn Conn) ([]uint32, error) {
	return readList(ctx, conn, cnsActive)
}

// ReadAllocated lists the namespaces of the subsystem, attached or not, up to
// 1024. Only controllers with namespace management answer.
func ReadAllocated(ctx context.Context, conn Conn) ([]uint32, error) {
	return readList(ctx, conn, cnsAllocated)
}

func readList(ctx context.Context, conn Conn, cns byte) ([]uint32, error) {
	b, err := identify(ctx, conn, cns, 0)
	if err != nil {
		return nil, err
	}
	return ParseList(b)
}
