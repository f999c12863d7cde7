//! Strings between the host's engine and Rust, each copied once.
//!
//! napi's own `String` asks the engine for the exact size first, so even short texts are scanned twice, and it passes
//! text as UTF-8, so the engine scans for characters beyond ASCII, which most texts do not have.

use std::ptr;

use napi::bindgen_prelude::{FromNapiValue, ToNapiValue, TypeName, ValidateNapiValue, sys};
use napi::{Status, ValueType, check_status};

/// The most UTF-8 bytes of one UTF-16 unit.
const MOST_PER_UNIT: usize = 3;
/// For longer texts, space for the worst case would be wasteful, and the exact size is worth a scan.
const MUCH: usize = 1024 * 1024;

/// A text that crosses.
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

/// The length of a text in UTF-16 units, which is how the host counts.
pub(super) fn units(text: &str) -> u32 {
    let units = if text.is_ascii() {
        text.len()
    } else {
        text.encode_utf16().count()
    };
    // No engine can make a string of a longer one.
    u32::try_from(units).unwrap_or(u32::MAX - 1)
}
