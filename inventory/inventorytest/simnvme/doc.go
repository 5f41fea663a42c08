// Package simnvme is an NVM subsystem for tests: a state machine that takes
// submission queue entries and answers as the NVM Express documents say (Base
// Specification 2.0c, NVM Command Set 1.0c), with Sanitize, Format NVM, several
// namespaces, controllers and capacity in no namespace. What it does wrong is data:
// see [Faults].
//
// A sanitize takes as long as [Config] says on the [Clock] the subsystem is given and
// works through the medium as that time passes: half-way, half of the old data is
// there. Blocks that are deallocated read as zeros although the medium may hold what
// it held; [Subsystem.Peek] reads the medium itself. Time without power does not
// count, and a sanitize goes on when power returns.
//
// The bytes are laid out here once more, not by the codecs of package nvme, so that a
// mistake in one is not in the other. Save is all of it but the medium, and Restore
// goes on from there.
//
// It is used by tests only.
package simnvme
