//! System calls without libc, for the guardian, which outlives the host. It shares the host's memory, and libc's
//! thread-local data would be that of the thread that started it: a wrapper that sets errno would set a living
//! thread's, or write to freed memory when that thread has ended.

use std::arch::asm;

/// Makes a system call with up to four arguments; the result is a negative errno on failure.
///
/// # Safety
/// As the system call.
#[cfg(target_arch = "x86_64")]
pub unsafe fn syscall(number: i64, a: usize, b: usize, c: usize, d: usize) -> isize {
    let result: isize;
    // SAFETY: the kernel's calling convention; the caller answers for the call itself.
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") number as isize => result,
            in("rdi") a, in("rsi") b, in("rdx") c, in("r10") d,
            lateout("rcx") _, lateout("r11") _,
            options(nostack),
        );
    }
    result
}

/// Makes a system call with up to four arguments; the result is a negative errno on failure.
///
/// # Safety
/// As the system call.
#[cfg(target_arch = "aarch64")]
pub unsafe fn syscall(number: i64, a: usize, b: usize, c: usize, d: usize) -> isize {
    let result: isize;
    // SAFETY: the kernel's calling convention; the caller answers for the call itself.
    unsafe {
        asm!(
            "svc #0",
            in("x8") number,
            inlateout("x0") a as isize => result,
            in("x1") b, in("x2") c, in("x3") d,
            options(nostack),
        );
    }
    result
}
