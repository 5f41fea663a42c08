package handover

import (
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"

	"lethe/certs/record"
)

// Format names the format of a note.
const Format = "lethe.handover/v1"

// magic begins every file, and is authenticated with it.
const magic = "lethe handover v1\n"

// MaxSize bounds a file in bytes. The journal of a day's erase has less than 100 KB.
const MaxSize = 8 << 20

// KeySize is that of the key in bytes.
const KeySize = 32

// Why a file is of no use.
var (
	// ErrSealed says that it was not written under this key, or is torn.
	ErrSealed = errors.New("not sealed under this key, or torn")
	// ErrLong says that it would be, or is, longer than MaxSize.
	ErrLong = errors.New("longer than a handover may be")
)

// Note is what one boot hands to the next of one task.
type Note struct {
	Format  string         `json:"format"`
	Task    string         `json:"task"`
	Machine record.Machine `json:"machine"` // on which the task was begun
	Files   []File         `json:"files"`
}

// File is one file by its name in the folder of the journals.
type File struct {
	Name string `json:"name"`
	Data []byte `json:"data"`
}

// Seal writes a note under a key of KeySize bytes.
func Seal(key []byte, n Note) ([]byte, error) {
	n.Format = Format
	b, err := record.Marshal(n)
	if err != nil {
		return nil, fmt.Errorf("seal handover: %w", err)
	}
	box, err := aead(key)
	if err != nil {
		return nil, fmt.Errorf("seal handover: %w", err)
	}
	if len(magic)+len(b)+box.Overhead() > MaxSize {
		return nil, fmt.Errorf("seal handover: %w", ErrLong)
	}
	return box.Seal([]byte(magic), nil, b, []byte(magic)), nil
}

// Open reads what Seal wrote under the same key.
func Open(key, b []byte) (n Note, err error) {
	if len(b) > MaxSize {
		return n, fmt.Errorf("open handover: %w", ErrLong)
	}
	box, err := aead(key)
	if err != nil {
		return n, fmt.Errorf("open handover: %w", err)
	}
	if len(b) < len(magic) || string(b[:len(magic)]) != magic {
		return n, fmt.Errorf("open handover: %w", ErrSealed)
	}
	plain, err := box.Open(nil, nil, b[len(magic):], []byte(magic))
	if err != nil {
		return n, fmt.Errorf("open handover: %w", ErrSealed)
	}
	if err := record.Unmarshal(plain, &n); err != nil {
		return Note{}, fmt.Errorf("open handover: %w", err)
	}
	if n.Format != Format {
		return Note{}, fmt.Errorf("open handover: format %q, want %q", n.Format, Format)
	}
	return n, nil
}

// aead draws a nonce of its own for each file.
func aead(key []byte) (cipher.AEAD, error) {
	if len(key) != KeySize {
		return nil, fmt.Errorf("key of %d bytes, want %d", len(key), KeySize)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}
