/*
 * reloc.c - the relocation policy, once for all machines: arch.h names the kinds, the code below
 * says what they mean.
 *
 * Called by main (start-up, after the libc's boot) and dl.c (dlopen) under the loader's lock; all
 * objects are loaded, their versions checked, their TLS modules known.
 *
 * Order matters because IFUNC resolvers are code: they may use relocated data and call other
 * libraries. So all plain relocations of all objects come first; then, object by object,
 * dependencies before their users, COPY (whose sources hold their final values by then) and
 * resolvers. What has to wait is kept in one list with its definition. A wrong file is noticed before that,
 * when none of its code has run: what waits is checked when it is put there, and between the two come the arrays of
 * constructors and destructors.
 */
#include "reloc.h"

#include "alloc.h"
#include "allow.h"
#include "arch.h"
#include "audit.h"
#include "bind.h"
#include "error.h"
#include "guard.h"
#include "join.h"
#include "print.h"
#include "readonly.h"
#include "string.h"
#include "sys.h"
#include "tls.h"
#include "trace.h"
#include "world.h"

uint64_t reloc_hwcap READ_ONLY_AFTER_START;
uint64_t reloc_hwcap2 READ_ONLY_AFTER_START;
bool reloc_always_now READ_ONLY_AFTER_START;

/* A relocation that waits for the plain ones: a COPY, an IRELATIVE (sym NULL) or one whose symbol
 * is an IFUNC. */
struct deferred {
    struct object *object;
    const Elf64_Rela *rela;
    struct lookup_def def;
};

/* The work on one object. */
struct work {
    struct object *object;
    uintptr_t first, end; /* the writable segment that the last relocation was in */
    bool is_lazy;
    bool is_text_open; /* segments that are not writable are for now: see set_text */
    struct bind_memo memo;
};

/* A word to relocate: r_offset need not be aligned. */
struct unaligned {
    uint64_t value;
} __attribute__((packed, may_alias));
struct unaligned32 {
    uint32_t value;
} __attribute__((packed, may_alias));

/* A PLT with unbound slots: what GOT[1] points to. */
struct unbound {
    struct arch_plt plt; /* first: the fallback knows only this */
    struct object *object;
};

/* Only to see whether it could be done: what is undefined is no error, and no resolver is called. */
static bool is_trial;

static uint32_t symbol_of(const Elf64_Rela *rela)
{
    return (uint32_t)ELF64_R_SYM(rela->r_info);
}

static struct deferred *deferred;
static size_t deferred_count, deferred_capacity;

static int defer(struct object *o, const Elf64_Rela *rela, const struct lookup_def *def)
{
    if (deferred_count == deferred_capacity) {
        size_t capacity = deferred_capacity != 0 ? deferred_capacity * 2 : 64;
        struct deferred *grown = alloc_resize(deferred, capacity * sizeof *grown);
        if (grown == NULL)
            return error_set(ERROR_LIBRARY, ENOMEM, "%s: cannot allocate memory", o->name);
        deferred = grown;
        deferred_capacity = capacity;
    }
    deferred[deferred_count++] = (struct deferred){o, rela, *def};
    return 0;
}

static uintptr_t resolve_ifunc(uintptr_t resolver)
{
    return arch_call_resolver(resolver, reloc_hwcap, reloc_hwcap2);
}

uintptr_t reloc_address(const struct lookup_def *def)
{
    return def->is_ifunc ? resolve_ifunc(def->value) : def->value;
}

/* The place a relocation changes, len bytes: inside a writable segment or NULL. */
static void *target(struct work *w, uint64_t vaddr, size_t len)
{
    uintptr_t addr = w->object->bias + vaddr;

    if (addr >= w->first && addr < w->end && w->end - addr >= len)
        return (void *)addr;
    for (unsigned i = object_first_segment(w->object, addr); i < w->object->segment_count; i++) {
        const mmapfd_result_t *s = &w->object->segments[i];
        uintptr_t first = (uintptr_t)s->mr_addr + s->mr_offset;
        uintptr_t end = (uintptr_t)s->mr_addr + s->mr_msize;
        if ((uintptr_t)s->mr_addr > addr)
            break;
        if ((s->mr_prot & PROT_WRITE) == 0 && !w->is_text_open)
            continue;
        if (addr < first || addr >= end || end - addr < len)
            continue;
        w->first = first;
        w->end = end;
        return (void *)addr;
    }
    return NULL;
}

