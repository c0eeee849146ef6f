//! What is wrong with a table, in one line.

use std::{fmt, iter, path::PathBuf};

/// How many characters of a text a message shows.
const SHOWN: usize = 30;

/// What is wrong with a table, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TableError {
    /// The file, if it was [`Table::read`](super::Table::read) that read it.
    pub file: Option<PathBuf>,
    /// The line, from 1. There is none if the file cannot be read.
    pub row: Option<usize>,
    /// The column, from 1, if one is wrong.
    pub column: Option<usize>,
    /// What should have been there.
    pub expected: String,
    /// What was there: shortened, and without control characters.
    pub found: String,
}

impl TableError {
    pub(super) fn new(expected: impl Into<String>, found: impl Into<String>) -> Self {
        let (expected, found) = (expected.into(), found.into());
        Self { file: None, row: None, column: None, expected, found }
    }

    pub(super) fn at(self, row: usize, column: impl Into<Option<usize>>) -> Self {
        Self { row: Some(row), column: column.into(), ..self }
    }
}

/// One line, `FILE:ROW:COLUMN: expected …, found …`, without what is not known.
impl fmt::Display for TableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.file.as_ref().map(|file| visible(&file.to_string_lossy()));
        let numbers = [self.row, self.column].map(|number| number.map(|number| number.to_string()));
        for part in iter::once(file).chain(numbers).flatten() {
            write!(f, "{part}:")?;
        }
        let blank = if self.file.is_some() || self.row.is_some() { " " } else { "" };
        write!(f, "{blank}expected {}, found {}", self.expected, self.found)
    }
}

impl std::error::Error for TableError {}

/// The beginning of a text in quotes.
pub(super) fn shown(text: &str) -> String {
    if text.is_empty() {
        return "an empty field".to_owned();
    }
    let beginning: String = text.chars().take(SHOWN).collect();
    let more = if beginning.len() < text.len() { "…" } else { "" };
    format!("'{}{more}'", visible(&beginning))
}

/// A text on one line, its control characters escaped.
pub(super) fn visible(text: &str) -> String {
    let mut visible = String::new();
    for c in text.chars() {
        if matches!(c, '\'' | '"' | '\\') {
            visible.push(c);
        } else {
            visible.extend(c.escape_debug());
        }
    }
    visible
}
