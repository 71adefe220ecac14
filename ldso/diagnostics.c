/*
 * diagnostics.c - see diagnostics.h.
 *
 * Called by main before anything is loaded; the auxiliary vector is still the kernel's. Tables hold
 * their strings and no pointers to them: those would have to be relocated in each start.
 */
#include "diagnostics.h"

#include "arch.h"
#include "cache.h"
#include "options.h"
#include "print.h"
#include "process.h"
#include "search.h"
#include "string.h"
#include "sys.h"

enum { TO_OUTPUT = 1 };

/* How a value is written: d decimal, x hexadecimal with 0x, h without, s a string. */
static const struct {
    uint8_t type;
    char form;
    char name[20];
} entries[] = {
    {AT_EXECFD, 'd', "AT_EXECFD"},
    {AT_PHDR, 'x', "AT_PHDR"},
    {AT_PHENT, 'd', "AT_PHENT"},
    {AT_PHNUM, 'd', "AT_PHNUM"},
    {AT_PAGESZ, 'd', "AT_PAGESZ"},
    {AT_BASE, 'x', "AT_BASE"},
    {AT_FLAGS, 'x', "AT_FLAGS"},
    {AT_ENTRY, 'x', "AT_ENTRY"},
    {AT_NOTELF, 'x', "AT_NOTELF"},
    {AT_UID, 'd', "AT_UID"},
    {AT_EUID, 'd', "AT_EUID"},
    {AT_GID, 'd', "AT_GID"},
    {AT_EGID, 'd', "AT_EGID"},
    {AT_PLATFORM, 's', "AT_PLATFORM"},
    {AT_HWCAP, 'h', "AT_HWCAP"},
    {AT_CLKTCK, 'd', "AT_CLKTCK"},
    {AT_SECURE, 'd', "AT_SECURE"},
    {AT_BASE_PLATFORM, 's', "AT_BASE_PLATFORM"},
    {AT_RANDOM, 'x', "AT_RANDOM"},
    {AT_HWCAP2, 'x', "AT_HWCAP2"},
    {AT_EXECFN, 's', "AT_EXECFN"},
    {AT_SYSINFO_EHDR, 'x', "AT_SYSINFO_EHDR"},
    {AT_MINSIGSTKSZ, 'd', "AT_MINSIGSTKSZ"},
};

static void show_entry(const Elf64_auxv_t *a)
{
    size_t i = 0;
    const char spaces[] = "                      ";

    while (i < sizeof entries / sizeof entries[0] && entries[i].type != a->a_type)
        i++;
    if (i == sizeof entries / sizeof entries[0]) {
        print(TO_OUTPUT, "AT_??? (0x%lx): 0x%lx\n", a->a_type, a->a_un.a_val);
        return;
    }
    print(TO_OUTPUT, "%s:%s", entries[i].name, spaces + strlen(entries[i].name) + 1);
    switch (entries[i].form) {
    case 's':
        print(TO_OUTPUT, "%s\n", (const char *)a->a_un.a_val);
        break;
    case 'd':
        print(TO_OUTPUT, "%lu\n", a->a_un.a_val);
        break;
    default:
        print(TO_OUTPUT, entries[i].form == 'x' ? "0x%lx\n" : "%lx\n", a->a_un.a_val);
    }
}

void diagnostics_show_auxv(void)
{
    for (const Elf64_auxv_t *a = process.auxv; a->a_type != AT_NULL; a++)
        show_entry(a);
}

/* In double quotes; what could be taken for their end, or is not printed, as \ooo. */
static void list_string(const char *name, const char *value)
{
    print(TO_OUTPUT, "%s=\"", name);
    for (; *value != '\0'; value++) {
        unsigned char c = (unsigned char)*value;
        if (c == '"' || c == '\\')
            print(TO_OUTPUT, "\\%c", c);
        else if (c < ' ' || c > '~')
            print(TO_OUTPUT, "\\%u%u%u", c >> 6, c >> 3 & 7, c & 7);
        else
            print(TO_OUTPUT, "%c", c);
    }
    print(TO_OUTPUT, "\"\n");
}

static void list_number(const char *name, uint64_t value)
{
    print(TO_OUTPUT, "%s=0x%lx\n", name, value);
}

/* Only what concerns loading is told with its value: the output is meant to be sent to others. */
static void list_environment(void)
{
    static const char told[][16] = {
        "LD_", "GLIBC_TUNABLES=", "PATH=", "LANG=", "LC_", "GCONV_PATH="};
    char name[40];

    for (unsigned i = 0; process.envp[i] != NULL; i++) {
        const char *variable = process.envp[i];
        bool is_told = false;
        for (size_t k = 0; k < sizeof told / sizeof told[0]; k++)
            is_told = is_told || string_starts(variable, told[k]);
        print_buffer(name, sizeof name, is_told ? "env[0x%x]" : "env_filtered[0x%x]", i);
        if (is_told) {
            list_string(name, variable);
        } else {
            char first[256];
            size_t len = 0;
            for (; variable[len] != '\0' && variable[len] != '=' && len < sizeof first - 1; len++)
                first[len] = variable[len];
            first[len] = '\0';
            list_string(name, first);
        }
    }
}

static int list_directory(const char *dir, void *arg)
{
    char name[40];
    unsigned *count = arg;

    print_buffer(name, sizeof name, "path.system_dirs[0x%x]", (*count)++);
    list_string(name, dir);
    return -ENOENT; /* the search goes on */
}

static void list_auxv(void)
{
    char name[40];

    for (unsigned i = 0; process.auxv[i].a_type != AT_NULL; i++) {
        uint64_t type = process.auxv[i].a_type;
        bool is_string = type == AT_PLATFORM || type == AT_EXECFN || type == AT_BASE_PLATFORM;
        print_buffer(name, sizeof name, "auxv[0x%x].a_type", i);
        list_number(name, type);
        print_buffer(name, sizeof name, "auxv[0x%x].%s", i, is_string ? "a_val_string" : "a_val");
        if (is_string)
            list_string(name, (const char *)process.auxv[i].a_un.a_val);
        else
            list_number(name, process.auxv[i].a_un.a_val);
    }
}

void diagnostics_list(const char *path)
{
    char name[40];
    const char *level;
    unsigned count = 0;

    list_string("dl_dst_lib", ARCH_LIB);
    list_number("dl_hwcap", process_auxv(AT_HWCAP));
    list_number("dl_hwcap2", process_auxv(AT_HWCAP2));
    for (unsigned p = 0; (level = cache_hwcap(p)) != NULL; p++) {
        print_buffer(name, sizeof name, "dl_hwcaps_subdirs_searched[0x%x]", p);
        list_string(name, level);
    }
    list_number("dl_pagesize", sys_page_size);
    if (process_auxv(AT_PLATFORM) != 0)
        list_string("dl_platform", (const char *)process_auxv(AT_PLATFORM));
    list_environment();
    list_string("path.rtld", path);
    search_system_directories(list_directory, &count);
    list_string("version.name", "mmapfd");
    list_string("version.version", MMAPFD_VERSION);
    list_auxv();
}