/*
 * Text relocations: the segments that are not writable become so, and nobody runs code of them meanwhile,
 * for what is writable is not executable. So resolvers are called while they are closed.
 */
static int set_text(struct work *w, bool is_open)
{
    const struct object *o = w->object;

    if (!o->has_textrel || !allow.textrel)
        return 0;
    w->is_text_open = is_open;
    w->first = w->end = 0;
    for (unsigned i = 0; i < o->segment_count; i++) {
        const mmapfd_result_t *s = &o->segments[i];
        uintptr_t end = sys_page_up((uintptr_t)s->mr_addr + s->mr_msize);
        int prot = is_open ? PROT_READ | PROT_WRITE : (int)s->mr_prot;
        int err = (s->mr_prot & PROT_WRITE) == 0
                      ? sys_mprotect(s->mr_addr, end - (uintptr_t)s->mr_addr, prot)
                      : 0;
        if (err != 0)
            return error_set(ERROR_LIBRARY, -err, "%s: %s: %s", o->name,
                             is_open ? "cannot make segment writable for relocation"
                                     : "cannot restore segment prot after reloc",
                             error_name(-err));
    }
    return 0;
}

static int bad_target(const struct object *o, uint64_t vaddr)
{
    if (object_at(o, vaddr, 1, PROT_WRITE) != NULL)
        return error_set(ERROR_LIBRARY, ENOEXEC,
                         "%s: relocation at 0x%lx crosses the end of its segment", o->name, vaddr);
    if (object_at(o, vaddr, 1, PROT_READ) != NULL)
        return error_set(ERROR_LIBRARY, ENOEXEC,
                         "%s: relocation at 0x%lx is in a read-only segment%s", o->name, vaddr,
                         o->has_textrel ? " (LD_MMAPFD_ALLOW=textrel allows it)"
                                        : ", and there is no DT_TEXTREL");
    return error_set(ERROR_LIBRARY, ENOEXEC, "%s: relocation at 0x%lx is in no segment", o->name,
                     vaddr);
}

/* Auditors hear of functions only. There is no PLT to enter once they are bound. */
static uintptr_t audited(const struct work *w, uint32_t type, uintptr_t value)
{
    if (type != REL_JUMP_SLOT || audit_count == 0)
        return value;
    return audit_bind(w->object, &w->memo.def, value, LA_SYMB_NOPLTENTER | LA_SYMB_NOPLTEXIT);
}

/* Reached through arch_plt_fallback when a function that start-up could not find is called. */
static uintptr_t bind_now(struct arch_plt *plt, size_t index)
{
    struct object *o = ((struct unbound *)plt)->object;
    struct work w = {.object = o};

    if (index >= o->jmprel_count)
        __builtin_trap(); /* not a number that a linker wrote into a PLT */
    const Elf64_Rela *rela = &o->jmprel[index];
    guard_enter();
    if (bind_find(o, symbol_of(rela), LOOKUP_PLT, &w.memo) != 0) {
        bind_explain(o, symbol_of(rela));
        print(2, "%s: symbol lookup error: %s\n%s", object_base.head->name, error_text(),
              error_explanation());
        sys_exit(127);
    }
    uintptr_t addr = audited(&w, REL_JUMP_SLOT, reloc_address(&w.memo.def));
    struct unaligned *slot = target(&w, rela->r_offset, sizeof *slot);
    if (slot != NULL)
        slot->value = addr;
    guard_leave();
    return addr;
}

