package sign

import (
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
)

// ErrNoSecret says that nothing can be derived from a key that cannot leave its holder.
var ErrNoSecret = errors.New("no secret can be derived from this key")

// Secret derives 32 bytes from a signer's private key, by HKDF with SHA-256 (RFC 5869)
// and use as its info: the same for the same key and use, and of no help in finding
// either the key or the secret of another use. Only keys that were read from a file
// have secrets.
func Secret(s Signer, use string) ([]byte, error) {
	f, ok := s.(*fileSigner)
	if !ok {
		return nil, ErrNoSecret
	}
	scalar, err := f.PrivateKey.Bytes()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoSecret, err)
	}
	return hkdf.Key(sha256.New, scalar, nil, "lethe secret v1: "+use, 32)
}
