//go:build long

package main

const (
	kills      = 200
	interrupts = 30
)

// resumes is how many kills TestResumes makes.
const resumes = 100

// How TestBarSuspended measures: rounds, and bytes and bytes a second of a drive.
const (
	suspendedRounds = 8
	suspendedSize   = 256 << 20
	suspendedRate   = 64_000_000
)
