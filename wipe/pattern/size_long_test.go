//go:build long

package pattern

// randomSize is how many bytes of the stream TestBarRandom looks at, by a key of
// its own each time.
const (
	randomSize = 1 << 30
	freshKeys  = true
)
