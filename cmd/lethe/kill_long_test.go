//go:build long

package main

const (
	kills      = 200
	interrupts = 30
)

// resumes is how many kills TestResumes makes.
const resumes = 100
