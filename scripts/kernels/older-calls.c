/*
 * Runs a program, and all that it starts, without the system calls that came after a version of Linux: they give ENOSYS, as the
 * kernel itself answers for a number that it does not know. `older-calls 5.4 PROGRAM ARGUMENT...`
 *
 * Unlike a preloaded library this also reaches calls that are made without libc. It does not change what a known call does with new
 * flags, and only takes away: Landlock cannot be made older with it, but be absent.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The number of the first call that a version does not have; since 5.1 the numbers are those of all machines. */
static const struct { const char *version; unsigned first; } VERSIONS[] = {
    { "5.4", 436 }, /* openat2 of 5.6 is 437; 436 was kept for close_range, of 5.9 */
    { "5.10", 441 },
};

int main(int count, char **words)
{
    unsigned first = 0;
    for (unsigned at = 0; at < sizeof VERSIONS / sizeof *VERSIONS; at++)
        if (count > 2 && strcmp(words[1], VERSIONS[at].version) == 0)
            first = VERSIONS[at].first;
    if (first == 0) {
        fprintf(stderr, "usage: older-calls 5.4|5.10 PROGRAM ARGUMENT...\n");
        return 99;
    }
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, first, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = { sizeof code / sizeof *code, code };
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
        perror("older-calls: no filter");
        return 99;
    }
    execvp(words[2], words + 2);
    perror(words[2]);
    return 99;
}
