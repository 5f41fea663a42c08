// Package erasescsi gives a SAS or SCSI drive its own erase commands, SANITIZE and
// FORMAT UNIT, and follows them. It decides no verdict: every command and raw answer is
// told, and judge derives the verdict from what was told.
//
// # How to use it
//
//	err := erasescsi.Supports(facts, act)    // pure: nil, or why not
//	e, err := erasescsi.New(conn, act, opts) // sends nothing
//	c, err := e.Recover(ctx, tell, how)      // an erase that was cut short, see below
//
// From there on it is a [wipe.Eraser]: Observe at record.StepBefore, canaries, Observe at
// StepReady, Erase, Observe at StepAfter, canaries gone. Erase is Start, then Poll until
// the erase has ended; both can be called apart.
//
// Each exchange is told before the next command is sent; an error of that ends the work
// at once, with nothing further sent. While an erase runs, which
// may take days, only what changes is told: another answer, or an eighth more of it
// done.
//
// # When it has ended
//
// A drive that tells of no progress may be done, may have failed, or may never have
// begun. Poll calls an erase ended only when REQUEST SENSE has nothing to tell, TEST UNIT
// READY is GOOD, and a READ was answered; a medium error is an answer after a block or crypto
// erase, unless the drive says that its blocks read at once (VPD B1h). Whether the drive
// was ever seen at work is for the judge.
//
// A drive whose progress does not move for [Options.Stall] is [ErrStuck]: nobody knows
// then whether it is erased. It is left alone. A reset would not help: SANITIZE goes
// on after one.
//
// # After a crash
//
// SANITIZE outlives resets and losses of power, in the drive; FORMAT UNIT does not and
// leaves a format that is corrupt. Recover makes the drive usable again: it follows an
// erase that it finds running, gives the command again to a drive in its failure mode,
// leaves that mode where the drive was told to allow it, and formats again what was cut
// off. An erase that Recover followed had no canaries of ours: it is no evidence, and
// the act is due.
package erasescsi
