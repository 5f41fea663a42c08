package pattern

import (
	"crypto/sha256"
	"encoding/hex"
)

// Sizes of the key and of the first counter block, in bytes.
const (
	KeySize = 16
	IVSize  = 16
)

// Commitment is the lower-case hex SHA-256 of key followed by iv. Written down
// before the pass, it proves afterwards that the revealed key was chosen then.
// An empty iv counts as sixteen zeros, the bytes a checker has to use.
func Commitment(key, iv []byte) string {
	if len(iv) == 0 {
		iv = make([]byte, IVSize)
	}
	h := sha256.New()
	h.Write(key)
	h.Write(iv)
	return hex.EncodeToString(h.Sum(nil))
}
