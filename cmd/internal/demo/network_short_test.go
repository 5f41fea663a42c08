//go:build !long

package demo_test

import "time"

// noNetwork is how long the machine is left without a cable after it complained.
const noNetwork = 5 * time.Second
