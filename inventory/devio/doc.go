// Package devio is every system call Lethe makes on a device: block ioctls,
// SG_IO, NVMe admin pass-through, loop status, and reads and writes past the
// page cache. All of them are in files that end in _linux.go; the questions put
// to a drive over those calls (Identify, Survey) are in the others and run as
// well against a simulated drive.
//
// There are two ways in. A Probe is opened read-only, for listing: it cannot
// write. A Handle owns the whole drive exclusively, for erasing, until its one
// Close. Neither mounts, trusts or runs anything found on a drive.
package devio
