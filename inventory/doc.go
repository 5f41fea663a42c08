// Package inventory tells what is here: every drive of the machine, who it is,
// what it can do, what it hides, and every reason to leave it alone. It never
// writes to a drive.
//
// Discover lists. A drive that is listed may still be held: Device.Eligible says
// why, and Open, the way to the handle that erases, refuses it. Everything a
// drive says of itself comes from package devio and the codecs below it; the
// list of names comes from ghw and /sys/block together.
package inventory
