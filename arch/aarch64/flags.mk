# Flags that this machine's loader objects need: no vector registers, since the TLS descriptor and
# PLT paths run between a caller and a callee whose vector arguments must survive; no calls to
# libgcc's atomics.
ARCH_CFLAGS := -mgeneral-regs-only -mno-outline-atomics
