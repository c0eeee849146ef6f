//! A line of a table: its separator, its fields, and what they say.

use crate::fit::error::{InputError, shown, visible};
use std::{borrow::Cow, iter};

/// What may separate columns, the weakest first.
const SEPARATORS: &[u8] = b",\t;";

/// The separator of a table with this first line: the strongest that stands there outside quotes.
pub(super) fn separator(line: &[u8]) -> u8 {
    let (mut found, mut begins, mut quoted) = (0, true, false);
    for &byte in line {
        if byte == b'"' && (begins || quoted) {
            quoted = !quoted;
        } else if !quoted && byte != b' ' {
            let strength = SEPARATORS.iter().position(|separator| *separator == byte);
            begins = strength.is_some();
            found = found.max(strength.unwrap_or(0));
        }
    }
    SEPARATORS[found]
}

/// The fields of a line as they stand, with their columns from 1.
pub(super) fn fields(line: &[u8], separator: u8) -> impl Iterator<Item = (usize, &[u8])> + Clone {
    let mut rest = Some(line);
    (1..).zip(iter::from_fn(move || {
        let line = rest?;
        let first = line.iter().find(|byte| **byte == separator || !b" \t".contains(byte));
        let mut quoted = false;
        let end = line.iter().position(|byte| {
            quoted ^= first == Some(&b'"') && *byte == b'"';
            *byte == separator && !quoted
        });
        let end = end.unwrap_or(line.len());
        rest = line.get(end + 1..);
        Some(&line[..end])
    }))
}

/// What a field says, without the blanks and quotes around it.
pub(super) fn text(field: &[u8]) -> Result<Cow<'_, str>, InputError> {
    const BLANKS: [char; 2] = [' ', '\t'];
    let text = str::from_utf8(field).map_err(|error| {
        InputError::new("UTF-8", format!("the byte 0x{:02x}", field[error.valid_up_to()]))
    })?;
    if let Some(c) = text.chars().find(|c| c.is_control() && *c != '\t') {
        let found = format!("the control character {}", visible(&c.to_string()));
        return Err(InputError::new("text", found));
    }
    let text = text.trim_matches(BLANKS);
    let Some(quoted) = text.strip_prefix('"') else { return Ok(text.into()) };
    let inside = quoted.strip_suffix('"').map(|inside| inside.trim_matches(BLANKS));
    match inside {
        Some(inside) if !inside.contains('"') => Ok(inside.into()),
        Some(inside) if !inside.replace("\"\"", "").contains('"') => {
            Ok(inside.replace("\"\"", "\"").into())
        }
        _ => Err(InputError::new("a quote where the field ends, on its line", shown(text))),
    }
}

/// Whether a field of the first line is no name: it is a number, or one that is refused.
pub(super) fn seems_a_number(text: &str) -> bool {
    text.parse::<f64>().is_ok() || has_a_decimal_comma(text) || text.starts_with("0x")
}

fn has_a_decimal_comma(text: &str) -> bool {
    text.contains(',') && text.replacen(',', ".", 1).parse::<f64>().is_ok()
}

/// A number and the digits behind its point, if it has no exponent.
pub(super) fn number(text: &str) -> Result<(f64, Option<u32>), InputError> {
    let expected = match text.parse::<f64>() {
        Ok(number) if number.is_finite() => {
            let digits = text.split_once('.').map_or(0, |(_, behind)| behind.len() as u32);
            return Ok((number, (!text.contains(['e', 'E'])).then_some(digits)));
        }
        Ok(_) if text.contains(['n', 'N']) => "a finite number",
        Ok(_) => "a number of at most 1.8e308 in size",
        Err(_) if has_a_decimal_comma(text) => "a number with a decimal point",
        Err(_) => return Err(InputError::of_column("a number", shown(text))),
    };
    Err(InputError::new(expected, shown(text)))
}
