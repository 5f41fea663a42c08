//go:build long

package demo_test

import "time"

const noNetwork = 5 * time.Minute
