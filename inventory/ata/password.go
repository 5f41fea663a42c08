package ata

// Password is an ATA password: 32 bytes, as they lie in the data of the command.
type Password [32]byte

// ErasePassword is the user password that Lethe sets before SECURITY ERASE UNIT, since
// a drive has to have one. It protects nothing and is no secret: it is printed in the
// documentation and on the record, so that whoever holds a drive that lost power in
// mid-erase can unlock it, with Lethe or with any other tool. It is text of 32
// characters, so that it can be typed.
var ErasePassword = Password([]byte("LETHE-ERASE-IN-PROGRESS-UNLOCK-1"))
