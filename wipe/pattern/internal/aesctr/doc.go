// Package aesctr makes and compares the AES-128-CTR key stream (NIST SP 800-38A
// §6.5, 128-bit big-endian counter) at any offset, faster than a drive takes it.
//
// It has three kernels, of which the fastest that the processor and the
// operating system offer, and that makes what crypto/aes makes, is chosen once, at
// the start:
//
//   - VAES on 512-bit registers (Intel from Ice Lake, AMD from Zen 4),
//   - VAES on 256-bit registers (AMD Zen 3, Intel's hybrid processors),
//   - the standard library's, for everyone else and every other architecture.
//
// A vector kernel makes groups of 512 bytes and adds to the low 64 bits of the
// counter only. What is smaller than a group, does not begin on a cipher block, or
// carries out of the low 64 bits is cut out and made in Go, here.
//
// Comparing is fused: what was read is XORed into the last round key, so that
// the last round leaves zeros where it equals the stream, and nothing is stored.
package aesctr
