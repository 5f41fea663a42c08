package kernel

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// DefaultSeries is the kernel of Debian 12 itself.
const DefaultSeries = "6.1"

// ErrSeries is returned for a series that has no lock.
var ErrSeries = errors.New("no such kernel series")

// Locks returns the lock file's name of each series that is kept up to date.
// 6.12 knows newer hardware; it comes from bookworm-security, whose modules are
// packed with xz one by one.
func Locks() map[string]string {
	return map[string]string{DefaultSeries: "kernel.lock", "6.12": "kernel-6.12.lock"}
}

// LockFile returns the name of a series' lock file; "" is the default.
func LockFile(series string) (string, error) {
	if series == "" {
		series = DefaultSeries
	}
	name, ok := Locks()[series]
	if !ok {
		return "", fmt.Errorf("%w: %q (there are %s)", ErrSeries, series,
			strings.Join(slices.Sorted(maps.Keys(Locks())), ", "))
	}
	return name, nil
}

// MetaOf returns the meta package that a series follows.
func MetaOf(series string) string {
	if series == "" || series == DefaultSeries {
		return Meta
	}
	return "linux-image-" + series + "-amd64"
}
