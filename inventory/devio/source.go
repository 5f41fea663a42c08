package devio

import (
	"context"
	"encoding/hex"
	"fmt"

	"lethe/inventory/nvme"
	"lethe/inventory/scsi"
	"lethe/inventory/sysfs"
)

// Source is what can be asked about one drive: the kernel's own view and the
// channels to the drive. Channels the drive's transport does not have are nil.
type Source struct {
	Root  sysfs.Root
	Block sysfs.Block
	Geometry
	SCSI scsi.Conn
	NVMe nvme.Conn
	// NVMeIO carries I/O commands. Nil: reservations are not asked for.
	NVMeIO nvme.Conn
	NSID   uint32 // of the namespace NVMe speaks for
	Loop   *LoopStatus
	File   *FileStatus
}

// Geometry is what the kernel's block layer works with, in bytes.
type Geometry struct {
	Size           int64
	LogicalSector  int
	PhysicalSector int
	ReadOnly       bool
}

// LoopStatus is what a loop device says of its backing (LOOP_GET_STATUS64).
type LoopStatus struct {
	Major, Minor uint32 // device the backing file lives on
	Inode        uint64
	Block        string // "major:minor" when the backing is itself a block device
	Offset       uint64 // bytes into the backing
	File         string // backing file as the kernel names it
	Volume       string // "copy-on-write" when the file system never overwrites in place
	FileSystem   string // name of the backing file system, "" when not known
}

// FileStatus is what tells a regular file from every other.
type FileStatus struct {
	Major, Minor uint32 // device its file system is on
	Inode        uint64
	Volume       string // "copy-on-write" when the file system never overwrites in place
	FileSystem   string // name of the file system, "" when not known
}

// Backing names the file's storage, in the form of record.Identity: "file:"
// device, inode, size in bytes.
func (f FileStatus) Backing(size int64) string {
	return fmt.Sprintf("file:%d:%d:%d:%d", f.Major, f.Minor, f.Inode, size)
}

// Backing names the loop device's storage, in the form of record.Identity:
// "loop:" device, inode, size, and the offset when it is not 0.
func (l LoopStatus) Backing(size int64) string {
	s := fmt.Sprintf("loop:%d:%d:%d:%d", l.Major, l.Minor, l.Inode, size)
	if l.Block != "" {
		s = fmt.Sprintf("loop:block:%s:%d", l.Block, size)
	}
	if l.Offset != 0 {
		s += fmt.Sprintf("@%d", l.Offset)
	}
	return s
}

// Evidence is one question put to a drive and its raw answer.
type Evidence struct {
	Name     string `json:"name"`
	Request  string `json:"request"`            // command bytes in hex, or the file read
	Response []byte `json:"response,omitempty"` // data, else sense bytes
	Status   string `json:"status"`             // "ok" or the error's words
}

// log gathers evidence. Its conns record every command that goes through them.
type log struct{ lines []Evidence }

func (l *log) add(name, request string, response []byte, err error) {
	e := Evidence{Name: name, Request: request, Response: append([]byte(nil), response...), Status: "ok"}
	if err != nil {
		e.Status = err.Error()
	}
	l.lines = append(l.lines, e)
}

type scsiLog struct {
	conn scsi.Conn
	log  *log
}

func (s scsiLog) Do(ctx context.Context, c *scsi.Command) (scsi.Response, error) {
	r, err := s.conn.Do(ctx, c)
	what, answer := err, r.Sense
	if err == nil {
		what = r.Err(c)
	}
	if what == nil && c.Dir == scsi.FromDevice && r.Received >= 0 && r.Received <= len(c.Data) {
		answer = c.Data[:r.Received]
	}
	s.log.add(c.Name, hex.EncodeToString(c.CDB), answer, what)
	return r, err
}

type nvmeLog struct {
	conn nvme.Conn
	log  *log
}

func (n nvmeLog) Do(ctx context.Context, c *nvme.Command) (nvme.Response, error) {
	r, err := n.conn.Do(ctx, c)
	what := err
	if err == nil {
		what = r.Err(c)
	}
	var answer []byte
	if what == nil && c.Dir == nvme.FromDevice {
		answer = c.Data
	}
	req := fmt.Sprintf("%02x nsid %08x cdw10-15 %08x %08x %08x %08x %08x %08x", c.Opcode, c.NSID,
		c.CDW10, c.CDW11, c.CDW12, c.CDW13, c.CDW14, c.CDW15)
	n.log.add(c.Name, req, answer, what)
	return r, err
}
