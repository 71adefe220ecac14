/*
 * hello.aout.S - a program in the a.out format (ZMAGIC), which no tool writes any more.
 *
 * The header is packed here, with the sizes that aout.lds has found out; objcopy writes what
 * the linker has laid out without any format of its own (-O binary). See ldso/aout.h for the format, and
 *
 *     make build/x86_64/examples/hello.aout && ./ld.so build/x86_64/examples/hello.aout; echo $?
 *
 * It writes the text that it has copied to its bss, and exits with the number of its arguments.
 */
#if defined(__x86_64__)
#define MACHINE 157
#elif defined(__aarch64__)
#define MACHINE 183
#endif

        .section .header, "a"
        .byte 0                 /* a_dynamic, a_toolversion */
        .byte MACHINE           /* a_machtype */
        .short 0413             /* a_magic: ZMAGIC */
        .long aout_text         /* a_text, this header and padding included */
        .long aout_data         /* a_data */
        .long aout_bss          /* a_bss */
        .long 0                 /* a_syms */
        .long _start            /* a_entry */
        .long 0, 0              /* a_trsize, a_drsize */

        .data
message:
        .ascii "Hello from an a.out program\n"
        .set message_len, . - message

        .bss
copy:   .skip message_len

        .text
        .globl _start
#if defined(__x86_64__)
_start: mov $message, %esi
        mov $copy, %edi
        mov $message_len, %ecx
        rep movsb
        mov $1, %eax            /* write(1, copy, message_len) */
        mov $1, %edi
        mov $copy, %esi
        mov $message_len, %edx
        syscall
        mov (%rsp), %edi        /* exit(argc - 1) */
        dec %edi
        mov $60, %eax
        syscall
#elif defined(__aarch64__)
_start: ldr x1, =message
        ldr x2, =copy
        mov x3, #message_len
1:      ldrb w4, [x1], #1
        strb w4, [x2], #1
        subs x3, x3, #1
        b.ne 1b
        mov x8, #64             /* write(1, copy, message_len) */
        mov x0, #1
        ldr x1, =copy
        mov x2, #message_len
        svc #0
        ldr x0, [sp]            /* exit(argc - 1) */
        sub x0, x0, #1
        mov x8, #93
        svc #0
        .ltorg
#endif
        .section .note.GNU-stack, "", %progbits
