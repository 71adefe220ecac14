/*
 * mmapfd_mutants_like_kernel.c - files with mutated headers: what mmapfd maps, execve maps alike.
 *
 *     mmapfd_mutants_like_kernel COUNT FILE...
 *
 * Mutates headers of the files (mutate.h) until COUNT of them were mapped by both, and compares as
 * traced.h says. The kernel refuses more than mmapfd does: segments that differ from their file
 * offset within a page, a PT_INTERP that was hit, an entry point that is no address.
 */
#define _GNU_SOURCE
#include "mutate.h"
#include "traced.h"

static void play(unsigned long round, struct tally *t)
{
    static char *const argv[] = {"mutant", NULL};
    static struct mapped_file file;
    static struct other other;
    static char name[200];
    uint64_t state = ~(uint64_t)round;
    struct subject *s = mutate(&state);

    other.party = KERNEL;
    file.fd = s->fd;
    file.name = name;
    snprintf(name, sizeof name, "round %lu, %s", round, s->name);
    if (mapped_file_read(&file) && mapped_file_map(&file) == 0) {
        if (!traced_exec(&other, s->fd, argv)) {
            t->not_mapped++;
        } else {
            REQUIRE(traced_kernel_bias(&other, &file));
            traced_look(&other);
            compare(&file, &other, t);
            traced_kill(&other);
        }
        mapped_file_unmap(&file);
    }
    subject_restore(s);
}

int main(int argc, char **argv)
{
    static struct tally tally;
    unsigned long wanted = argc > 2 ? strtoul(argv[1], NULL, 0) : 0, round = 0;
    const char *unable;

    check_begin();
    REQUIRE(wanted > 0);
    unable = traced_unable();
    if (unable) {
        SKIP("mutants are mapped as the kernel maps them", unable);
        return 0;
    }
    for (int i = 2; i < argc; i++)
        subjects_add_file(argv[i]);
    while (tally.files < wanted && round < 20 * wanted)
        play(round++, &tally);
    printf("# %lu rounds\n", round);
    tally_print(&tally);
    CHECK("every mutant that both map is mapped alike", tally.failed == 0);
    CHECK("as many as asked for were compared", tally.files == wanted);
    return check_failures != 0;
}