/* Leaves a JUMP_SLOT to the PLT's lazy half. False if this object's PLT has none. */
static bool leave_unbound(struct work *w, struct unaligned *slot)
{
    struct object *o = w->object;
    struct unbound *u = o->plt;

    if (!w->is_lazy || o->is_bind_now || o->pltgot == NULL || slot->value == 0 ||
        !object_can_execute(o, o->bias + slot->value))
        return false;
    if (u == NULL) {
        u = object_alloc(o, sizeof *u);
        if (u == NULL)
            return false;
        *u = (struct unbound){.plt = {.bind = bind_now, .got = (uintptr_t)o->pltgot}, .object = o};
        o->plt = u;
        o->pltgot[1] = (uintptr_t)u;
        o->pltgot[2] = (uintptr_t)arch_plt_fallback;
    }
    slot->value += o->bias;
    error_clear();
    return true;
}

static int make_static(struct work *w, struct object *module, const Elf64_Rela *rela)
{
    if (module->tls_kind == TLS_STATIC)
        return 0;
    if (world == WORLD_MUSL) {
        const char *name = object_string(w->object,
                                         w->object->symtab[ELF64_R_SYM(rela->r_info)].st_name);
        return error_set(
            ERROR_SYMBOL, ENOEXEC,
            "Error relocating %s: %s: initial-exec TLS resolves to dynamic definition in %s",
            w->object->name, name, module->name);
    }
    if (module->tls_kind != TLS_DYNAMIC || tls_make_static(module) != 0)
        return error_set(ERROR_LIBRARY, ENOMEM, "%s: cannot allocate memory in static TLS block",
                         module->name);
    if (module->is_relocated) /* opened earlier: reloc_objects fills only what it relocates */
        tls_init_static(module);
    return 0;
}

/* TLSDESC: two words, resolver and argument. */
static int relocate_descriptor(struct work *w, const Elf64_Rela *rela, struct object *module,
                               uint64_t value)
{
    struct unaligned *words = target(w, rela->r_offset, 2 * sizeof *words);

    if (words == NULL)
        return bad_target(w->object, rela->r_offset);
    if (module == NULL) {
        words[0].value = (uintptr_t)arch_tlsdesc_undefined_weak;
        words[1].value = value;
    } else if (module->tls_kind == TLS_STATIC) {
        words[0].value = (uintptr_t)arch_tlsdesc_static;
        words[1].value = value + (uintptr_t)tls_static_offset(module);
    } else {
        struct arch_tlsdesc *desc = object_alloc(w->object, sizeof *desc);
        if (desc == NULL)
            return error_set(ERROR_LIBRARY, ENOMEM, "%s: cannot allocate memory", w->object->name);
        *desc = (struct arch_tlsdesc){tls_descriptor_address, module->tls_module, value};
        words[0].value = (uintptr_t)arch_tlsdesc_dynamic;
        words[1].value = (uintptr_t)desc;
    }
    return 0;
}

/* The TLS kinds. module is where the variable lives, NULL for an undefined weak one. */
static int relocate_tls(struct work *w, const Elf64_Rela *rela, uint32_t type)
{
    const struct lookup_def *def = &w->memo.def;
    struct object *module = def->object;
    uint64_t value = (def->sym != NULL ? def->sym->st_value : 0) + (uint64_t)rela->r_addend;
    struct unaligned *place = target(w, rela->r_offset, sizeof *place);

    if (place == NULL)
        return bad_target(w->object, rela->r_offset);
    if (module != NULL && module->tls_kind == TLS_NONE)
        return error_set(ERROR_LIBRARY, ENOEXEC,
                         "%s: thread-local relocation at 0x%lx refers to %s, which has no PT_TLS",
                         w->object->name, rela->r_offset, module->name);
    switch (type) {
    case REL_DTPMOD:
        place->value = module != NULL ? module->tls_module : 0;
        return 0;
    case REL_DTPOFF:
        place->value = value;
        return 0;
    case REL_TLSDESC:
        return relocate_descriptor(w, rela, module, value);
    default: /* REL_TPOFF */
        if (module == NULL)
            return 0;
        int err = make_static(w, module, rela);
        if (err == 0)
            place->value = value + (uintptr_t)tls_static_offset(module);
        return err;
    }
}

