//! In a child: the C library's variables that name a temporary directory. The runtime has variables of its own, which the worker
//! file replaces; native code reads these.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Has each variable that names the origin's directory, in which `directory` lies, name this one.
///
/// # Safety
/// No other thread may read or change variables meanwhile.
pub(super) unsafe fn name_directory(directory: &[u8]) {
    let own = Path::new(OsStr::from_bytes(directory));
    let Some(origins) = own.parent() else { return };
    let names = std::env::vars_os().filter_map(|(name, value)| (value == origins.as_os_str()).then_some(name));
    for name in names.collect::<Vec<_>>() {
        // SAFETY: the caller's promise.
        unsafe { std::env::set_var(name, own) };
    }
}
