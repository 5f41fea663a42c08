package scsi

import (
	"encoding/binary"
	"fmt"
	"time"
)

// Service actions of SANITIZE (48h, SBC-4 §5.36).
const (
	SanitizeOverwrite = 0x01
	SanitizeBlock     = 0x02
	SanitizeCrypto    = 0x03
	SanitizeExit      = 0x1f // EXIT FAILURE MODE
)

// opSanitize is SANITIZE.
const opSanitize = 0x48

// startTimeout is what a drive has to accept a command that goes on by itself
// (IMMED). It is generous: an adapter that loses patience resets the drive.
const startTimeout = 10 * time.Minute

// Sanitize is one SANITIZE command.
type Sanitize struct {
	Action byte
	// Wait holds the command until the erase has ended, hours later (IMMED 0), with no
	// progress to ask for. Its Command has no time limit then but the caller's.
	Wait bool
	// Unrestricted lets the drive be taken out of its failure mode unerased (AUSE 1).
	// Without it only another SANITIZE that succeeds gives a failed drive back.
	Unrestricted bool

	// For SanitizeOverwrite alone.
	Passes  int    // 1 to 31; 0 is reserved on SCSI, where ATA and NVMe mean 16 by it
	Invert  bool   // the pattern is inverted between consecutive passes
	Pattern []byte // 1 byte to one block
}

// Command spells it. An overwrite of no or too many passes is an error here, since
// what a drive makes of it is its own affair.
func (s Sanitize) Command() (*Command, error) {
	word := map[byte]string{SanitizeOverwrite: "OVERWRITE", SanitizeBlock: "BLOCK ERASE",
		SanitizeCrypto: "CRYPTOGRAPHIC ERASE", SanitizeExit: "EXIT FAILURE MODE"}[s.Action]
	if word == "" {
		return nil, fmt.Errorf("encode SANITIZE: service action %02Xh", s.Action)
	}
	c := &Command{Name: "SANITIZE, " + word, CDB: make([]byte, 10), Timeout: startTimeout}
	c.CDB[0], c.CDB[1] = opSanitize, s.Action
	if !s.Wait && s.Action != SanitizeExit {
		c.CDB[1] |= 0x80
	}
	if s.Unrestricted && s.Action != SanitizeExit {
		c.CDB[1] |= 0x20
	}
	if s.Action != SanitizeOverwrite {
		if s.Passes != 0 || s.Invert || s.Pattern != nil {
			return nil, fmt.Errorf("encode SANITIZE: %s takes no pattern", word)
		}
		return c, nil
	}
	if s.Passes < 1 || s.Passes > 31 {
		return nil, fmt.Errorf("encode SANITIZE: %d passes; want 1 to 31", s.Passes)
	}
	if n := len(s.Pattern); n < 1 || n > 1<<16-1-4 {
		return nil, fmt.Errorf("encode SANITIZE: pattern of %d bytes", n)
	}
	c.Dir, c.Data = ToDevice, append(make([]byte, 4), s.Pattern...)
	c.Data[0] = byte(s.Passes) // TEST stays 0: the pattern is used as it is
	if s.Invert {
		c.Data[0] |= 0x80
	}
	binary.BigEndian.PutUint16(c.Data[2:], uint16(len(s.Pattern)))
	binary.BigEndian.PutUint16(c.CDB[7:], uint16(len(c.Data)))
	return c, nil
}