static int overflow(const struct work *w, const Elf64_Rela *rela)
{
    return error_set(ERROR_LIBRARY, ENOEXEC, "%s: relocation at 0x%lx overflows its 32 bits",
                     w->object->name, rela->r_offset);
}

static int store(struct work *w, uint64_t vaddr, uint64_t value)
{
    struct unaligned *word = target(w, vaddr, sizeof *word);

    if (word == NULL)
        return bad_target(w->object, vaddr);
    word->value = value;
    return 0;
}

/* Stores 32 bits if value fits them, as unsigned or as signed. */
static int store32(struct work *w, const Elf64_Rela *rela, uint64_t value, bool is_signed)
{
    struct unaligned32 *place = target(w, rela->r_offset, sizeof *place);

    if (place == NULL)
        return bad_target(w->object, rela->r_offset);
    if (is_signed ? (int64_t)value != (int32_t)value : value != (uint32_t)value)
        return overflow(w, rela);
    place->value = (uint32_t)value;
    return 0;
}

static uint64_t size_of(const struct lookup_def *def)
{
    return def->sym != NULL ? def->sym->st_size : 0;
}

/* All kinds that are arithmetic on S, an address or 0. */
static int apply(struct work *w, const Elf64_Rela *rela, uintptr_t s)
{
    uint64_t addend = (uint64_t)rela->r_addend;
    uintptr_t place = w->object->bias + rela->r_offset;
    uint64_t value;

    switch ((uint32_t)ELF64_R_TYPE(rela->r_info)) {
    case REL_ABS32:
        return store32(w, rela, s + addend, false);
    case REL_PC32:
        return store32(w, rela, s + addend - place, true);
    case REL_SIZE32:
        return store32(w, rela, size_of(&w->memo.def) + addend, false);
    case REL_GLOB_DAT:
    case REL_JUMP_SLOT:
        value = s + (ARCH_GOT_ADDEND || world == WORLD_MUSL ? addend : 0); /* musl adds it always */
        break;
    case REL_PC64:
        value = s + addend - place;
        break;
    case REL_SIZE64:
        value = size_of(&w->memo.def) + addend;
        break;
    default: /* REL_ABS64 */
        value = s + addend;
    }
    return store(w, rela->r_offset, value);
}

/* The arrays of functions that the dynamic section names. */
struct function_array {
    const char *name;
    const uintptr_t *entries;
    size_t count;
};
enum { ARRAYS = 3 };

static struct function_array array_of(const struct object *o, unsigned i)
{
    const struct function_array arrays[ARRAYS] = {
        {"DT_PREINIT_ARRAY", o->preinit_array, o->preinit_count},
        {"DT_INIT_ARRAY", o->init_array, o->init_count},
        {"DT_FINI_ARRAY", o->fini_array, o->fini_count},
    };

    return arrays[i];
}

/* A resolver, which is going to be called: it has to be code, and what it resolves a place that can be changed. Until then
 * it stands itself for the function if that is a constructor, so that check_arrays finds code there. */
static int defer_resolver(struct work *w, const Elf64_Rela *rela, const char *kind,
                          const struct lookup_def *def)
{
    const struct object *o = def->object;
    struct unaligned *word = target(w, rela->r_offset, sizeof(uint32_t));

    if (!object_can_execute(o, def->value))
        return error_set(ERROR_LIBRARY, ENOEXEC,
                         "%s: %s resolver at 0x%lx is not in an executable segment", o->name, kind,
                         def->value - o->bias);
    if (word == NULL)
        return bad_target(w->object, rela->r_offset);
    for (unsigned i = 0; i < ARRAYS; i++) {
        struct function_array a = array_of(w->object, i);
        if ((uintptr_t)word - (uintptr_t)a.entries < a.count * sizeof *a.entries &&
            target(w, rela->r_offset, sizeof *word) != NULL)
            word->value = def->value;
    }
    return defer(w->object, rela, def);
}

