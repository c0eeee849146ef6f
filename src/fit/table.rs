//! Tables of numbers as text: one row a line, a separator between the columns.
//!
//! ```
//! use score_matching::fit::table::{parse, write};
//!
//! let table = parse(b"x; y\n 1.50; 2\n -1e3; 0.25\n", None).expect("a table");
//! assert_eq!(table.names, ["x", "y"]);
//! assert_eq!(table.rows.data(), [1.5, 2.0, -1000.0, 0.25]);
//! assert_eq!(table.decimals, [None, Some(2)]);
//! let text = write(&table.names, &table.rows, &table.decimals);
//! assert_eq!(text, "x,y\n1.5,2.00\n-1000.0,0.25\n");
//!
//! let error = parse(b"x,y\n1,2\n3,?\n", None).expect_err("no number");
//! assert_eq!(error.to_string(), "3:2: expected a number (--columns chooses others), found '?'");
//! ```
//!
//! - The text is UTF-8, with or without a byte-order mark. A line ends with \n or \r\n. Empty lines at
//!   the end say nothing.
//! - The separator is what the first line has: a semicolon, else a tab, else a comma.
//! - Blanks around a field say nothing, nor do quotes; within quotes a separator is a character, and
//!   `""` is a quote. A quoted field ends on its line.
//! - The first line names the columns if none of its fields is a number. Else they are x1, x2, ….
//! - A number has a decimal point or none, an exponent or none, and is finite. It is read as the f64 next
//!   to it. Nothing else is a number: no word, and no empty field.

mod field;

use super::error::{InputError, read, shown};
use crate::matrix::Matrix;
use field::{fields, number, seems_a_number, separator, text};
use std::{borrow::Cow, collections::HashMap, path::Path};

/// The most columns that are read.
pub const MOST_COLUMNS: usize = 256;
/// How many of the names that there are a message shows.
const NAMES: usize = 10;
/// The most digits behind the point that any f64 has.
pub(super) const MOST_DIGITS: u32 = 1074;

/// Numbers in columns with names.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Table {
    /// The names of the d columns, no two alike.
    pub names: Vec<String>,
    /// (n, d), finite; n and d are at least 1.
    pub rows: Matrix,
    /// The most digits behind the point in each of the d columns, or `None` if a number has an exponent.
    pub decimals: Vec<Option<u32>>,
    /// Whether the names are from the first line.
    pub header: bool,
}

impl Table {
    /// On which line of its text a row stands: the row from 0, the line from 1.
    pub fn line(&self, row: usize) -> usize {
        row + 1 + usize::from(self.header)
    }

    /// The table in a file, as [`parse`] reads it. An error names the file.
    ///
    /// # Errors
    /// If the file cannot be read, or [`parse`] refuses what it holds.
    pub fn read(path: &Path, columns: Option<&[String]>) -> Result<Self, InputError> {
        read(path, |bytes| parse(bytes, columns))
    }
}

/// The table in a text: the columns of these names, in this order, or all. In a column that is not asked
/// for any text may stand, as its name and below it.
///
/// # Errors
/// At the first thing that is not as the head of this module says; if there are no numbers, or more than
/// [`MOST_COLUMNS`] columns; if a column is asked for twice, or has no name of its own.
pub fn parse(bytes: &[u8], columns: Option<&[String]>) -> Result<Table, InputError> {
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let Some(last) = bytes.iter().rposition(|byte| !b" \r\n".contains(byte)) else {
        return Err(InputError::new("numbers", "an empty file").at(1, 1));
    };
    let lines = bytes[..=last].split(|byte| *byte == b'\n');
    let mut lines =
        (1..).zip(lines.map(|line| line.strip_suffix(b"\r").unwrap_or(line))).peekable();
    let first = lines.peek().map_or(&b""[..], |(_, line)| line);
    let (head, names) = Head::read(first, columns)?;
    // A number and what ends it are two bytes: the numbers of a small text never take much.
    let most = (lines.clone().count() * names.len()).min(last / 2 + 1);
    let mut data = Vec::with_capacity(most);
    let mut decimals = vec![Some(0); names.len()];
    for (row, line) in lines.skip(usize::from(head.header)) {
        head.numbers(row, line, &mut data, &mut decimals)?;
    }
    if data.is_empty() {
        return Err(InputError::new("numbers below the names", "the end of the file").at(2, None));
    }
    let rows = Matrix::from_vec(data.len() / names.len(), names.len(), data);
    Ok(Table { names, rows, decimals, header: head.header })
}

