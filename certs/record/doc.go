// Package record holds the words Lethe writes down: the order that permits an
// erase, the transcript of what was seen while it ran, the record that gathers
// both, and their one canonical spelling (RFC 8785). It is a pure leaf: no I/O,
// no device code, no cryptographic key. FORMAT.md describes every field for
// readers who do not have this code.
//
// # Compatibility
//
// A document of a format named here ("lethe.record/v1" and so on) will be read
// and judged by every later version. A new field means a new format name.
package record
