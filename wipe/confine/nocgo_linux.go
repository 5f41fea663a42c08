//go:build !cgo

package confine

var cgoCalls []rule
