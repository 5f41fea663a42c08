#include "textflag.h"

// Registers of both kernels:
//
//	Z0–Z10   the round keys, each in all four lanes
//	Z11      swap
//	Z12      counters of the next four blocks, low word first
//	Z13      scratch (check)
//	Z16–Z23  eight states of four blocks: one group
//	Z24–Z31  4, 8, … 32 blocks
//	DI, CX   memory, groups left
//
// Eight states are what it takes to hide the latency of VAESENC (3 or 4 cycles,
// one or two a cycle). Counters do not carry: the caller cuts before that.
//
// The stores are ordinary ones. With VMOVNTDQ, filling buffers and writing them to
// tmpfs took a tenth more processor time in all with eight buffers of 1 MiB, a
// sixth more with one or two, and as much from 16 MiB on (AMD Turin): who takes
// the buffer next finds it in the cache.

#define LOAD_KEY(i, k) \
	VBROADCASTI32X4 (16*i)(AX), k

#define PREPARE \
	LOAD_KEY(0, Z0)   \
	LOAD_KEY(1, Z1)   \
	LOAD_KEY(2, Z2)   \
	LOAD_KEY(3, Z3)   \
	LOAD_KEY(4, Z4)   \
	LOAD_KEY(5, Z5)   \
	LOAD_KEY(6, Z6)   \
	LOAD_KEY(7, Z7)   \
	LOAD_KEY(8, Z8)   \
	LOAD_KEY(9, Z9)   \
	LOAD_KEY(10, Z10) \
	VBROADCASTI32X4 ·swap(SB), Z11 \
	VBROADCASTI32X4 (BX), Z12      \
	VPADDQ          ·first(SB), Z12, Z12 \
	VBROADCASTI32X4 ·four(SB), Z24 \
	VPADDQ          Z24, Z24, Z25  \
	VPADDQ          Z24, Z25, Z26  \
	VPADDQ          Z24, Z26, Z27  \
	VPADDQ          Z24, Z27, Z28  \
	VPADDQ          Z24, Z28, Z29  \
	VPADDQ          Z24, Z29, Z30  \
	VPADDQ          Z24, Z30, Z31

// COUNTERS sets the states to the next 32 counter blocks, as the cipher takes
// them, and moves on.
#define COUNTERS \
	VPADDQ  Z24, Z12, Z17 \
	VPADDQ  Z25, Z12, Z18 \
	VPADDQ  Z26, Z12, Z19 \
	VPADDQ  Z27, Z12, Z20 \
	VPADDQ  Z28, Z12, Z21 \
	VPADDQ  Z29, Z12, Z22 \
	VPADDQ  Z30, Z12, Z23 \
	VPSHUFB Z11, Z12, Z16 \
	VPADDQ  Z31, Z12, Z12 \
	VPSHUFB Z11, Z17, Z17 \
	VPSHUFB Z11, Z18, Z18 \
	VPSHUFB Z11, Z19, Z19 \
	VPSHUFB Z11, Z20, Z20 \
	VPSHUFB Z11, Z21, Z21 \
	VPSHUFB Z11, Z22, Z22 \
	VPSHUFB Z11, Z23, Z23

// ALL does one instruction with one operand to all states.
#define ALL(op, k) \
	op k, Z16, Z16 \
	op k, Z17, Z17 \
	op k, Z18, Z18 \
	op k, Z19, Z19 \
	op k, Z20, Z20 \
	op k, Z21, Z21 \
	op k, Z22, Z22 \
	op k, Z23, Z23

// ROUNDS is AES-128 but for its last round.
#define ROUNDS \
	ALL(VPXORQ, Z0)  \
	ALL(VAESENC, Z1) \
	ALL(VAESENC, Z2) \
	ALL(VAESENC, Z3) \
	ALL(VAESENC, Z4) \
	ALL(VAESENC, Z5) \
	ALL(VAESENC, Z6) \
	ALL(VAESENC, Z7) \
	ALL(VAESENC, Z8) \
	ALL(VAESENC, Z9)

// func fillVAES512(keys *schedule, c *counter, dst *byte, groups int)
TEXT ·fillVAES512(SB), NOSPLIT, $0-32
	MOVQ keys+0(FP), AX
	MOVQ c+8(FP), BX
	MOVQ dst+16(FP), DI
	MOVQ groups+24(FP), CX
	PREPARE

fillLoop:
	COUNTERS
	ROUNDS
	ALL(VAESENCLAST, Z10)
	VMOVDQU64 Z16, (DI)
	VMOVDQU64 Z17, 64(DI)
	VMOVDQU64 Z18, 128(DI)
	VMOVDQU64 Z19, 192(DI)
	VMOVDQU64 Z20, 256(DI)
	VMOVDQU64 Z21, 320(DI)
	VMOVDQU64 Z22, 384(DI)
	VMOVDQU64 Z23, 448(DI)
	ADDQ      $512, DI
	DECQ      CX
	JNZ       fillLoop
	VZEROUPPER
	RET

// LAST is the last round with the key XORed by what was read: zeros are left
// where that is the stream.
#define LAST(off, state) \
	VPXORQ      off(DI), Z10, Z13 \
	VAESENCLAST Z13, state, state

// func checkVAES512(keys *schedule, c *counter, src *byte, groups int) int
TEXT ·checkVAES512(SB), NOSPLIT, $0-40
	MOVQ keys+0(FP), AX
	MOVQ c+8(FP), BX
	MOVQ src+16(FP), DI
	MOVQ groups+24(FP), CX
	PREPARE

checkLoop:
	COUNTERS
	ROUNDS
	LAST(0, Z16)
	LAST(64, Z17)
	LAST(128, Z18)
	LAST(192, Z19)
	LAST(256, Z20)
	LAST(320, Z21)
	LAST(384, Z22)
	LAST(448, Z23)

	// FEh is the truth table of "or" of three.
	VPTERNLOGQ $0xfe, Z18, Z17, Z16
	VPTERNLOGQ $0xfe, Z21, Z20, Z19
	VPTERNLOGQ $0xfe, Z23, Z22, Z16
	VPORQ      Z19, Z16, Z16
	VPTESTMQ   Z16, Z16, K1
	KORTESTW   K1, K1
	JNZ        checkDone
	ADDQ       $512, DI
	DECQ       CX
	JNZ        checkLoop

checkDone:
	MOVQ groups+24(FP), AX
	SUBQ CX, AX
	MOVQ AX, ret+32(FP)
	VZEROUPPER
	RET