/* COPY: both sides say a size; the smaller one is copied, and source and target are checked for it. */
static int find_copy(const struct deferred *d, void **to, const void **from, uint64_t *size)
{
    uint64_t index = ELF64_R_SYM(d->rela->r_info);

    if (index >= d->object->sym_count) /* a table that has relocated itself */
        return error_set(ERROR_LIBRARY, ENOEXEC, "%s: relocation names symbol %lu of %u",
                         d->object->name, index, d->object->sym_count);
    const Elf64_Sym *sym = &d->object->symtab[index];
    *size = sym->st_size < d->def.sym->st_size ? sym->st_size : d->def.sym->st_size;
    *to = object_at(d->object, d->rela->r_offset, *size, PROT_WRITE);
    *from = object_at(d->def.object, d->def.value - d->def.object->bias, *size, PROT_READ);
    if (d->def.is_override)
        *from = (const void *)d->def.value;
    if (*to == NULL || *from == NULL)
        return error_set(ERROR_LIBRARY, ENOEXEC,
                         "%s: COPY relocation of %lu bytes at 0x%lx is outside the segments",
                         d->object->name, *size, d->rela->r_offset);
    return 0;
}

static int defer_copy(const struct work *w, const Elf64_Rela *rela)
{
    const struct deferred d = {w->object, rela, w->memo.def};
    void *to;
    const void *from;
    uint64_t size;

    if (d.def.sym == NULL) /* undefined and weak */
        return 0;
    int err = find_copy(&d, &to, &from, &size);
    return err == 0 ? defer(w->object, rela, &w->memo.def) : err;
}

static bool is_tls(uint32_t type)
{
    return type == REL_DTPMOD || type == REL_DTPOFF || type == REL_TPOFF || type == REL_TLSDESC;
}

static enum lookup_mode mode_of(uint32_t type)
{
    return type == REL_COPY                        ? LOOKUP_COPY
           : type == REL_JUMP_SLOT || is_tls(type) ? LOOKUP_PLT
                                                   : LOOKUP_DATA;
}

/* Relocations that refer to a symbol. */
static int relocate_symbol(struct work *w, const Elf64_Rela *rela, uint32_t type)
{
    enum lookup_mode mode = mode_of(type);
    uint32_t sym = symbol_of(rela);

    if (sym == STN_UNDEF) {
        w->memo.sym = STN_UNDEF;
        w->memo.def = (struct lookup_def){.object = w->object};
    } else {
        int err = bind_find(w->object, sym, mode, &w->memo);
        if (err != 0 && type == REL_JUMP_SLOT && error_kind() == ERROR_SYMBOL) {
            struct unaligned *slot = target(w, rela->r_offset, sizeof *slot);
            if (slot != NULL && leave_unbound(w, slot))
                return 0;
        }
        if (err != 0) {
            bind_explain(w->object, sym);
            return err;
        }
    }
    if (is_tls(type))
        return relocate_tls(w, rela, type);
    if (type == REL_COPY)
        return defer_copy(w, rela);
    if (w->memo.def.is_ifunc)
        return defer_resolver(w, rela, "IFUNC", &w->memo.def);
    return apply(w, rela, audited(w, type, w->memo.def.value));
}

static int relocate_one(struct work *w, const Elf64_Rela *rela)
{
    struct object *o = w->object;
    uint32_t type = (uint32_t)ELF64_R_TYPE(rela->r_info);
    struct unaligned *word;

    switch (type) {
    case REL_NONE:
        return 0;
    case REL_RELATIVE:
    case REL_RELATIVE64:
        word = target(w, rela->r_offset, sizeof *word);
        if (word == NULL)
            return bad_target(o, rela->r_offset);
        word->value = o->bias + (uint64_t)rela->r_addend;
        return 0;
    case REL_IRELATIVE:
        return defer_resolver(
            w, rela, "IRELATIVE",
            &(struct lookup_def){.object = o, .value = o->bias + (uint64_t)rela->r_addend});
    case REL_ABS64:
    case REL_ABS32:
    case REL_PC32:
    case REL_PC64:
    case REL_GLOB_DAT:
    case REL_JUMP_SLOT:
    case REL_COPY:
    case REL_DTPMOD:
    case REL_DTPOFF:
    case REL_TPOFF:
    case REL_TLSDESC:
    case REL_SIZE32:
    case REL_SIZE64:
        return relocate_symbol(w, rela, type);
    default:
        return error_set(ERROR_LIBRARY, ENOEXEC,
                         "%s: relocation at 0x%lx has type %u, which is not one of " ARCH_NAME,
                         o->name, rela->r_offset, type);
    }
}

