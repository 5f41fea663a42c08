//go:build race

package confine

// everyThread: the race detector comes with cgo, and Go reaches no thread of a C
// library, so Landlock and the second drop of capabilities are left out.
const everyThread = false
