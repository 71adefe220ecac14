# Flags that this machine's loader objects need: no vector registers, since the TLS descriptor and
# PLT paths run between a caller and a callee whose vector arguments must survive.
ARCH_CFLAGS := -mgeneral-regs-only
