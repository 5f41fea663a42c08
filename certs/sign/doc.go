// Package sign makes and checks the two signatures Lethe's papers carry: DSSE
// envelopes over canonical JSON, and the CMS object of a PDF signature
// (ETSI.CAdES.detached). It opens no network and no device.
//
// # One algorithm
//
// Keys are ECDSA on P-256 with SHA-256, and nothing else is accepted. PDF readers
// verify it (poppler with NSS, MuPDF, openssl were tried; Ed25519 they refuse or
// misread), TPMs and PKCS#11 tokens hold such keys, and with one algorithm there is
// nothing to negotiate and nothing to downgrade.
//
// # One spelling
//
// Both forms have exactly one accepted encoding. An ECDSA signature (r, s) has a
// twin (r, n-s) that any holder of the first can compute; the half with the smaller
// s is the only one accepted. A CMS object is checked by building it again from its
// own parts and comparing every byte. So no bit of a signature can be changed
// without its being refused.
//
// # One job a key
//
// A certificate names its role by extended key usage, see [Role]. Whoever verifies
// says which role the signer must have; a certificate that carries the mark of two
// roles has none.
//
// # Time
//
// Signing keys are short-lived: the one of a booted machine dies with it. So a chain
// is verified at a time the caller names, commonly the time the signed document
// itself states, and what holds then is no more than "by the signer's own clock".
package sign

import "errors"

// Why a signature is refused. Every error of a Verify function wraps one of these.
var (
	ErrMalformed = errors.New("malformed signature")        // not in the one accepted encoding
	ErrUnsigned  = errors.New("unsigned")                   // an envelope with no signature
	ErrType      = errors.New("wrong payload type")         // an envelope of something else
	ErrRole      = errors.New("signer has the wrong role")  // a key of one job did another's
	ErrUntrusted = errors.New("signer is not trusted")      // no path to a trusted root at that time
	ErrSignature = errors.New("signature does not match")   // bytes changed, or another key
	ErrKey       = errors.New("key is not ECDSA P-256")     // see "One algorithm"
	ErrNoRoots   = errors.New("no trusted root was given")  // never fall back to the system's
	ErrNoTime    = errors.New("no time of signature given") // never fall back to now
)