/// A table as [`parse`] reads it: the names, then the (n, d) rows, with commas. A number has as many digits
/// behind the point as its column says, or with `None` as many as tell it from every other f64.
///
/// # Panics
/// If there are not d names and d decimals, if a number is not finite, or a name is none that [`parse`]
/// would find: it is empty or a number, occurs twice, has blanks around it or control characters in it.
#[track_caller]
pub fn write(names: &[String], rows: &Matrix, decimals: &[Option<u32>]) -> String {
    let (d, counts) = (rows.cols(), (names.len(), decimals.len()));
    assert!(counts == (d, d), "{counts:?} names and decimals for {d} columns");
    assert!(rows.is_finite(), "a number in a table is finite");
    let mut fields = Vec::new();
    for (i, name) in names.iter().enumerate() {
        assert!(is_name(name, &names[..i]), "not a name of one column: {name:?}");
        let plain = !name.contains([',', ';', '\t', '"', '\u{feff}']);
        fields.push(if plain { name.clone() } else { quoted(name) });
    }
    let mut table = fields.join(",") + "\n";
    for i in 0..rows.rows() {
        let numbers = rows.row(i).iter().zip(decimals).map(|(x, decimals)| match decimals {
            Some(digits) => format!("{x:.*}", MOST_DIGITS.min(*digits) as usize),
            None => format!("{x:?}"),
        });
        table += &(numbers.collect::<Vec<_>>().join(",") + "\n");
    }
    table
}

