//! Handwritten digits: 1797 images of 8×8 pixels, shipped inside the crate.
//!
//! E. Alpaydin and C. Kaynak, *Optical Recognition of Handwritten Digits*, UCI Machine Learning
//! Repository. Each pixel is a count from 0 to 16, read here as a number in [0, 1].
//!
//! The file has one line an image: 64 digits in base 17 (0–9, A–G), row by row, a blank, the label.
//! The split is fixed: the first 1500 lines train, the last 297 are held out.

use crate::matrix::Matrix;
use std::fmt;

/// Pixels along one side of an image.
pub const SIDE: usize = 8;
/// Pixels of an image.
pub const PIXELS: usize = SIDE * SIDE;
/// How many of the lines are for training.
pub const TRAINING: usize = 1500;

/// The largest value of a pixel in the file.
const WHITE: u32 = 16;

/// The digits, split once and for all.
#[derive(Clone, Debug)]
pub struct Digits {
    /// (1500, 64), pixels in [0, 1].
    pub training: Matrix,
    /// (297, 64), pixels in [0, 1].
    pub held_out: Matrix,
    /// The label of each training image.
    pub training_labels: Vec<u8>,
    /// The label of each held-out image.
    pub held_out_labels: Vec<u8>,
}

/// A line that is not an image: where it stands and what was expected there.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ParseError {
    /// Line, from 1.
    pub row: usize,
    /// Character in the line, from 1.
    pub column: usize,
    /// What should have been there.
    pub expected: &'static str,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "digits.txt:{}:{}: expected {}", self.row, self.column, self.expected)
    }
}

impl std::error::Error for ParseError {}

impl Digits {
    /// The digits that are shipped with the crate.
    ///
    /// ```
    /// use score_matching::{Array, dataset::Digits};
    ///
    /// let digits = Digits::load();
    /// assert_eq!(digits.training.shape(), (1500, 64));
    /// assert_eq!(digits.held_out.shape(), (297, 64));
    /// assert_eq!(digits.training_labels[..10], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    /// ```
    ///
    /// # Panics
    /// Never: the file is part of the program, and a test reads it.
    pub fn load() -> Self {
        let (pixels, labels) =
            parse(include_str!("digits/digits.txt")).expect("the shipped file is well formed");
        let rows = |range: std::ops::Range<usize>| {
            let pixels = pixels[range.start * PIXELS..range.end * PIXELS].to_vec();
            Matrix::from_vec(range.len(), PIXELS, pixels)
        };
        Self {
            training: rows(0..TRAINING),
            held_out: rows(TRAINING..labels.len()),
            training_labels: labels[..TRAINING].to_vec(),
            held_out_labels: labels[TRAINING..].to_vec(),
        }
    }

    /// Training and held-out digits together, (1797, 64).
    pub fn all(&self) -> Matrix {
        let pixels = [self.training.data(), self.held_out.data()].concat();
        Matrix::from_vec(self.training.rows() + self.held_out.rows(), PIXELS, pixels)
    }
}

/// Pixels in [0, 1], row by row, and labels.
///
/// # Errors
/// At the first character that does not belong, or if there is no line.
fn parse(text: &str) -> Result<(Vec<f64>, Vec<u8>), ParseError> {
    let mut pixels = Vec::new();
    let mut labels = Vec::new();
    for (row, line) in text.lines().enumerate() {
        let mut characters = line.chars();
        let mut column = 0;
        let mut next = |expected, read: fn(char) -> Option<u32>| {
            column += 1;
            let error = ParseError { row: row + 1, column, expected };
            characters.next().map_or(Err(error.clone()), |c| read(c).ok_or(error))
        };
        for _ in 0..PIXELS {
            let pixel = next("a pixel from 0 to G", |c| c.to_digit(WHITE + 1))?;
            pixels.push(f64::from(pixel) / f64::from(WHITE));
        }
        next("a blank", |c| (c == ' ').then_some(0))?;
        labels.push(next("a label from 0 to 9", |c| c.to_digit(10))? as u8);
        if let Some(column) = line.char_indices().nth(column).map(|_| column + 1) {
            return Err(ParseError { row: row + 1, column, expected: "the end of the line" });
        }
    }
    if labels.is_empty() {
        return Err(ParseError { row: 1, column: 1, expected: "an image" });
    }
    Ok((pixels, labels))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_malformed_line_is_named_by_row_and_column() {
        let good = format!("{} 7\n", "0G".repeat(PIXELS / 2));
        let (pixels, labels) = parse(&good).unwrap();
        assert_eq!((&pixels[..2], labels), ([0.0, 1.0].as_slice(), vec![7]));

        let at = |text: &str| parse(text).map_err(|e| (e.row, e.column, e.expected));
        let bad_pixel = good.clone() + &good.replacen('G', "H", 1);
        assert_eq!(at(&bad_pixel), Err((2, 2, "a pixel from 0 to G")));
        assert_eq!(at(&good[..10]), Err((1, 11, "a pixel from 0 to G")));
        assert_eq!(at(&good.replace(' ', "-")), Err((1, 65, "a blank")));
        assert_eq!(at(&good.replace('7', "x")), Err((1, 66, "a label from 0 to 9")));
        assert_eq!(at(&good.replace('7', "77")), Err((1, 67, "the end of the line")));
        assert_eq!(at(""), Err((1, 1, "an image")));
        assert_eq!(at(&(good.clone() + "\n" + &good)), Err((2, 1, "a pixel from 0 to G")));
        assert_eq!(at(&format!("\u{feff}{good}")), Err((1, 1, "a pixel from 0 to G")));
        assert_eq!(at(&good.replacen('G', "Ω", 2)), Err((1, 2, "a pixel from 0 to G")));
        assert_eq!(at(&good.replace('7', "７")), Err((1, 66, "a label from 0 to 9")));
        assert_eq!(at(&good.replace('7', "7é")), Err((1, 67, "the end of the line")));
        assert_eq!(parse(&good.replace('\n', "\r\n")), parse(&good)); // from another system
        let error = ParseError { row: 2, column: 3, expected: "a blank" };
        assert_eq!(error.to_string(), "digits.txt:2:3: expected a blank");
    }

    /// The file once more, by bytes: the value of a character is its place in the alphabet.
    #[test]
    fn every_image_has_the_label_of_its_line() {
        let alphabet = "0123456789ABCDEFG";
        let lines: Vec<&str> = include_str!("digits/digits.txt").split_terminator('\n').collect();
        let digits = Digits::load();
        let labels = [&digits.training_labels[..], &digits.held_out_labels].concat();
        let images = digits.all();
        assert_eq!((lines.len(), images.rows(), labels.len()), (1797, 1797, 1797));
        let (training, held_out) = (digits.training.rows(), digits.held_out.rows());
        assert_eq!((training, digits.training_labels.len()), (1500, 1500));
        assert_eq!((held_out, digits.held_out_labels.len()), (297, 297));
        for (i, line) in lines.into_iter().enumerate() {
            let (image, label) = line.split_once(' ').expect("a blank");
            let pixel = |c| alphabet.find(c).expect("a letter") as f64 / 16.0;
            assert_eq!(images.row(i), image.chars().map(pixel).collect::<Vec<_>>(), "line {i}");
            assert_eq!(labels[i].to_string(), label, "line {i}");
        }
        for (rows, start) in [(&digits.training, 0), (&digits.held_out, 1500)] {
            assert!((0..rows.rows()).all(|i| rows.row(i) == images.row(start + i)));
        }
    }
}
