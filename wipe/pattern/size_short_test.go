//go:build !long

package pattern

// randomSize is how many bytes of the stream TestBarRandom looks at, here in its
// short form, which must not fail now and then and so always has the same keys.
const (
	randomSize = 16 << 20
	freshKeys  = false
)
