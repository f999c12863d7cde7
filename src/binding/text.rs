//! Strings between the host's engine and Rust, each copied once.
//!
//! napi's own `String` asks the engine for the exact size first, which makes it walk even short texts twice, and hands text over as
//! UTF-8, which makes the engine look for characters beyond ASCII that most texts do not have.

use std::ptr;

use napi::bindgen_prelude::{FromNapiValue, ToNapiValue, TypeName, ValidateNapiValue, sys};
use napi::{Status, ValueType, check_status};

/// Bytes of UTF-8 that one UTF-16 unit becomes at most.
const MOST_PER_UNIT: usize = 3;
/// From here on room for the most there can be would be a waste, and the exact size is worth a walk.
const MUCH: usize = 1024 * 1024;

/// Text that crosses.
#[derive(Default)]
pub struct Text(pub(super) String);

impl TypeName for Text {
    fn type_name() -> &'static str {
        "String"
    }

    fn value_type() -> ValueType {
        ValueType::String
    }
}

impl ValidateNapiValue for Text {}

impl FromNapiValue for Text {
    unsafe fn from_napi_value(env: sys::napi_env, value: sys::napi_value) -> napi::Result<Self> {
        let mut units = 0;
        // SAFETY: `env` and `value` are those this conversion was called with; without a buffer only the length is written.
        check_status!(unsafe { sys::napi_get_value_string_utf16(env, value, ptr::null_mut(), 0, &raw mut units) })?;
        let mut written = 0;
        let mut most = units * MOST_PER_UNIT;
        if units > MUCH {
            // SAFETY: as above.
            check_status!(unsafe { sys::napi_get_value_string_utf8(env, value, ptr::null_mut(), 0, &raw mut most) })?;
        }
        let mut bytes: Vec<u8> = Vec::with_capacity(most + 1);
        // SAFETY: as above; the engine writes at most the capacity, its NUL included, and says how much.
        check_status!(unsafe {
            sys::napi_get_value_string_utf8(
                env,
                value,
                bytes.as_mut_ptr().cast(),
                bytes.capacity(),
                &raw mut written,
            )
        })?;
        // SAFETY: the engine has written so many bytes.
        unsafe { bytes.set_len(written) };
        String::from_utf8(bytes)
            .map(Self)
            .map_err(|error| napi::Error::new(Status::StringExpected, error.to_string()))
    }
}

impl ToNapiValue for Text {
    unsafe fn to_napi_value(env: sys::napi_env, Self(text): Self) -> napi::Result<sys::napi_value> {
        let length = text.len().cast_signed();
        let mut value = ptr::null_mut();
        let create = if text.is_ascii() {
            sys::napi_create_string_latin1
        } else {
            sys::napi_create_string_utf8
        };
        // SAFETY: the engine copies the bytes before it returns; ASCII is the same in both encodings.
        check_status!(unsafe { create(env, text.as_ptr().cast(), length, &raw mut value) })?;
        Ok(value)
    }
}

/// Length of a text in UTF-16 units, which is how the host counts.
pub(super) fn units(text: &str) -> u32 {
    let units = if text.is_ascii() {
        text.len()
    } else {
        text.encode_utf16().count()
    };
    // Beyond that no engine can make a string of it.
    u32::try_from(units).unwrap_or(u32::MAX - 1)
}
