/*
 * Makes the running kernel look older to a program: preload it (LD_PRELOAD) and set OLDER_KERNEL to a version such as 5.15. What
 * the sandbox asks the kernel for is then answered, and refused, as that version does. Only the tests use it; a host
 * that preloads it has fewer locks, but no tool can do that, and no configuration.
 *
 * It sees what is called through libc's syscall() and ioctl(). Calls that libc or a runtime makes in another way reach
 * the real kernel.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/landlock.h>
#include <linux/ioctl.h>
#include <linux/seccomp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#define WAIT_KILLABLE_RECV (1UL << 5)
#define ADDFD_SEND (1U << 1)
#define PIDFD_THREAD_FLAG 0200
#define SET_SYNC_FLAGS _IOW('!', 4, uint64_t)
#define ADD_DESCRIPTOR _IOW('!', 3, struct seccomp_notif_addfd)

/* Of Landlock's first versions, which the headers of an old system do not describe entirely. */
struct handled { uint64_t fs, net, scoped; };

static int version;

__attribute__((constructor)) static void read_version(void)
{
    int major = 0, minor = 0;
    const char *text = getenv("OLDER_KERNEL");
    if (text == NULL || sscanf(text, "%d.%d", &major, &minor) != 2) {
        fprintf(stderr, "older-kernel: OLDER_KERNEL must name a version, such as 5.15\n");
        _Exit(99);
    }
    version = major * 1000 + minor;
}

static long abi(void)
{
    static const int since[] = { 5013, 5019, 6002, 6007, 6010, 6012, 6015 };
    long found = 0;
    for (unsigned at = 0; at < sizeof since / sizeof *since; at++)
        if (version >= since[at])
            found = at + 1;
    return found;
}

static long make(long number, long a, long b, long c, long d, long e, long f)
{
    long result;
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9) : "rcx", "r11", "memory");
    return result;
}

/* What this version knows of a ruleset. */
static long ruleset_refused(const struct handled *wanted, size_t size)
{
    struct handled all = { 0, 0, 0 };
    memcpy(&all, wanted, size < sizeof all ? size : sizeof all);
    static const uint64_t fs[] = { 0, 0x1fff, 0x3fff, 0x7fff, 0x7fff, 0xffff, 0xffff, 0xffff };
    if ((size > 8 && abi() < 4 && all.net) || (size > 16 && abi() < 6 && all.scoped))
        return -E2BIG;
    return all.fs & ~fs[abi()] ? -EINVAL : 0;
}

static long older(long number, long a, long b, long c, long d, long e, long f)
{
    switch (number) {
    case SYS_landlock_create_ruleset:
        if (abi() == 0)
            return -ENOSYS;
        if (a == 0 && c == 1) {
            long real = make(number, a, b, c, d, e, f);
            return real > abi() ? abi() : real;
        }
        if (a != 0 && ruleset_refused((const struct handled *)a, (size_t)b) != 0)
            return ruleset_refused((const struct handled *)a, (size_t)b);
        break;
    case SYS_landlock_add_rule:
    case SYS_landlock_restrict_self:
        if (abi() == 0)
            return -ENOSYS;
        break;
    case SYS_seccomp:
        if (version < 5019 && a == SECCOMP_SET_MODE_FILTER && (unsigned long)b & WAIT_KILLABLE_RECV)
            return -EINVAL;
        break;
    case SYS_pidfd_open:
        if (version < 6009 && (unsigned long)b & PIDFD_THREAD_FLAG)
            return -EINVAL;
        break;
    }
    return make(number, a, b, c, d, e, f);
}

static long answered(long result)
{
    if (result < 0 && result > -4096) {
        errno = (int)-result;
        return -1;
    }
    return result;
}

long syscall(long number, ...)
{
    va_list list;
    va_start(list, number);
    long a = va_arg(list, long), b = va_arg(list, long), c = va_arg(list, long);
    long d = va_arg(list, long), e = va_arg(list, long), f = va_arg(list, long);
    va_end(list);
    return answered(older(number, a, b, c, d, e, f));
}

int ioctl(int fd, unsigned long request, ...)
{
    va_list list;
    va_start(list, request);
    long argument = va_arg(list, long);
    va_end(list);
    if (request == SET_SYNC_FLAGS && version < 6006)
        return (int)answered(-EINVAL);
    if (request == ADD_DESCRIPTOR && version < 5014 && ((struct seccomp_notif_addfd *)argument)->flags & ADDFD_SEND)
        return (int)answered(-EINVAL);
    return (int)answered(make(SYS_ioctl, fd, (long)request, argument, 0, 0, 0));
}
