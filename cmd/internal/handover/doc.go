// Package handover keeps, in a folder of a delivery stick, what the next boot of a
// machine needs to go on with a task that a loss of power cuts short: the journal as
// far as its supervisor vouches for it, the sealed note that has the keys of the
// stream, and the note of the run. They are the files that a host keeps beside its
// papers; here those of one task are one file, since two that do not belong together
// would be worth nothing.
//
// # What a loss of power leaves
//
// Nothing is written over. A new state is a new file, TASK.N.handover with the next N:
// written, flushed, renamed to a name that nothing had, the folder flushed, read back
// past the cache; only then is the one before it removed. FAT keeps no journal of its
// own, and a rename onto a name that is taken can leave neither. So the state before
// the newest is whole whenever the newest is not.
//
// # Who can read it
//
// The file is encrypted and authenticated (AES-256-GCM) under a key that is derived
// from the agent's signing key. Until the paper is issued the stream's key must stay
// secret from the drive: with it a drive could make up what it is asked to give back.
// Who can open the file holds the key that signs the certificates, and needs no drive
// to forge one; so it adds nobody to those who must be trusted. It adds a place: where
// the image with the signing key lies on the same stick, whoever has the stick has
// both, and the stick must be guarded until the papers are issued, as any medium with
// that key must.
//
// The key that is revealed in the paper leaves the stick with the file when the paper
// is on the stick. FAT does not erase what it removes; by then the key is no secret.
package handover
