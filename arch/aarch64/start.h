/* start.h - AArch64: the entry sequence of ldso/start.S. At process entry sp points to argc
 * and is aligned. */

/* calls function(sp); it does not return */
.macro ARCH_CALL_WITH_SP function
        mov     x29, #0
        mov     x30, #0
        mov     x0, sp
        bl      \function
        brk     #1
.endm
