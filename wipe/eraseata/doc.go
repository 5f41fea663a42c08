// Package eraseata gives a SATA drive its own erase commands, SANITIZE DEVICE and
// SECURITY ERASE UNIT, and follows them. It decides no verdict: every command and raw
// answer is told, and judge derives the verdict from what was told.
//
// # How to use it
//
//	err := eraseata.Supports(facts, act)       // pure: nil, or why not
//	e, err := eraseata.New(conn, act, opts)    // sends nothing
//	c, err := e.Recover(ctx, tell, how)        // an erase that was cut short, see below
//	r, err := uncover.Run(ctx, conn, …)        // hidden areas, before anything else
//
// From there on it is a [wipe.Eraser]: Observe at record.StepBefore, canaries, Observe at
// StepReady, Erase, Observe at StepAfter, canaries gone. Erase is Start, then Poll until
// the erase has ended; both can be called apart.
//
// Each exchange is told before the next command is sent; an error of that ends the work
// at once, with nothing further sent. While an erase runs only what changes is told:
// another answer, or an eighth more of it done.
//
// # SANITIZE DEVICE
//
// It runs in the drive, and goes on after a reset or a loss of power. Poll calls it ended
// only when SANITIZE STATUS EXT says that it completed without error. A drive that is
// merely not at work has not ended anything; registers that an adapter withheld are
// asked for again and then [ErrUnavailable], never idle. A drive that ignored the command
// shows the success of an earlier run: whether it was ever seen at work is for the judge.
// Progress that does not move for [Options.Stall] is [ErrStuck]: the drive is left alone,
// and nobody knows whether it is erased.
//
// # SECURITY ERASE UNIT
//
// It blocks the drive and its port until it has ended, and has no progress. It is given
// no time limit, and ctx does not reach it either: a limit would make the kernel reset
// the drive, which leaves it half erased and locked. How long it may take is told to how,
// as [wipe.Course].Allow, for people. It needs a password to be set: [ata.ErasePassword], which is
// published. The erase takes it off again. Where it does not, Start takes it off itself,
// told as a poll; only a drive that does not answer, or a transcript that is not taken
// down, leaves it set.
//
// # After a crash
//
// Recover follows a sanitize that it finds running, takes a drive out of the failed state
// (by leaving it where the drive allows that, else by sanitising again), and takes the
// published password off a drive that has one set, trying it once. A password of somebody
// else's is left alone. An erase that Recover followed had no canaries of ours: it is no
// evidence, and the act is due.
package eraseata
