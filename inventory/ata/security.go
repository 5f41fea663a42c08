package ata

import (
	"math"
	"time"
)

// The Security feature set (ACS-3).
const (
	opSetPassword     = 0xf1
	opUnlock          = 0xf2
	opErasePrepare    = 0xf3
	opEraseUnit       = 0xf4
	opSecurityFreeze  = 0xf5
	opDisablePassword = 0xf6
)

// Bits of the first word of a security command's data.
const (
	dataMaster   = 1 << 0 // the master password, not the user's
	dataEnhanced = 1 << 1 // SECURITY ERASE UNIT: enhanced
)

// Unbounded is the longest time limit the kernel's pass-through has (2³²−1 ms, 49 days).
// SECURITY ERASE UNIT is given it: a time limit would make the kernel reset the drive in
// mid-erase, which leaves it locked.
const Unbounded = math.MaxUint32 * time.Millisecond

func security(name string, opcode, bits byte, p Password, limit time.Duration) *Command {
	c := &Command{Name: name, Protocol: PIOOut, Count: 1, Device: deviceLBA, Opcode: opcode,
		Data: make([]byte, sector), Timeout: limit}
	c.Data[0] = bits
	copy(c.Data[2:34], p[:])
	return c
}

// SetPasswordCommand is SECURITY SET PASSWORD (F1h) of the user password, with the
// master password's capability at "high": the master password, where anyone still has
// it, can unlock the drive. The drive locks at its next power cycle.
func SetPasswordCommand(p Password) *Command {
	return security("SECURITY SET PASSWORD", opSetPassword, 0, p, 0)
}

// UnlockCommand is SECURITY UNLOCK (F2h) with the user password. A drive counts five
// wrong ones, then takes none until its next power cycle.
func UnlockCommand(p Password) *Command { return security("SECURITY UNLOCK", opUnlock, 0, p, 0) }

// DisablePasswordCommand is SECURITY DISABLE PASSWORD (F6h) with the user password.
func DisablePasswordCommand(p Password) *Command {
	return security("SECURITY DISABLE PASSWORD", opDisablePassword, 0, p, 0)
}

// ErasePrepareCommand is SECURITY ERASE PREPARE (F3h). It counts only for the very next
// command.
func ErasePrepareCommand() *Command {
	return &Command{Name: "SECURITY ERASE PREPARE", Protocol: NonData, Device: deviceLBA, Opcode: opErasePrepare}
}

// EraseUnitCommand is SECURITY ERASE UNIT (F4h) with the user password. It erases the
// drive, and it ends only when that is done, hours later on a large disk.
func EraseUnitCommand(p Password, enhanced bool) *Command {
	if enhanced {
		return security("SECURITY ERASE UNIT (enhanced)", opEraseUnit, dataEnhanced, p, Unbounded)
	}
	return security("SECURITY ERASE UNIT", opEraseUnit, 0, p, Unbounded)
}

// SecurityFreezeCommand is SECURITY FREEZE LOCK (F5h): no security command until the
// next power cycle.
func SecurityFreezeCommand() *Command {
	return &Command{Name: "SECURITY FREEZE LOCK", Protocol: NonData, Device: deviceLBA, Opcode: opSecurityFreeze}
}

// EraseTime is what words 89 and 90 of IDENTIFY DEVICE say of the time that SECURITY
// ERASE UNIT needs (ACS-3 §7.12.7.43).
type EraseTime struct {
	Minutes int64 // 0: not stated
	Longer  bool  // it takes longer than Minutes, the largest figure the word has
}

// eraseTime decodes words 89 and 90. With bit 15 set, bits 14:0 count two minutes each
// and 7FFFh is "more than 65532 minutes"; without, bits 7:0 do and FFh is "more than 508".
func eraseTime(w uint16) EraseTime {
	switch {
	case w&0x8000 != 0 && w&0x7fff == 0x7fff:
		return EraseTime{65532, true}
	case w&0x8000 != 0:
		return EraseTime{int64(w&0x7fff) * 2, false}
	case w&0xff == 0xff:
		return EraseTime{508, true}
	}
	return EraseTime{int64(w&0xff) * 2, false}
}

// EraseTime is the drive's estimate of a normal or an enhanced erase.
func (id Identify) EraseTime(enhanced bool) EraseTime {
	if enhanced {
		return eraseTime(id.Word[90])
	}
	return eraseTime(id.Word[89])
}

// Patience is how long an erase of a drive of size bytes may take before a person should
// be told. Nothing is ended when it is over. It is the drive's estimate and an hour, an
// hour and a half where the estimate is a lower bound, and at least the time that writing
// the drive at 30 MB/s takes and half an hour, as hdparm reckons.
func (t EraseTime) Patience(size uint64) time.Duration {
	const rate = 30_000_000
	wait := time.Duration(size/rate)*time.Second + 30*time.Minute
	if t.Minutes == 0 {
		return wait
	}
	extra := time.Hour
	if t.Longer {
		extra = 90 * time.Minute
	}
	return max(wait, time.Duration(t.Minutes)*time.Minute+extra)
}
