// Package erasenvme has an NVM subsystem erase itself: by Sanitize or by Format NVM,
// over any nvme.Conn to one of its controllers. It decides no verdict. Every command
// and the raw answer to it are handed to Tell before the next command is sent; an
// error of Tell vetoes whatever comes next, for good.
//
// In its order:
//
//	f, err := erasenvme.Read(ctx, conn, tell)      // what the drive is and can do
//	err = erasenvme.SanitizeBlock.Supports(f)      // nil, or why not; pure
//	f.Reaches(...), f.Leaves(...)                  // for the grant and the paper
//	e := erasenvme.New(erasenvme.SanitizeBlock, conn, tell)
//	before, err := e.Before(ctx)                   // once before canaries, once after
//	err = e.Start(ctx, erasenvme.Options{})        // irreversible
//	err = e.Wait(ctx, time.Second, report)         // or Poll, at one's own pace
//	after, err := e.After(ctx)
//
// After a loss of power, New and Recover: it attaches to what is under way, or says
// what a failure needs. On flash, crypto erase then block erase are two Erasers.
//
// Whether it is done is decided on SSTAT alone, of a log page that names the very
// command that was sent: the progress is for people. That the drive is the one planned,
// that nothing else uses any of its namespaces and that canaries are gone is the
// caller's to see to.
package erasenvme
