//go:build !long

package overwrite_test

const long = false
