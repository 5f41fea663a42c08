#include "textflag.h"

// Registers of both kernels:
//
//	Y0–Y7   eight states of two blocks: half a group
//	Y8      the round key at hand, in both lanes
//	Y9      counters of the next two blocks, low word first
//	Y10     two blocks
//	Y11     swap
//	Y12     scratch (check)
//	AX      the key schedule
//	DI, CX  memory, half groups left
//
// Sixteen registers have no room for eleven keys beside the states. A broadcast
// from memory is a plain load, and there is one to eight VAESENC. No instruction
// here may name a register above Y15 or need AVX-512: the assembler would take
// its EVEX form without a word.

#define PREPARE \
	VBROADCASTI128 (BX), Y9            \
	VPADDQ         ·first(SB), Y9, Y9  \
	VBROADCASTI128 ·two(SB), Y10       \
	VBROADCASTI128 ·swap(SB), Y11      \
	SHLQ           $1, CX

#define COUNTER(state) \
	VPSHUFB Y11, Y9, state \
	VPADDQ  Y10, Y9, Y9

#define ALL(op) \
	op Y8, Y0, Y0 \
	op Y8, Y1, Y1 \
	op Y8, Y2, Y2 \
	op Y8, Y3, Y3 \
	op Y8, Y4, Y4 \
	op Y8, Y5, Y5 \
	op Y8, Y6, Y6 \
	op Y8, Y7, Y7

#define ROUND(i) \
	VBROADCASTI128 (16*i)(AX), Y8 \
	ALL(VAESENC)

// ROUNDS is AES-128 of the next 16 counter blocks but for its last round, whose
// key it leaves in Y8.
#define ROUNDS \
	COUNTER(Y0) \
	COUNTER(Y1) \
	COUNTER(Y2) \
	COUNTER(Y3) \
	COUNTER(Y4) \
	COUNTER(Y5) \
	COUNTER(Y6) \
	COUNTER(Y7) \
	VBROADCASTI128 (AX), Y8 \
	ALL(VPXOR) \
	ROUND(1)   \
	ROUND(2)   \
	ROUND(3)   \
	ROUND(4)   \
	ROUND(5)   \
	ROUND(6)   \
	ROUND(7)   \
	ROUND(8)   \
	ROUND(9)   \
	VBROADCASTI128 160(AX), Y8

// func fillVAES256(keys *schedule, c *counter, dst *byte, groups int)
TEXT ·fillVAES256(SB), NOSPLIT, $0-32
	MOVQ keys+0(FP), AX
	MOVQ c+8(FP), BX
	MOVQ dst+16(FP), DI
	MOVQ groups+24(FP), CX
	PREPARE

fillLoop:
	ROUNDS
	ALL(VAESENCLAST)
	VMOVDQU Y0, (DI)
	VMOVDQU Y1, 32(DI)
	VMOVDQU Y2, 64(DI)
	VMOVDQU Y3, 96(DI)
	VMOVDQU Y4, 128(DI)
	VMOVDQU Y5, 160(DI)
	VMOVDQU Y6, 192(DI)
	VMOVDQU Y7, 224(DI)
	ADDQ    $256, DI
	DECQ    CX
	JNZ     fillLoop
	VZEROUPPER
	RET

// LAST is the last round with the key XORed by what was read: zeros are left
// where that is the stream.
#define LAST(off, state) \
	VPXOR       off(DI), Y8, Y12 \
	VAESENCLAST Y12, state, state

// func checkVAES256(keys *schedule, c *counter, src *byte, groups int) int
TEXT ·checkVAES256(SB), NOSPLIT, $0-40
	MOVQ keys+0(FP), AX
	MOVQ c+8(FP), BX
	MOVQ src+16(FP), DI
	MOVQ groups+24(FP), CX
	PREPARE

checkLoop:
	ROUNDS
	LAST(0, Y0)
	LAST(32, Y1)
	LAST(64, Y2)
	LAST(96, Y3)
	LAST(128, Y4)
	LAST(160, Y5)
	LAST(192, Y6)
	LAST(224, Y7)
	VPOR  Y1, Y0, Y0
	VPOR  Y3, Y2, Y2
	VPOR  Y5, Y4, Y4
	VPOR  Y7, Y6, Y6
	VPOR  Y2, Y0, Y0
	VPOR  Y6, Y4, Y4
	VPOR  Y4, Y0, Y0
	VPTEST Y0, Y0
	JNZ   checkDone
	ADDQ  $256, DI
	DECQ  CX
	JNZ   checkLoop

checkDone:
	// The halves left, rounded up, are the groups left: a group is the same
	// only when both its halves are.
	MOVQ groups+24(FP), AX
	INCQ CX
	SHRQ $1, CX
	SUBQ CX, AX
	MOVQ AX, ret+32(FP)
	VZEROUPPER
	RET
