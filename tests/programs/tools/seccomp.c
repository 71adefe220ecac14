/* Opens and closes libraries inside a filter that lets through what glibc's own loader needs, and kills for anything else. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#define ALLOW(name)                                                                                \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_##name, 0, 1),                                        \
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

static struct sock_filter filter[] = {
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
    /* the loader */
    ALLOW(openat), ALLOW(read), ALLOW(pread64), ALLOW(fstat), ALLOW(newfstatat), ALLOW(close),
    ALLOW(mmap), ALLOW(mprotect), ALLOW(munmap), ALLOW(getcwd), ALLOW(futex),
    /* malloc, threads, printing, the end */
    ALLOW(brk), ALLOW(getrandom), ALLOW(madvise), ALLOW(clone), ALLOW(clone3), ALLOW(rseq),
    ALLOW(set_robust_list), ALLOW(rt_sigprocmask), ALLOW(rt_sigaction), ALLOW(write), ALLOW(exit),
    ALLOW(exit_group), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS)};

static void *thread_main(void *fill)
{
    printf("in a thread %d\n", ((int (*)(void))fill)());
    return NULL;
}

int main(int argc, char **argv)
{
    const struct sock_fprog program = {sizeof filter / sizeof filter[0], filter};
    pthread_t thread;
    setvbuf(stdout, NULL, _IONBF, 0);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (argc != 2 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
        puts("no filter");
        return 9;
    }
    void *late = dlopen(argv[1], RTLD_NOW);
    void *fill = late ? dlsym(late, "fill") : NULL;
    printf("by path %d, its variables %d\n", late != NULL, fill ? ((int (*)(void))fill)() : 0);
    if (pthread_create(&thread, NULL, thread_main, fill) == 0)
        pthread_join(thread, NULL);
    printf("close %d\n", dlclose(late));
    void *by_name = dlopen("libm.so.6", RTLD_NOW);
    printf("by name %d\n", by_name != NULL);
    printf("close %d\n", dlclose(by_name));
    printf("absent %d: ", dlopen("libabsent.so", RTLD_NOW) != NULL);
    puts(dlerror());
    return 0;
}
