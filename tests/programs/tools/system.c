/* The less usual ways to have a second process or fewer rights, each followed by a dlopen. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <grp.h>
#include <pthread.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static int opens(void)
{
    void *handle = dlopen("libm.so.6", RTLD_NOW);
    double (*function)(double) = handle ? (double (*)(double))dlsym(handle, "cos") : NULL;
    return function && function(0) == 1 && dlclose(handle) == 0;
}

static int status_of(pid_t pid)
{
    int status = -1;
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void *forks(void *argument)
{
    pid_t pid = fork();
    if (pid == 0)
        _exit(opens() ? 42 : 1);
    *(int *)argument = status_of(pid);
    return NULL;
}

static void in_thread(void)
{
    pthread_t thread;
    int status = -1;
    if (pthread_create(&thread, NULL, forks, &status) == 0)
        pthread_join(thread, NULL);
    printf("fork in a thread %d\n", status);
}

static void others(void)
{
    char *arguments[] = {"true", NULL};
    pid_t pid = vfork();
    if (pid == 0) {
        execv("/bin/true", arguments);
        _exit(9);
    }
    printf("vfork %d\n", status_of(pid));
    printf("posix_spawn %d", posix_spawn(&pid, "/bin/false", NULL, NULL, arguments, environ));
    printf(" %d\n", status_of(pid));
}

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IONBF, 0);
    printf("arguments %d, environment %d, same user %d\n", argc, environ[0] != NULL,
           getuid() == geteuid());
    if (argc > 1 && strcmp(argv[1], "drop") == 0)
        printf("dropped %d\n", chroot("/") == 0 && setgroups(0, NULL) == 0 && setgid(65534) == 0 &&
                                   setuid(65534) == 0);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    others();
    in_thread();
    printf("opens %d\n", opens());
    return 0;
}
