// Package wipetest holds every technique to one suite of faults: [Run] erases
// simulated drives that lie, fail, change and vanish, and compares the verdict
// that judge derives, and the bytes that are left, with what each fault must
// lead to. It also has the parts that tests of the engine share: workers in
// this process, a clock, journals. It is used by tests only.
package wipetest
