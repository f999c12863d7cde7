//! Waits for a descriptor in the event loop of a Node host.
//!
//! Node exports libuv to addons. Other hosts do not, and Bun's functions of these names end the process; therefore they
//! are looked up at run time, and only where the host says that it is Node. Everything here runs on the thread of that
//! loop.

use std::cell::{Cell, UnsafeCell};
use std::ffi::{CStr, c_int, c_void};
use std::mem::size_of;
use std::os::fd::AsRawFd;
use std::ptr;
use std::rc::Rc;
use std::sync::OnceLock;

use napi::Env;
use napi::bindgen_prelude::{Function, JsValue, sys};

use crate::dispatch::HostReads;

/// libuv's numbers, the same in all versions 1.x.
const UV_POLL: c_int = 8;
const UV_READABLE: c_int = 1;

type Handle = *mut c_void;

/// The functions of libuv that are used.
struct Uv {
    handle_size: unsafe extern "C" fn(c_int) -> usize,
    get_data: unsafe extern "C" fn(Handle) -> *mut c_void,
    set_data: unsafe extern "C" fn(Handle, *mut c_void),
    poll_init: unsafe extern "C" fn(*mut sys::uv_loop_s, Handle, c_int) -> c_int,
    poll_start: unsafe extern "C" fn(Handle, c_int, unsafe extern "C" fn(Handle, c_int, c_int)) -> c_int,
    unref: unsafe extern "C" fn(Handle),
    close: unsafe extern "C" fn(Handle, unsafe extern "C" fn(Handle)),
}

static UV: OnceLock<Option<Uv>> = OnceLock::new();

impl Uv {
    fn get() -> Option<&'static Self> {
        // SAFETY: these are functions of libuv's stable interface, with the types that its documentation gives them.
        let find = || unsafe {
            Some(Self {
                handle_size: function(c"uv_handle_size")?,
                get_data: function(c"uv_handle_get_data")?,
                set_data: function(c"uv_handle_set_data")?,
                poll_init: function(c"uv_poll_init")?,
                poll_start: function(c"uv_poll_start")?,
                unref: function(c"uv_unref")?,
                close: function(c"uv_close")?,
            })
        };
        UV.get_or_init(find).as_ref()
    }
}

/// A function that the process has loaded.
///
/// # Safety
/// `F` must be the type of the function of this name.
unsafe fn function<F: Copy>(name: &CStr) -> Option<F> {
    const {
        assert!(
            size_of::<F>() == size_of::<*mut c_void>(),
            "F is a pointer to a function"
        )
    };
    // SAFETY: looks up a NUL-terminated name.
    let found = unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) };
    // SAFETY: not null, so it is the function, whose type the caller guarantees.
    (!found.is_null()).then(|| unsafe { std::mem::transmute_copy(&found) })
}

/// Calls a function of the host each time processes have sent something. Stops when it is dropped or its loop ends.
pub(super) struct LoopWatch(Rc<Watching>);

/// What libuv's handle points to; it lives until libuv has closed the handle.
struct Watching {
    uv: &'static Uv,
    env: sys::napi_env,
    /// The memory of the handle, whose size only libuv knows.
    memory: UnsafeCell<Box<[u128]>>,
    wake: Cell<sys::napi_ref>,
    hook: Cell<sys::napi_async_cleanup_hook_handle>,
    stopped: Cell<bool>,
    /// The loop reported the descriptor as readable, and nobody has read since.
    readable: Cell<bool>,
    /// Keeps the descriptor open while the loop polls it.
    reads: Cell<Option<HostReads>>,
}

impl LoopWatch {
    /// `None` where the host has no such loop, or the loop rejects the descriptor.
    pub(super) fn start(env: &Env, reads: &HostReads, wake: &Function<'_, (), ()>) -> Option<Self> {
        let uv = Uv::get()?;
        let event_loop = env.get_uv_event_loop().ok()?;
        // SAFETY: asks for a size.
        let size = unsafe { (uv.handle_size)(UV_POLL) };
        let watching = Rc::new(Watching {
            uv,
            env: env.raw(),
            memory: UnsafeCell::new(vec![0; size.div_ceil(size_of::<u128>())].into_boxed_slice()),
            wake: Cell::new(ptr::null_mut()),
            hook: Cell::new(ptr::null_mut()),
            stopped: Cell::new(false),
            readable: Cell::new(false),
            reads: Cell::new(Some(reads.clone())),
        });
        let handle = watching.handle();
        let descriptor = reads.descriptor()?.as_raw_fd();
        // SAFETY: zeroed memory of the size libuv asked for, this thread's loop, an open descriptor.
        if unsafe { (uv.poll_init)(event_loop, handle, descriptor) } != 0 {
            return None;
        }
        // SAFETY: the handle's data is one count of the Rc, which `on_closed` takes back.
        unsafe { (uv.set_data)(handle, Rc::into_raw(Rc::clone(&watching)).cast_mut().cast()) };
        // From here on dropping it stops it.
        let this = Self(watching);
        this.0.begin(wake).then_some(this)
    }

