/*
 * entry.S - AArch64: jumping to a program, TLS descriptors, the PLT fallback. Contracts in arch.h.
 */
        .text

/* arch_enter(sp, entry, fini): x0 is the function to register with atexit. */
        .globl  arch_enter
        .hidden arch_enter
        .type   arch_enter, %function
arch_enter:
        mov     sp, x0
        mov     x16, x1
        mov     x0, x2
        mov     x29, #0
        mov     x30, #0
        br      x16
        .size   arch_enter, . - arch_enter

/*
 * TLS descriptors: called with x0 = &descriptor, return in x0 the variable's offset from the
 * thread pointer; every register but x0 and the flags is preserved, x1 too.
 */
        .globl  arch_tlsdesc_static
        .hidden arch_tlsdesc_static
        .type   arch_tlsdesc_static, %function
arch_tlsdesc_static:
        ldr     x0, [x0, #8]
        ret
        .size   arch_tlsdesc_static, . - arch_tlsdesc_static

/* An undefined weak variable has address 0: its offset is minus the thread pointer, plus the
 * addend. */
        .globl  arch_tlsdesc_undefined_weak
        .hidden arch_tlsdesc_undefined_weak
        .type   arch_tlsdesc_undefined_weak, %function
arch_tlsdesc_undefined_weak:
        str     x1, [sp, #-16]!
        ldr     x0, [x0, #8]
        mrs     x1, tpidr_el0
        sub     x0, x0, x1
        ldr     x1, [sp], #16
        ret
        .size   arch_tlsdesc_undefined_weak, . - arch_tlsdesc_undefined_weak

/* x1-x18, the frame pair, and all vector registers: the function member may end in the libc (first
 * use of a module by a thread allocates), which knows only the callee-saved half of them. */
        .macro  SAVE_CALLER
        stp     x29, x30, [sp, #-160]!
        mov     x29, sp
        stp     x1, x2, [sp, #16]
        stp     x3, x4, [sp, #32]
        stp     x5, x6, [sp, #48]
        stp     x7, x8, [sp, #64]
        stp     x9, x10, [sp, #80]
        stp     x11, x12, [sp, #96]
        stp     x13, x14, [sp, #112]
        stp     x15, x16, [sp, #128]
        stp     x17, x18, [sp, #144]
        sub     sp, sp, #512
        stp     q0, q1, [sp]
        stp     q2, q3, [sp, #32]
        stp     q4, q5, [sp, #64]
        stp     q6, q7, [sp, #96]
        stp     q8, q9, [sp, #128]
        stp     q10, q11, [sp, #160]
        stp     q12, q13, [sp, #192]
        stp     q14, q15, [sp, #224]
        stp     q16, q17, [sp, #256]
        stp     q18, q19, [sp, #288]
        stp     q20, q21, [sp, #320]
        stp     q22, q23, [sp, #352]
        stp     q24, q25, [sp, #384]
        stp     q26, q27, [sp, #416]
        stp     q28, q29, [sp, #448]
        stp     q30, q31, [sp, #480]
        .endm

        .macro  RESTORE_CALLER
        ldp     q0, q1, [sp]
        ldp     q2, q3, [sp, #32]
        ldp     q4, q5, [sp, #64]
        ldp     q6, q7, [sp, #96]
        ldp     q8, q9, [sp, #128]
        ldp     q10, q11, [sp, #160]
        ldp     q12, q13, [sp, #192]
        ldp     q14, q15, [sp, #224]
        ldp     q16, q17, [sp, #256]
        ldp     q18, q19, [sp, #288]
        ldp     q20, q21, [sp, #320]
        ldp     q22, q23, [sp, #352]
        ldp     q24, q25, [sp, #384]
        ldp     q26, q27, [sp, #416]
        ldp     q28, q29, [sp, #448]
        ldp     q30, q31, [sp, #480]
        add     sp, sp, #512
        ldp     x1, x2, [sp, #16]
        ldp     x3, x4, [sp, #32]
        ldp     x5, x6, [sp, #48]
        ldp     x7, x8, [sp, #64]
        ldp     x9, x10, [sp, #80]
        ldp     x11, x12, [sp, #96]
        ldp     x13, x14, [sp, #112]
        ldp     x15, x16, [sp, #128]
        ldp     x17, x18, [sp, #144]
        ldp     x29, x30, [sp], #160
        .endm

        .globl  arch_tlsdesc_dynamic
        .hidden arch_tlsdesc_dynamic
        .type   arch_tlsdesc_dynamic, %function
arch_tlsdesc_dynamic:
        SAVE_CALLER
        ldr     x0, [x0, #8]            /* struct arch_tlsdesc */
        ldr     x1, [x0]
        blr     x1
        mrs     x1, tpidr_el0
        sub     x0, x0, x1
        RESTORE_CALLER
        ret
        .size   arch_tlsdesc_dynamic, . - arch_tlsdesc_dynamic

/*
 * PLT0 (AAELF64, "PLT sequences") arrives here with &slot and the return address pushed as a pair,
 * x16 = &GOT[2]. The index is (&slot - &GOT[3]) / 8.
 */
        .globl  arch_plt_fallback
        .hidden arch_plt_fallback
        .type   arch_plt_fallback, %function
arch_plt_fallback:
        stp     x0, x16, [sp, #-16]!
        SAVE_CALLER
        ldr     x0, [x16, #-8]          /* GOT[1]: struct arch_plt */
        ldr     x1, [x29, #176]         /* above 160 bytes and the pair just pushed: &slot */
        sub     x1, x1, x16
        sub     x1, x1, #8
        lsr     x1, x1, #3
        ldr     x2, [x0]
        blr     x2
        str     x0, [x29, #168]         /* the target takes x16's place */
        RESTORE_CALLER
        ldp     x0, x16, [sp], #16
        ldp     x17, x30, [sp], #16
        br      x16
        .size   arch_plt_fallback, . - arch_plt_fallback

        .section .note.GNU-stack, "", %progbits