enum { RELR_WORDS = 63 };

/* One bitmap, for the words from vaddr on. Where all of them are in one segment, as nearly always, that is
 * found out once. */
static int relocate_bitmap(struct work *w, uint64_t bits, uint64_t vaddr)
{
    uintptr_t bias = w->object->bias;
    uintptr_t *words = target(w, vaddr, RELR_WORDS * sizeof *words);

    for (; bits != 0; bits &= bits - 1) {
        uint64_t k = (uint64_t)__builtin_ctzll(bits);
        uint64_t at = vaddr + k * sizeof *words;
        uintptr_t *word = words != NULL ? &words[k] : target(w, at, sizeof *word);
        if (word == NULL)
            return bad_target(w->object, at);
        *word += bias;
    }
    return 0;
}

/*
 * DT_RELR (gABI): an even word is the address of a word to relocate; an odd one is a bitmap for the
 * 63 words behind the last: bit k (from 1) stands for the k-th of them.
 */
static int relocate_relr(struct work *w)
{
    const struct object *o = w->object;
    uint64_t vaddr = 0;

    for (size_t i = 0; i < o->relr_count; i++) {
        uint64_t entry = o->relr[i];
        if ((entry & 1) == 0) {
            uintptr_t *word = target(w, entry, sizeof *word);
            if (word == NULL || entry % sizeof *word != 0)
                return bad_target(o, entry);
            *word += o->bias;
            vaddr = entry + sizeof *word;
            continue;
        }
        int err = relocate_bitmap(w, entry >> 1, vaddr);
        if (err != 0)
            return err;
        vaddr += RELR_WORDS * sizeof(uintptr_t);
    }
    return 0;
}

static int relocate_table(struct work *w, const Elf64_Rela *table, size_t count,
                          const uint32_t *numbers)
{
    int err = 0;

    for (size_t i = 0; i < count && err == 0; i++) {
        if (numbers != NULL && i + JOIN_AHEAD < count)
            join_prefetch(numbers[i + JOIN_AHEAD]);
        w->memo.number = numbers != NULL ? &numbers[i] : NULL;
        err = relocate_one(w, &table[i]);
    }
    return err;
}

/*
 * Linkers put RELATIVE relocations first, sorted, and say how many there are (DT_RELACOUNT). They
 * can be hundreds of thousands, so they get a loop that does nothing else; *done is set to how many
 * it could do. What is not as promised is left to relocate_table.
 */
static int relocate_relative(struct work *w, size_t *done)
{
    const struct object *o = w->object;
    const Elf64_Rela *rela = o->rela, *end = rela + o->relative_count;
    uintptr_t first = 1, last = 0; /* places in the writable segment at hand */

    for (; rela < end && (uint32_t)ELF64_R_TYPE(rela->r_info) == REL_RELATIVE; rela++) {
        uintptr_t place = o->bias + rela->r_offset;

        if (place < first || place > last) {
            if (target(w, rela->r_offset, sizeof(struct unaligned)) == NULL)
                return bad_target(o, rela->r_offset);
            first = w->first;
            last = w->end - sizeof(struct unaligned);
        }
        /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): target has seen the segment */
        ((struct unaligned *)place)->value = o->bias + (uint64_t)rela->r_addend;
    }
    *done = (size_t)(rela - o->rela);
    return 0;
}

/* glibc's loader writes run-time addresses into dynamic sections, and programs have come to count on
 * it: a run-time system that looks for its modules in dl_iterate_phdr, for one. Nobody here reads
 * these entries any more. */
