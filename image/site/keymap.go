package site

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// The binary keymap that loadkeys --bkeymap of package kbd writes and busybox's
// loadkmap reads: magic, a flag for each of 256 tables, then the tables that have
// one, of 128 little-endian entries each (the kernel's NR_KEYS of old).
const (
	keymapMagic  = "bkeymap"
	keymapTables = 256
	keymapKeys   = 128
)

// ErrKeymap says that a file is not a binary keymap.
var ErrKeymap = errors.New("not a keymap of loadkeys --bkeymap")

// Key is what one key means under one combination of modifiers.
type Key struct {
	Table, Index uint8
	Value        uint16 // as in linux/keyboard.h
}

// ParseKeymap reads a binary keymap.
func ParseKeymap(b []byte) ([]Key, error) {
	head := len(keymapMagic) + keymapTables
	if len(b) < head || string(b[:len(keymapMagic)]) != keymapMagic {
		return nil, ErrKeymap
	}
	flags, rest := b[len(keymapMagic):head], b[head:]
	var keys []Key
	for t, f := range flags {
		if f == 0 {
			continue
		}
		if f != 1 || len(rest) < 2*keymapKeys {
			return nil, fmt.Errorf("%w: table %d", ErrKeymap, t)
		}
		for i := range keymapKeys {
			keys = append(keys, Key{uint8(t), uint8(i), binary.LittleEndian.Uint16(rest[2*i:])})
		}
		rest = rest[2*keymapKeys:]
	}
	if len(keys) == 0 || len(rest) > 0 {
		return nil, fmt.Errorf("%w: %d tables, %d bytes too many", ErrKeymap, len(keys)/keymapKeys, len(rest))
	}
	return keys, nil
}
