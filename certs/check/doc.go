// Package check says, line by line, whether a paper of Lethe's is authentic and
// whether what it claims follows from what was seen. It is what the auditor, the
// depot and the demonstration run; it opens no device and no network.
//
// # How
//
// The container comes first: the PDF's structure, what its signature covers, the
// encoding of that signature, the signature itself. Unless all four hold, nothing
// inside the file is read. Then come the contents: the enveloped record, the
// transcript's chain, the order; the verdict, by judging the transcript again and
// building the whole record again from it; the pages, by computing their text and
// drawing them again. The record's verdict is thus never believed, only compared.
//
// A second look is checked likewise, its finding derived again by the rules of second looks; what it
// says of its certificate is then held against that certificate, given with it
// ([MatchLooks]). Without it, it is refused.
//
// A step that fails stops the steps that need it, and these say so. What is unknown
// is refused: another attachment, another format, a profile this version does not
// have, an object our writer does not emit.
//
// # Time
//
// Signing keys live for one run of one machine. So signatures are checked at the
// time of issue, by the issuer's own clock, and an order's at the time the erase
// began. An independent time stamp would be needed to say more.
package check