/// Whether [`parse`] would find this name, after these others.
pub(super) fn is_name(name: &str, others: &[String]) -> bool {
    let found = text(quoted(name).as_bytes()).is_ok_and(|text| text == *name && !text.is_empty());
    found && !seems_a_number(name) && others.iter().all(|other| other != name)
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The names in a line, with commas between them and quotes as in a table.
///
/// # Errors
/// If a quote does not end.
pub fn names(line: &str) -> Result<Vec<String>, InputError> {
    let names = fields(line.as_bytes(), b',');
    names.map(|(_, field)| text(field).map(Cow::into_owned)).collect()
}

/// What the first line says about the others.
struct Head {
    header: bool,
    separator: u8,
    /// How many fields a line has.
    width: usize,
    /// The columns that are read, from left to right, each with its place in the table.
    chosen: Vec<(usize, usize)>,
}

impl Head {
    /// Also the names of the columns that are read, each in its place.
    fn read(line: &[u8], columns: Option<&[String]>) -> Result<(Self, Vec<String>), InputError> {
        not_empty(1, line)?;
        let separator = separator(line);
        let (mut header, mut width) = (None, 0);
        for (column, field) in fields(line, separator) {
            let text = text(field).map_err(|error| error.at(1, column))?;
            width = column;
            let is_name = !seems_a_number(&text);
            if !text.is_empty() && is_name != *header.get_or_insert(is_name) {
                let found = shown(&text) + if is_name { " among numbers" } else { " among names" };
                let expected = "a first line of names alone or of numbers alone";
                return Err(InputError::new(expected, found).at(1, column));
            }
        }
        let header = header.unwrap_or(true);
        let count = columns.map_or(width, <[String]>::len);
        if !(1..=MOST_COLUMNS).contains(&count) {
            let expected = format!("1 to {MOST_COLUMNS} columns (--columns chooses them)");
            return Err(InputError::new(expected, count.to_string()).at(1, None));
        }
        let names = fields(line, separator).filter_map(|(column, field)| {
            Some((column, if header { text(field).ok()? } else { format!("x{column}").into() }))
        });
        let (places, names) = match columns {
            Some(columns) => (choose(names, columns)?, columns.to_vec()),
            None => ((1..=width).collect(), all(names)?),
        };
        let mut chosen: Vec<_> = places.into_iter().zip(0..).collect();
        chosen.sort_unstable();
        Ok((Self { header, separator, width, chosen }, names))
    }

    /// Appends the numbers of a line.
    fn numbers(
        &self,
        row: usize,
        line: &[u8],
        data: &mut Vec<f64>,
        decimals: &mut [Option<u32>],
    ) -> Result<(), InputError> {
        not_empty(row, line)?;
        let start = data.len();
        data.resize(start + decimals.len(), 0.0);
        let mut chosen = self.chosen.iter().peekable();
        let mut count = 0;
        for (column, field) in fields(line, self.separator) {
            count = column;
            if column > self.width {
                continue; // it is counted
            }
            let text = text(field).map_err(|error| error.at(row, column))?;
            if let Some((_, place)) = chosen.next_if(|(next, _)| *next == column) {
                let (number, digits) = number(&text).map_err(|error| error.at(row, column))?;
                data[start + place] = number;
                let most = &mut decimals[*place];
                *most = most.zip(digits).map(|(most, digits)| most.max(digits));
            }
        }
        if count == self.width {
            return Ok(());
        }
        let plural = if self.width == 1 { "" } else { "s" };
        let expected = format!("{} field{plural}", self.width);
        Err(InputError::new(expected, count.to_string()).at(row, count.min(self.width) + 1))
    }
}

/// All names, if they can be names of columns.
fn all<'a>(names: impl Iterator<Item = (usize, Cow<'a, str>)>) -> Result<Vec<String>, InputError> {
    let mut all = Vec::new();
    for (column, name) in names {
        if name.is_empty() || all.iter().any(|other| *other == name) {
            let again = if name.is_empty() { "" } else { " again" };
            return Err(no_name_of_its_own(shown(&name) + again).at(1, column));
        }
        all.push(name.into_owned());
    }
    Ok(all)
}

/// Where the columns of these names are.
fn choose<'a>(
    names: impl Iterator<Item = (usize, Cow<'a, str>)> + Clone,
    columns: &[String],
) -> Result<Vec<usize>, InputError> {
    let mut order = HashMap::new();
    for (i, name) in columns.iter().enumerate() {
        if name.is_empty() {
            return Err(
                InputError::new("a name between the commas of --columns", "nothing").at(1, None)
            );
        }
        if order.insert(&name[..], i).is_some() {
            let found = shown(name) + " twice";
            return Err(InputError::new("each column once in --columns", found).at(1, None));
        }
    }
    let mut places = vec![None; columns.len()];
    let names = names.filter(|(_, name)| !name.is_empty());
    for (column, name) in names.clone() {
        let before = order.get(&*name).and_then(|i| places[*i].replace(column));
        if before.is_some() {
            return Err(no_name_of_its_own(shown(&name) + " again").at(1, column));
        }
    }
    if let Some(missing) = places.iter().position(Option::is_none) {
        let first: Vec<_> = names.clone().take(NAMES).map(|(_, name)| shown(&name)).collect();
        let count = names.count();
        let more = if count > NAMES { format!(", … ({count} in all)") } else { String::new() };
        let expected = format!("a column called {}", shown(&columns[missing]));
        return Err(InputError::new(expected, first.join(", ") + &more).at(1, None));
    }
    Ok(places.into_iter().flatten().collect())
}

fn no_name_of_its_own(found: String) -> InputError {
    InputError::of_column("a name of its own", found)
}

fn not_empty(row: usize, line: &[u8]) -> Result<(), InputError> {
    if line.iter().all(|byte| *byte == b' ') {
        return Err(InputError::new("a row of the table", "an empty line").at(row, None));
    }
    Ok(())
}
