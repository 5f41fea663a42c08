#include "textflag.h"

// func cpuHasVAES() bool
//
// CPUID leaf 7, subleaf 0, ECX bit 9 (Intel SDM vol. 2A, table 3-8), where leaf 0
// says that there is a leaf 7.
TEXT ·cpuHasVAES(SB), NOSPLIT, $0-1
	XORL AX, AX
	XORL CX, CX
	CPUID
	CMPL AX, $7
	JLT  no
	MOVL $7, AX
	XORL CX, CX
	CPUID
	SHRL $9, CX
	ANDL $1, CX
	MOVB CX, ret+0(FP)
	RET

no:
	MOVB $0, ret+0(FP)
	RET
