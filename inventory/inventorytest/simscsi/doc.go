// Package simscsi is a SAS drive for tests: a state machine that takes command
// blocks and answers as T10's documents say (SPC-5, SBC-4), with SANITIZE, FORMAT
// UNIT and a medium whose blocks may have 512, 520 or 4096 bytes. What it does wrong
// is data: see [Faults].
//
// An erase takes as long as [Config] says on the [Clock] the drive is given, and
// works through the medium as that time passes: half-way, half of the old data is
// there. What no host can address, the spare blocks, is kept apart and can be looked
// at ([Drive.Spare]).
//
// The bytes are laid out here once more, not by the codecs of package scsi, so that a
// mistake in one is not in the other. A Drive also survives the program: State is all
// of it but the medium, and Restore goes on from there.
//
// It is used by tests only.
package simscsi
