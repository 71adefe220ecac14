/* start.h - x86-64: the entry sequence of ldso/start.S. The psABI's process entry has %rsp at
 * argc. */

/* calls function(sp) on an aligned stack; it does not return */
.macro ARCH_CALL_WITH_SP function
        xor     %ebp, %ebp
        mov     %rsp, %rdi
        and     $-16, %rsp
        call    \function
        hlt
.endm
