// Package page lays a record out on A4 pages: which words, where, how large. Its
// result is a list of what is to be drawn. It draws nothing itself and knows no
// PDF, so that the words of a certificate can be computed from a record alone.
//
// Lengths are millimetres from the upper left corner, type sizes points.
package page
