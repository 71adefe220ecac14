/* ldso/reloc.c, but resolvers are asked in the fuzz target's own way: no code of an input runs. */
#include "arch.h"

uintptr_t fuzz_resolve(uintptr_t resolver);
#define arch_call_resolver(resolver, hwcap, hwcap2) fuzz_resolve(resolver)

#include "reloc.c"
