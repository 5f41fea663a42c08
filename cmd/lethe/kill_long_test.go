//go:build long

package main

const (
	kills      = 200
	interrupts = 30
)
