// Package simata is a simulated SATA drive for tests: a state machine that answers SCSI
// commands the way a drive behind a SCSI/ATA translator does, with ATA PASS-THROUGH for
// its own words. It keeps IDENTIFY DEVICE, the Security and SANITIZE DEVICE feature sets,
// host protected areas, Accessible Max Address, device configuration overlays, logs,
// device statistics and SMART data, spare and reallocated sectors that no host can
// address, and it does wrong whatever Faults say.
//
// What it answers is written from the standards (ACS-2, ACS-3, SAT-4) without the codecs
// of package ata, so that a mistake in them does not pass on both sides.
//
// # Time and power
//
// A Drive knows no time but that of its Clock: a command that blocks sleeps by it, a
// sanitize in the background goes on by it. Tests give it a Manual clock. PowerCycle,
// Suspend and HotReset do what they do to a real drive: a power cycle locks it where a
// password is set, clears what was frozen, takes back what was volatile and lets a
// sanitize go on.
//
// # State
//
// Everything a drive keeps over a power cycle, and its faults, is in its State, plain
// JSON. Restore makes the same drive of it over the same store, as if power had been
// lost at the time of the Snapshot; OnChange hears of each change, also in the middle of
// a command that blocks. So a drive served as a kernel disk survives the death of
// whatever serves it.
package simata
