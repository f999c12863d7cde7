//! Any program in the sandbox, as JavaScript uses it.

use napi::Status;
use napi::bindgen_prelude::{Either, Function};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi_derive::napi;

use crate::error::{Code, Error};
use crate::wrap::{Options, Wrapped};

/// Gets events as JSON text. It keeps the host alive until the program has ended.
type Tell = ThreadsafeFunction<String, (), String, Status, false>;

/// A program that was started.
#[napi]
pub struct NativeWrapped {
    inner: Wrapped,
}

/// Starts a program with the host's standard streams; a text in return is ErrorData. `tell` is called with the JSON of
/// each event, last with that of the end.
#[napi]
pub fn wrap(options: String, tell: Function<'_, String, ()>) -> napi::Result<Either<NativeWrapped, String>> {
    let tell: Tell = tell.build_threadsafe_function().callee_handled::<false>().build()?;
    let started = serde_json::from_str::<Options>(&options)
        .map_err(|error| {
            Box::new(Error::new(Code::ConfigInvalid, "the program's options cannot be read").source(error))
        })
        .and_then(|options| {
            Wrapped::start(&options, move |event| {
                tell.call(event.to_json(), ThreadsafeFunctionCallMode::NonBlocking);
            })
        });
    Ok(match started {
        Ok(inner) => Either::A(NativeWrapped { inner }),
        Err(error) => Either::B(error.to_json()),
    })
}

#[napi]
impl NativeWrapped {
    /// Passes a signal on.
    #[napi]
    pub fn signal(&self, number: i32) {
        self.inner.signal(number);
    }
}
