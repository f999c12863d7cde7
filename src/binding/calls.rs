//! Calls as they cross from JavaScript: their text in one string, and numbers that tell how to split it.

use super::protocol::{CALL_FIELDS, NO_TEXT, WANTS_LOGS, WANTS_PROGRESS, call_field};
use crate::manager::RawCall;

/// The calls of a batch. Ends early where the numbers do not fit the text, which cannot happen: this package made both.
pub(super) fn calls<'a>(texts: &'a str, head: &'a [u32]) -> impl Iterator<Item = RawCall<'a>> {
    let mut cutter = TextCutter {
        rest: texts,
        ascii: texts.is_ascii(),
    };
    head.chunks_exact(CALL_FIELDS).map_while(move |fields| {
        let (flags, attempt) = (fields[call_field::FLAGS], fields[call_field::ATTEMPT]);
        // The texts follow each other in this order.
        Some(RawCall {
            number: fields[call_field::NUMBER],
            tool: cutter.line(fields[call_field::TOOL_ID])?,
            exec: Some(cutter.line(fields[call_field::TOOL_EXEC_ID])?),
            input: cutter.optional(fields[call_field::INPUT])?,
            config: cutter.optional(fields[call_field::CONFIG])?,
            env: cutter.optional(fields[call_field::ENV])?,
            timeout: cutter.optional(fields[call_field::TIMEOUT])?,
            retry: cutter.optional(fields[call_field::RETRY])?,
            idempotency_key: cutter.optional(fields[call_field::IDEMPOTENCY_KEY])?,
            permissions: cutter.optional(fields[call_field::PERMISSIONS])?,
            attempt: (attempt > 0).then_some(attempt),
            logs: flags & WANTS_LOGS != 0,
            progress: flags & WANTS_PROGRESS != 0,
        })
    })
}

/// Cuts texts off the front of a string; lengths count UTF-16 units.
struct TextCutter<'a> {
    rest: &'a str,
    ascii: bool,
}

impl<'a> TextCutter<'a> {
    fn cut(&mut self, units: u32) -> Option<&'a str> {
        let bytes = if self.ascii {
            units as usize
        } else {
            bytes_of(self.rest, units as usize)
        };
        let (text, rest) = self.rest.split_at_checked(bytes)?;
        self.rest = rest;
        Some(text)
    }

    fn optional(&mut self, units: u32) -> Option<Option<&'a str>> {
        if units == NO_TEXT {
            return Some(None);
        }
        self.cut(units).map(Some)
    }

    fn line(&mut self, units: u32) -> Option<&'a str> {
        let text = self.cut(units)?;
        self.rest = self.rest.strip_prefix('\n')?;
        Some(text)
    }
}

/// The bytes of the first `units` UTF-16 units.
fn bytes_of(text: &str, units: usize) -> usize {
    let mut counted = 0;
    text.char_indices()
        .find(|(_, c)| {
            let there = counted >= units;
            counted += c.len_utf16();
            there
        })
        .map_or(text.len(), |(at, _)| at)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Given = (String, String, Vec<Option<String>>);

    fn packed(calls: &[Given]) -> (String, Vec<u32>) {
        let units = |text: &String| u32::try_from(text.encode_utf16().count()).unwrap();
        let (mut texts, mut head) = (String::new(), Vec::new());
        for (number, (tool, exec, more)) in (1..).zip(calls) {
            texts += &format!("{tool}\n{exec}\n");
            head.extend([number, number % 4, number - 1, units(tool), units(exec)]);
            for text in more {
                texts += text.as_deref().unwrap_or_default();
                head.push(text.as_ref().map_or(NO_TEXT, units));
            }
        }
        (texts, head)
    }

    proptest! {
        #[test]
        fn what_was_packed_is_cut_the_same(given in proptest::collection::vec(
            (".*", ".*", proptest::collection::vec(proptest::option::of(".*"), 7)), 0..6,
        )) {
            let (texts, head) = packed(&given);
            let read: Vec<Given> = calls(&texts, &head)
                .map(|asked| {
                    let more = [asked.input, asked.config, asked.env, asked.timeout, asked.retry, asked.idempotency_key, asked.permissions];
                    assert_eq!(asked.attempt.unwrap_or(0), asked.number - 1);
                    assert_eq!((asked.logs, asked.progress), (asked.number & 1 != 0, asked.number & 2 != 0));
                    let own = |text: &str| text.to_owned();
                    (own(asked.tool), own(asked.exec.unwrap()), more.map(|text| text.map(own)).to_vec())
                })
                .collect();
            prop_assert_eq!(read, given);
        }

        #[test]
        fn numbers_that_do_not_fit_end_the_batch(texts in ".*", head in proptest::collection::vec(any::<u32>(), 0..40)) {
            prop_assert!(calls(&texts, &head).count() <= head.len() / CALL_FIELDS);
        }
    }
}
