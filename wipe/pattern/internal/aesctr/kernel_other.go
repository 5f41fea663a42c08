//go:build !amd64

package aesctr

// usable reports whether this machine can run k.
func (k Kernel) usable() bool { return k == Standard }

func (k Kernel) fill(*schedule, *counter, *byte, int) { panic("aesctr: no such kernel") }

func (k Kernel) check(*schedule, *counter, *byte, int) int { panic("aesctr: no such kernel") }
