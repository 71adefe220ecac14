/*
 * entry.S - x86-64: jumping to a program, TLS descriptors, the PLT fallback. Contracts in arch.h.
 */
        .text

/* arch_enter(sp, entry, fini): psABI 3.4.1: %rdx is the function to register with atexit. */
        .globl  arch_enter
        .hidden arch_enter
        .type   arch_enter, @function
arch_enter:
        mov     %rdi, %rsp
        mov     %rsi, %rax
        xor     %ebp, %ebp
        xor     %ebx, %ebx
        jmp     *%rax
        .size   arch_enter, . - arch_enter

/*
 * TLS descriptors: called with %rax = &descriptor, return in %rax the variable's offset from the
 * thread pointer; every register but %rax and the flags is preserved.
 */
        .globl  arch_tlsdesc_static
        .hidden arch_tlsdesc_static
        .type   arch_tlsdesc_static, @function
arch_tlsdesc_static:
        mov     8(%rax), %rax
        ret
        .size   arch_tlsdesc_static, . - arch_tlsdesc_static

/* An undefined weak variable has address 0: its offset is minus the thread pointer, plus the
 * addend. */
        .globl  arch_tlsdesc_undefined_weak
        .hidden arch_tlsdesc_undefined_weak
        .type   arch_tlsdesc_undefined_weak, @function
arch_tlsdesc_undefined_weak:
        mov     8(%rax), %rax
        sub     %fs:0, %rax
        ret
        .size   arch_tlsdesc_undefined_weak, . - arch_tlsdesc_undefined_weak

/* The nine caller-saved general registers, then the x87 and SSE state: the function member may end
 * in the libc (first use of a module by a thread allocates). 512 bytes, 16-aligned: fxsave. */
        .macro  SAVE_CALLER
        push    %rdi
        push    %rsi
        push    %rdx
        push    %rcx
        push    %r8
        push    %r9
        push    %r10
        push    %r11
        push    %rbp
        mov     %rsp, %rbp
        sub     $512, %rsp
        and     $-64, %rsp
        fxsave64 (%rsp)
        .endm

        .macro  RESTORE_CALLER
        fxrstor64 (%rsp)
        mov     %rbp, %rsp
        pop     %rbp
        pop     %r11
        pop     %r10
        pop     %r9
        pop     %r8
        pop     %rcx
        pop     %rdx
        pop     %rsi
        pop     %rdi
        .endm

        .globl  arch_tlsdesc_dynamic
        .hidden arch_tlsdesc_dynamic
        .type   arch_tlsdesc_dynamic, @function
arch_tlsdesc_dynamic:
        SAVE_CALLER
        mov     8(%rax), %rdi           /* struct arch_tlsdesc */
        call    *(%rdi)
        RESTORE_CALLER
        sub     %fs:0, %rax
        ret
        .size   arch_tlsdesc_dynamic, . - arch_tlsdesc_dynamic

/*
 * PLT0 (psABI 5.2) arrives here with GOT[1] and the relocation index pushed. %rax carries the
 * number of vector arguments of a variadic call and is an argument like the others.
 */
        .globl  arch_plt_fallback
        .hidden arch_plt_fallback
        .type   arch_plt_fallback, @function
arch_plt_fallback:
        push    %rax
        SAVE_CALLER
        mov     80(%rbp), %rdi          /* above 9 registers and %rax: GOT[1] */
        mov     88(%rbp), %rsi          /* the index */
        call    *(%rdi)
        mov     %rax, 80(%rbp)          /* the target takes GOT[1]'s place */
        RESTORE_CALLER
        pop     %rax
        mov     (%rsp), %r11
        add     $16, %rsp
        jmp     *%r11
        .size   arch_plt_fallback, . - arch_plt_fallback

        .section .note.GNU-stack, "", @progbits
