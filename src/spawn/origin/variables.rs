//! In a child: the C library's variables that name a temporary directory. The runtime has variables of its own, which the worker
//! file replaces; native code reads these.

use std::ffi::{CStr, CString};

use crate::spawn::environment::TEMPORARY;

/// Has each variable that names the origin's directory, in which `directory` lies, name this one.
///
/// # Safety
/// No other thread may read or change variables meanwhile.
pub(super) unsafe fn name_directory(directory: &[u8]) {
    let Some(end) = directory.iter().rposition(|byte| *byte == b'/') else {
        return;
    };
    let Ok(own) = CString::new(directory) else { return };
    for name in TEMPORARY.into_iter().filter_map(|name| CString::new(name).ok()) {
        // SAFETY: the name is a C string, and what is returned stays until the variable is changed.
        let value = unsafe { libc::getenv(name.as_ptr()) };
        // SAFETY: a variable's value is a C string.
        if !value.is_null() && unsafe { CStr::from_ptr(value) }.to_bytes() == &directory[..end] {
            // SAFETY: both are C strings; the caller's promise about threads.
            unsafe { libc::setenv(name.as_ptr(), own.as_ptr(), 1) };
        }
    }
}
