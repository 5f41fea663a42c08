//go:build !long

package main

// How many times the long tests kill, here in their short form.
const (
	kills      = 10
	interrupts = 3
)

// resumes is how many kills TestResumes makes.
const resumes = 5

// How TestBarSuspended measures, here in its short form.
const (
	suspendedRounds = 1
	suspendedSize   = 32 << 20
	suspendedRate   = 32_000_000
)
