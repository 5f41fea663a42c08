#include "textflag.h"

// first is what the lanes of a first counter vector are ahead by: 0, 1, 2 and 3
// blocks, each of low and high word.
DATA ·first+0(SB)/8, $0
DATA ·first+8(SB)/8, $0
DATA ·first+16(SB)/8, $1
DATA ·first+24(SB)/8, $0
DATA ·first+32(SB)/8, $2
DATA ·first+40(SB)/8, $0
DATA ·first+48(SB)/8, $3
DATA ·first+56(SB)/8, $0
GLOBL ·first(SB), RODATA|NOPTR, $64

// two and four blocks, to go on by.
DATA ·two+0(SB)/8, $2
DATA ·two+8(SB)/8, $0
GLOBL ·two(SB), RODATA|NOPTR, $16
DATA ·four+0(SB)/8, $4
DATA ·four+8(SB)/8, $0
GLOBL ·four(SB), RODATA|NOPTR, $16

// swap turns a little-endian word of 16 bytes into a big-endian one (VPSHUFB).
DATA ·swap+0(SB)/8, $0x08090a0b0c0d0e0f
DATA ·swap+8(SB)/8, $0x0001020304050607
GLOBL ·swap(SB), RODATA|NOPTR, $16