static void relocate_dynamic(const struct object *o)
{
    if (world == WORLD_MUSL || o->bias == 0 || o->dynamic_count == 0 ||
        object_at(o, (uintptr_t)o->dynamic - o->bias, sizeof *o->dynamic, PROT_WRITE) == NULL)
        return;
    for (size_t i = 0; i < o->dynamic_count; i++) {
        switch (o->dynamic[i].d_tag) {
        case DT_HASH:
        case DT_GNU_HASH:
        case DT_PLTGOT:
        case DT_STRTAB:
        case DT_SYMTAB:
        case DT_RELA:
        case DT_JMPREL:
        case DT_VERSYM:
            o->dynamic[i].d_un.d_ptr += o->bias;
            break;
        default:
            break;
        }
    }
}

static int relocate_tables(struct work *w)
{
    struct object *o = w->object;
    size_t done = 0;
    int err = relocate_relr(w);

    if (err == 0)
        err = relocate_relative(w, &done);
    /* Those that are said to be RELATIVE and are not have no numbers. */
    if (err == 0)
        err = relocate_table(w, o->rela + done, o->relative_count - done, NULL);
    if (err == 0)
        err = relocate_table(w, o->rela + o->relative_count, o->rela_count - o->relative_count,
                             join_numbers(o, false));
    if (err == 0)
        err = relocate_table(w, o->jmprel, o->jmprel_count, join_numbers(o, true));
    return err;
}

static int relocate_object(struct object *o, bool is_lazy)
{
    struct work w = {.object = o, .is_lazy = is_lazy, .memo.allows_undefined = is_trial};
    int err = set_text(&w, true);

    lookup_begin_bindings(o);
    if (err == 0)
        err = relocate_tables(&w);
    lookup_end_bindings();
    if (err == 0)
        err = set_text(&w, false);
    relocate_dynamic(o);
    return err == 0 ? bind_check_strings(o) : err;
}

static int relocate_and_tell(struct object *o, bool is_lazy)
{
    TRACE(.kind = TRACE_RELOCATE, .object = o);
    int err = relocate_object(o, is_lazy);
    TRACE(.kind = TRACE_END);
    return err;
}

static int copy(const struct deferred *d)
{
    void *to = NULL;
    const void *from = NULL;
    uint64_t size = 0;
    int err = find_copy(d, &to, &from, &size);

    if (err == 0 && size > 0)
        memmove(to, from, size); /* a malformed object can copy from itself */
    return err;
}

static int finish_one(const struct deferred *d, bool is_copy_pass)
{
    struct work w = {.object = d->object, .memo.def = d->def};
    uint32_t type = (uint32_t)ELF64_R_TYPE(d->rela->r_info);

    if ((type == REL_COPY) != is_copy_pass)
        return 0;
    if (type == REL_COPY)
        return copy(d);
    uintptr_t value = resolve_ifunc(d->def.value);
    if (type != REL_IRELATIVE)
        value = audited(&w, type, value);
    int err = set_text(&w, true);
    if (err == 0)
        err = type == REL_IRELATIVE ? store(&w, d->rela->r_offset, value)
                                    : apply(&w, d->rela, value);
    return err == 0 ? set_text(&w, false) : err;
}

/* The list is in the order in which objects were relocated: those of one object are together,
 * dependencies first. */
static int finish(void)
{
    int err = 0;

    for (size_t first = 0, end; first < deferred_count && err == 0; first = end) {
        for (end = first; end < deferred_count && deferred[end].object == deferred[first].object;
             end++)
            err = err == 0 ? finish_one(&deferred[end], true) : err;
        for (size_t i = first; i < end && err == 0; i++)
            err = finish_one(&deferred[i], false);
    }
    return err;
}

/* Of o, or of another: *other is where the last such one was, so that few are sought. */
static bool is_code(const struct object *o, uintptr_t addr, const struct object **other)
{
    if (object_can_execute(o, addr) || (*other != NULL && object_can_execute(*other, addr)))
        return true;
    *other = object_by_addr(addr);
    return *other != NULL && object_can_execute(*other, addr);
}

