// Package archtest holds the house to its plan: which package must never reach
// which other, and why. It is a test only; nothing imports it.
package archtest
