//go:build long

package wipe_test

// rounds is how many drives lose their power.
const rounds = 400
