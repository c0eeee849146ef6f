//! What is wrong with a file of the user's, in one line.

use crate::experiment::Failure;
use std::{
    fmt, fs, io, iter,
    path::{Path, PathBuf},
};

/// How many characters of a text a message shows.
const SHOWN: usize = 30;

/// Why a table could not be learned from.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum FitError {
    /// Something is wrong with the table.
    Input(InputError),
    /// A training or a sampling has failed.
    Run(Failure),
}

impl From<InputError> for FitError {
    fn from(error: InputError) -> Self {
        Self::Input(error)
    }
}

impl From<Failure> for FitError {
    fn from(error: Failure) -> Self {
        Self::Run(error)
    }
}

impl fmt::Display for FitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Input(error) => error.fmt(f),
            Self::Run(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for FitError {}

/// What is wrong with a file, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InputError {
    /// The file, if it was read from one.
    pub file: Option<PathBuf>,
    /// The line, from 1, if one is wrong.
    pub row: Option<usize>,
    /// The column, from 1, if one is wrong.
    pub column: Option<usize>,
    /// What should have been there.
    pub expected: String,
    /// Whether other columns of the file may be right.
    pub other_columns: bool,
    /// What was there: shortened, and without control characters.
    pub found: String,
}

impl InputError {
    pub(in crate::fit) fn new(expected: impl Into<String>, found: impl Into<String>) -> Self {
        let (expected, found) = (expected.into(), found.into());
        Self { file: None, row: None, column: None, expected, other_columns: false, found }
    }

    /// An error of one column, where others may be right.
    pub(in crate::fit) fn of_column(expected: impl Into<String>, found: impl Into<String>) -> Self {
        Self { other_columns: true, ..Self::new(expected, found) }
    }

    pub(in crate::fit) fn at(self, row: usize, column: impl Into<Option<usize>>) -> Self {
        Self { row: Some(row), column: column.into(), ..self }
    }

    /// The same, with the name of the file.
    pub fn in_file(self, file: &Path) -> Self {
        Self { file: Some(file.to_owned()), ..self }
    }

    /// The same where columns cannot be chosen.
    pub fn without_choice(self) -> Self {
        Self { other_columns: false, ..self }
    }
}

/// What `parse` makes of a file. An error names it.
pub(in crate::fit) fn read<T>(
    path: &Path,
    parse: impl FnOnce(&[u8]) -> Result<T, InputError>,
) -> Result<T, InputError> {
    let unread =
        |error: io::Error| InputError::new("a file that can be read", visible(&error.to_string()));
    let bytes = fs::read(path).map_err(unread);
    bytes.and_then(|bytes| parse(&bytes)).map_err(|error| error.in_file(path))
}

/// One line, `FILE:ROW:COLUMN: expected …, found …`, without what is not known.
impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.file.as_ref().map(|file| visible(&file.to_string_lossy()));
        let numbers = [self.row, self.column].map(|number| number.map(|number| number.to_string()));
        for part in iter::once(file).chain(numbers).flatten() {
            write!(f, "{part}:")?;
        }
        let blank = if self.file.is_some() || self.row.is_some() { " " } else { "" };
        let choice = if self.other_columns { " (--columns chooses others)" } else { "" };
        write!(f, "{blank}expected {}{choice}, found {}", self.expected, self.found)
    }
}

impl std::error::Error for InputError {}

/// The beginning of a text in quotes.
pub(in crate::fit) fn shown(text: &str) -> String {
    if text.is_empty() {
        return "an empty field".to_owned();
    }
    let beginning: String = text.chars().take(SHOWN).collect();
    let more = if beginning.len() < text.len() { "…" } else { "" };
    format!("'{}{more}'", visible(&beginning))
}

/// A text on one line, its control characters escaped.
pub(in crate::fit) fn visible(text: &str) -> String {
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