/* What the arrays of first and all later objects hold is going to be called. */
static int check_arrays(const struct object *first)
{
    const struct object *other = NULL;

    for (const struct object *o = first; o != NULL; o = o->next) {
        for (unsigned i = 0; i < ARRAYS && !o->is_boot; i++) {
            struct function_array a = array_of(o, i);
            for (size_t k = 0; k < a.count; k++) {
                if (!is_code(o, a.entries[k], &other))
                    return error_set(
                        ERROR_LIBRARY, ENOEXEC,
                        "%s: %s[%lu] is 0x%lx, wanted an address in an executable segment", o->name,
                        a.name, k, a.entries[k]);
            }
        }
    }
    return 0;
}

int reloc_objects(struct object *first, bool is_lazy)
{
    struct deferred *outer = deferred; /* a resolver may dlopen */
    size_t outer_count = deferred_count, outer_capacity = deferred_capacity;
    int err = 0;

    deferred = NULL;
    deferred_count = deferred_capacity = 0;
    join_objects(first);
    for (struct object *o = first->ns->tail; o != NULL && err == 0;
         o = o == first ? NULL : o->prev) {
        if (!o->is_relocated && !o->is_boot && !o->is_vdso)
            err = relocate_and_tell(o, is_lazy);
    }
    join_end(first);
    if (err == 0)
        err = check_arrays(first);
    if (err == 0 && !is_trial)
        err = finish();
    if (err == 0 && deferred_count > 0) /* a COPY, or a resolver's answer, can be anywhere */
        err = check_arrays(first);
    for (struct object *o = first; o != NULL && err == 0; o = o->next) {
        o->is_relocated = true;
        if (o->tls_is_unfilled)
            tls_init_static(o);
    }
    alloc_free(deferred);
    deferred = outer;
    deferred_count = outer_count;
    deferred_capacity = outer_capacity;
    return err;
}

int reloc_try(struct object *first)
{
    is_trial = true;
    int err = reloc_objects(first, true);
    is_trial = false;
    return err;
}

/* Segment by segment, since what lies in a hole between two of them is not ours. */
static int protect_object(const struct object *o)
{
    for (unsigned i = 0; i < o->segment_count; i++) {
        uintptr_t first = (uintptr_t)o->segments[i].mr_addr;
        uintptr_t end = sys_page_up(first + o->segments[i].mr_msize);

        first = first > o->relro_start ? first : o->relro_start;
        end = end < o->relro_end ? end : o->relro_end;
        int err = first < end ? sys_mprotect((void *)first, end - first, PROT_READ) : 0;
        if (err != 0)
            return error_set(ERROR_LIBRARY, -err,
                             "%s: cannot apply additional memory protection after relocation: %s",
                             o->name, error_name(-err));
    }
    return 0;
}

int reloc_protect(struct object *first)
{
    for (const struct object *o = first; o != NULL; o = o->next) {
        int err = o->relro_end > o->relro_start && !o->is_boot ? protect_object(o) : 0;
        if (err != 0)
            return err;
    }
    return 0;
}

static int visit_table(struct work *w, const Elf64_Rela *table, size_t count, reloc_visit *visit,
                       void *arg)
{
    for (size_t i = 0; i < count; i++) {
        enum lookup_mode mode = mode_of((uint32_t)ELF64_R_TYPE(table[i].r_info));
        uint32_t sym = symbol_of(&table[i]);
        int err = sym != STN_UNDEF ? bind_find(w->object, sym, mode, &w->memo) : 0;
        if (err != 0 && error_kind() != ERROR_SYMBOL)
            return err;
        visit(w->object, &table[i], sym != STN_UNDEF ? &w->memo.def : NULL, arg);
    }
    return 0;
}

bool reloc_is_call(const Elf64_Rela *rela)
{
    return (uint32_t)ELF64_R_TYPE(rela->r_info) == REL_JUMP_SLOT;
}

int reloc_each(struct object *o, reloc_visit *visit, void *arg)
{
    struct work w = {.object = o};
    int err = visit_table(&w, o->rela, o->rela_count, visit, arg);

    if (err == 0)
        err = visit_table(&w, o->jmprel, o->jmprel_count, visit, arg);
    if (err == 0)
        error_clear(); /* of what is undefined */
    return err;
}
