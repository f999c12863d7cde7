//! Printed lines on their way to the host: consecutive lines of one call form one JSON array,
//! `[toolId, toolExecId, stream, level, time, text, stream, level, time, text, ...]`, where a time of null means the
//! time of the previous line. `js/lines.js` parses it.

use std::io::Write as _;

use serde::Serialize;

use crate::observe::Line;

/// A batch of this many bytes takes no more lines.
const FULL: usize = 64 * 1024;

/// Lines of one call, or of none.
#[derive(Debug)]
pub(super) struct Lines {
    call: Option<u32>,
    tool: Option<(String, String)>,
    /// The time of the last line.
    time: f64,
    /// The array, without its closing bracket.
    json: Vec<u8>,
}

impl Lines {
    /// Starts a batch with this line.
    pub(super) fn new(line: &Line<'_>) -> Self {
        let mut lines = Self {
            call: line.call,
            tool: line.tool.map(|(tool, exec)| (tool.to_owned(), exec.to_owned())),
            time: f64::NAN,
            json: Vec::new(),
        };
        lines.json.push(b'[');
        lines.put(&line.tool.map(|(tool, _)| tool));
        lines.json.push(b',');
        lines.put(&line.tool.map(|(_, exec)| exec));
        lines.append(line);
        lines
    }

    /// Adds a line and returns how many bytes that made; none where the line belongs in another batch.
    pub(super) fn add(&mut self, line: &Line<'_>) -> Option<usize> {
        let tool = self.tool.as_ref().map(|(tool, exec)| (&**tool, &**exec));
        if self.json.len() >= FULL || self.call != line.call || tool != line.tool {
            return None;
        }
        let before = self.json.len();
        self.append(line);
        Some(self.json.len() - before)
    }

    pub(super) fn call(&self) -> Option<u32> {
        self.call
    }

    /// Bytes so far.
    pub(super) fn len(&self) -> usize {
        self.json.len()
    }

    pub(super) fn into_json(mut self) -> String {
        self.json.push(b']');
        String::from_utf8(self.json).unwrap_or_default()
    }

    fn append(&mut self, line: &Line<'_>) {
        // These names have no characters that JSON would escape.
        let _ = match line.level {
            Some(level) => write!(self.json, ",\"{}\",\"{level}\",", line.stream),
            None => write!(self.json, ",\"{}\",null,", line.stream),
        };
        if line.time == self.time {
            self.json.extend_from_slice(b"null,");
        } else {
            self.time = line.time;
            self.put(&line.time);
            self.json.push(b',');
        }
        self.put(&line.text);
    }

    /// Numbers and strings can always be serialised into a vector.
    fn put(&mut self, value: &impl Serialize) {
        let _ = serde_json::to_writer(&mut self.json, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    const LINE: Line<'_> = Line {
        call: Some(1),
        tool: Some(("tool", "exec")),
        stream: "stdout",
        level: Some("log"),
        text: "text",
        time: 5.0,
    };

    fn read(lines: Lines) -> Value {
        serde_json::from_str(&lines.into_json()).unwrap()
    }

    #[test]
    fn a_time_is_written_only_when_it_changes() {
        let mut lines = Lines::new(&LINE);
        lines.add(&LINE).unwrap();
        lines
            .add(&Line {
                time: 6.25,
                level: None,
                stream: "stderr",
                ..LINE
            })
            .unwrap();
        assert_eq!(
            read(lines),
            json!([
                "tool", "exec", "stdout", "log", 5.0, "text", "stdout", "log", null, "text", "stderr", null, 6.25,
                "text"
            ])
        );
    }

    #[test]
    fn a_batch_is_of_one_call_and_one_tool() {
        let mut lines = Lines::new(&LINE);
        assert_eq!(lines.add(&Line { call: None, ..LINE }), None);
        assert_eq!(lines.add(&Line { tool: None, ..LINE }), None);
        assert_eq!(
            lines.add(&Line {
                tool: Some(("tool", "other")),
                ..LINE
            }),
            None
        );
        assert_eq!(read(Lines::new(&Line { tool: None, ..LINE }))[1], Value::Null);
    }

    #[test]
    fn a_batch_becomes_full() {
        let mut lines = Lines::new(&LINE);
        let mut count = 1;
        while lines.add(&LINE).is_some() {
            count += 1;
        }
        assert!(lines.len() >= FULL && lines.len() < FULL + 100);
        assert_eq!(read(lines).as_array().unwrap().len(), 2 + 4 * count);
    }

    proptest! {
        #[test]
        fn any_text_and_time_arrive(texts in proptest::collection::vec((any::<String>(), -1e15..1e15f64), 1..20)) {
            let mut lines = None::<Lines>;
            for (text, time) in &texts {
                let line = Line { text, time: *time, ..LINE };
                match &mut lines {
                    Some(lines) => prop_assert!(lines.add(&line).is_some()),
                    None => lines = Some(Lines::new(&line)),
                }
            }
            let array = read(lines.unwrap());
            for (index, (text, time)) in texts.iter().enumerate() {
                prop_assert_eq!(array[5 + 4 * index].as_str(), Some(&**text));
                if !array[4 + 4 * index].is_null() {
                    prop_assert_eq!(array[4 + 4 * index].as_f64(), Some(*time));
                }
            }
        }
    }
}
