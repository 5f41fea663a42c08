// Package pdf writes the page people read and the signature software checks, and
// reads both back, strictly. It is the only package that knows fpdf.
//
// [Certificate] and [Summary] draw a record and carry it, its transcript and its
// order as attachments; the same input gives the same bytes. [Sign] adds a true
// PDF signature (ISO 32000-1 §12.8, SubFilter ETSI.CAdES.detached of PAdES, EN 319
// 142-1) in the one revision the file has: it covers every byte of the file but
// the hexadecimal string of /Contents itself. [Read] parses what this package
// writes and refuses everything else.
//
// # What the page says
//
// Every string on a page comes from the record alone: [Text] computes the same
// strings in the same order without drawing, by the same layout, and [Compare]
// draws the record again and compares every object of the file. A value that is
// absent is printed as "not stated", never guessed.
//
// The fonts (Go Regular, Go Bold, Go Mono, embedded as subsets) cover Latin, Greek
// and Cyrillic. Every other character, and every one that would not be seen as
// itself (controls, line breaks, direction overrides, combining marks, spaces that
// are not single), is printed as its code in angle brackets: 髙 is <U+9AD9>. A
// literal "<U+" is printed as "<U+003C>U+". The attached record has the real text.
// A value longer than 240 characters and a list longer than its page
// share are cut, and say how much more the record holds.
//
// # Compatibility
//
// The layout is named in /Producer ([LayoutV1]). Files of a layout named here will
// be read and compared by every later version; a change of what is drawn is a new
// layout name.
package pdf
