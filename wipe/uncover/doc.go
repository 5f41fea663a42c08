// Package uncover gives back the sectors that a drive hides from its hosts: a host
// protected area (HPA), an accessible maximum address (AMAX), a device configuration
// overlay (DCO). It erases nothing, and it is done before anything is erased, since an
// erase of what can be addressed leaves the rest.
//
//	r, err := uncover.Run(ctx, conn, tell)
//	if err != nil { … }              // the drive or the transcript is lost
//	if err := r.Clear(); err != nil { … } // *HiddenError: what is left, and what to do
//
// Each command is told with its raw answer before the next is sent, and an error of tell
// ends the work.
//
// HPA or AMAX go first, for a drive aborts DEVICE CONFIGURATION RESTORE while they are
// set; then the overlay; then HPA once more, for an overlay may have hidden one. A drive
// takes one lasting SET MAX in a power cycle: where it aborts the second, or an overlay
// is locked by the firmware, Run says so and changes nothing by other means. What the
// drive says afterwards, in IDENTIFY DEVICE, is what counts, not that it took a command.
//
// Afterwards capacity and feature sets may be others: identify and plan again. The kernel
// learns of it by a rescan of the device; where its size still differs, only a power cycle
// helps, and a host can neither write nor read to the end before.
package uncover
