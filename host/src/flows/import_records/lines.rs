//! On which line of a text file something stands.

use std::collections::VecDeque;
use std::io::{self, Read};

/// A reader that knows on which line each byte stands that was read and not yet asked about.
///
/// The CSV reader's own count goes by where a row ends, and of CR LF that is before the LF; empty lines before a row belong
/// to the row.
pub(super) struct Lines<R> {
    inner: R,
    /// What was read from `at` on.
    kept: VecDeque<u8>,
    /// Place of the first byte that is kept.
    at: u64,
    /// Line of that byte, from 1.
    line: u64,
}

impl<R> Lines<R> {
    pub(super) fn new(inner: R) -> Self {
        Self { inner, kept: VecDeque::new(), at: 0, line: 1 }
    }

    /// The line, from 1, on which the row stands that begins at a byte or behind the line breaks there. What was before
    /// is forgotten: places are asked about in their order.
    pub(super) fn line(&mut self, byte: u64) -> u64 {
        while let Some(sign) = self.kept.front().copied()
            && (self.at < byte || matches!(sign, b'\r' | b'\n'))
        {
            self.kept.pop_front();
            self.at += 1;
            self.line += u64::from(sign == b'\n');
        }
        self.line
    }
}

impl<R: Read> Read for Lines<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.kept.extend(buffer.iter().take(read));
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn lines(text: &str) -> Vec<(u64, String)> {
        let mut reader =
            csv::ReaderBuilder::new().flexible(true).has_headers(false).from_reader(Lines::new(text.as_bytes()));
        let mut record = csv::StringRecord::new();
        let mut found = Vec::new();
        while reader.read_record(&mut record).unwrap() {
            let byte = record.position().unwrap().byte();
            found.push((reader.get_mut().line(byte), record.get(0).unwrap().to_owned()));
        }
        found
    }

    #[test]
    fn rows_stand_where_their_first_line_stands() {
        let rows = ["head,x", "\"two\nlines\",1", "", "b,2", "\"c\n\n\n\",3", "d,4"];
        for end in ["\n", "\r\n"] {
            for mark in ["", "\u{feff}"] {
                let text = format!("{mark}{}", rows.map(|row| row.replace('\n', end)).join(end));
                let places: Vec<u64> = lines(&text).into_iter().map(|(line, _)| line).collect();
                assert_eq!(places, [1, 2, 5, 6, 10], "{text:?}");
            }
        }
        // Longer than any buffer.
        let text = format!("a\r\n{}z\r\n", "\"long\r\nrow\"\r\n".repeat(20_000));
        let found = lines(&text);
        assert_eq!((found[1].0, found[20_000].0, &found[20_001]), (2, 40_000, &(40_002, "z".to_owned())));
    }
}