    /// Whether there is something to read; true once for each report of the loop.
    pub(super) fn take_readable(&self) -> bool {
        self.0.readable.replace(false)
    }

    /// Stops watching: nothing more can come.
    pub(super) fn stop(&self) {
        self.0.stop();
    }
}

impl Drop for LoopWatch {
    fn drop(&mut self) {
        self.0.stop();
    }
}

impl Watching {
    fn handle(&self) -> Handle {
        // SAFETY: only libuv looks into the memory; the box itself never changes.
        unsafe { (*self.memory.get()).as_mut_ptr().cast() }
    }

    fn begin(&self, wake: &Function<'_, (), ()>) -> bool {
        let (mut reference, mut hook) = (ptr::null_mut(), ptr::null_mut());
        // SAFETY: `wake` is a function of this environment, and this is a call from it. The reference is deleted in `stop`. The
        // hook is given this object, which lives until the handle is closed, and is removed then. The handle is initialised; a
        // loop is not kept alive by one that is not referenced.
        unsafe {
            if sys::napi_create_reference(self.env, wake.raw(), 1, &raw mut reference) != 0 {
                return false;
            }
            self.wake.set(reference);
            let this = ptr::from_ref(self).cast_mut().cast();
            if sys::napi_add_async_cleanup_hook(self.env, Some(on_loop_ends), this, &raw mut hook) != 0 {
                return false;
            }
            self.hook.set(hook);
            (self.uv.unref)(self.handle());
            (self.uv.poll_start)(self.handle(), UV_READABLE, on_readable) == 0
        }
    }

    fn stop(&self) {
        if self.stopped.replace(true) {
            return;
        }
        let wake = self.wake.replace(ptr::null_mut());
        // SAFETY: the handle is initialised and closed once; the reference was made in `begin` and is deleted once.
        unsafe {
            (self.uv.close)(self.handle(), on_closed);
            if !wake.is_null() {
                sys::napi_delete_reference(self.env, wake);
            }
        }
    }

    /// Calls the host's function as the loop calls its own callbacks: code that waits for promises settled by it runs
    /// when it returns.
    fn call_host(&self) {
        let env = self.env;
        let (mut scope, mut wake, mut global) = (ptr::null_mut(), ptr::null_mut(), ptr::null_mut());
        // SAFETY: on the environment's thread, in a callback of its loop; every value lives in the scope, which is closed. What
        // the function throws is reported as what any callback throws.
        unsafe {
            if sys::napi_open_handle_scope(env, &raw mut scope) != 0 {
                return;
            }
            if sys::napi_get_reference_value(env, self.wake.get(), &raw mut wake) == 0
                && sys::napi_get_global(env, &raw mut global) == 0
                && sys::napi_make_callback(env, ptr::null_mut(), global, wake, 0, ptr::null(), ptr::null_mut())
                    == sys::Status::napi_pending_exception
            {
                let mut thrown = ptr::null_mut();
                if sys::napi_get_and_clear_last_exception(env, &raw mut thrown) == 0 {
                    sys::napi_fatal_exception(env, thrown);
                }
            }
            sys::napi_close_handle_scope(env, scope);
        }
    }
}

unsafe extern "C" fn on_readable(handle: Handle, _status: c_int, _events: c_int) {
    let Some(uv) = Uv::get() else { return };
    // SAFETY: an open handle's data is the count that `start` put there; what the host does meanwhile may stop the watch, so
    // a count of our own keeps it.
    let watching = unsafe {
        let data = (uv.get_data)(handle).cast::<Watching>().cast_const();
        Rc::increment_strong_count(data);
        Rc::from_raw(data)
    };
    if !watching.stopped.get() {
        watching.readable.set(true);
        watching.call_host();
    }
}

unsafe extern "C" fn on_loop_ends(_hook: sys::napi_async_cleanup_hook_handle, watching: *mut c_void) {
    // SAFETY: given to the hook in `begin`; alive, for the hook is removed when the handle is closed.
    unsafe { &*watching.cast::<Watching>() }.stop();
}

unsafe extern "C" fn on_closed(handle: Handle) {
    let Some(uv) = Uv::get() else { return };
    // SAFETY: libuv is done with the handle, whose data is the count that `start` put there. Its memory goes with the last one.
    let watching = unsafe { Rc::from_raw((uv.get_data)(handle).cast::<Watching>().cast_const()) };
    drop(watching.reads.take());
    let hook = watching.hook.replace(ptr::null_mut());
    if !hook.is_null() {
        // SAFETY: added in `begin`, removed once; where the environment ends it has waited for this.
        unsafe { sys::napi_remove_async_cleanup_hook(hook) };
    }
}
