//go:build !race

package confine

const everyThread = true
