//! A model as text: complete, readable, and the same bit for bit when it is read again.
//!
//! ```text
//! score-matching model 1
//! columns 2                        digits behind the point (- for any), name
//! 1 fixed acidity
//! - alcohol
//! mean 1 2                         a matrix: its rows and columns, then a line for each row
//! 8.31 10.4
//! …                                deviation, covariance
//! levels 10 1.72 0.135             L, σ₁, σ_L
//! network 2 128 128 2              its widths; softplus between its layers
//! …                                weights and biases, layer by layer, and level
//! checksum 0123456789abcdef        of all bytes above (FNV-1a)
//! ```

use super::Model;
use crate::{
    array::{Array, Function},
    corruption::NoiseScales,
    experiment::noise_conditional::Network,
    fit::{
        InputError,
        error::{read, shown},
        rows::Units,
        table,
    },
    matrix::{Matrix, Real, cholesky::Cholesky},
    model::{ScoreNetwork, network::Layer},
};
use std::{fmt, fs, ops::RangeInclusive, path::Path, str::FromStr};

/// What a file of this version begins with.
const FIRST: &str = "score-matching model 1";
/// The most noise levels, layers, and units of a layer: a file that says more is not ours.
const MOST_LEVELS: usize = 1000;
const MOST_LAYERS: usize = 16;
const MOST_UNITS: usize = 4096;

impl Model {
    /// The text of the model.
    pub fn text(&self) -> String {
        let mut parts = vec![format!("{FIRST}\ncolumns {}\n", self.names.len())];
        for (name, decimals) in self.names.iter().zip(&self.decimals) {
            let digits = decimals.map_or("-".to_owned(), |digits| digits.to_string());
            parts.push(format!("{digits} {name}\n"));
        }
        parts.push(matrix("mean", &self.units.mean));
        parts.push(matrix("deviation", &self.units.deviation));
        parts.push(matrix("covariance", &self.covariance));
        let (sigmas, smallest) = (self.scales.sigmas(), self.scales.smallest());
        parts.push(format!("levels {} {:?} {smallest:?}\n", sigmas.len(), sigmas[0]));
        let layers = &self.network.network.layers;
        let widths = layers.iter().map(|layer| layer.w.rows().to_string());
        let widths = [self.names.len().to_string()].into_iter().chain(widths);
        parts.push(format!("network {}\n", widths.collect::<Vec<_>>().join(" ")));
        for Layer { w, b } in layers {
            parts.extend([matrix("weights", w), matrix("biases", b)]);
        }
        parts.push(matrix("level", &self.network.level));
        let text = parts.concat();
        let checksum = checksum(text.as_bytes());
        text + &format!("checksum {checksum:016x}\n")
    }

    /// Whether there is a model in this file, of this version or of another.
    pub fn is_in(path: &Path) -> bool {
        fs::read(path).is_ok_and(|bytes| bytes.starts_with(b"score-matching model "))
    }

    /// The model in a file, as [`Model::parse`] reads it. An error names the file.
    ///
    /// # Errors
    /// If the file cannot be read, or [`Model::parse`] refuses what it holds.
    pub fn read(path: &Path) -> Result<Self, InputError> {
        read(path, Self::parse)
    }

    /// The model in a text that [`Model::text`] has made.
    ///
    /// # Errors
    /// If it is another text, of another version, cut short, or changed.
    pub fn parse(bytes: &[u8]) -> Result<Self, InputError> {
        let mut lines = Lines::of(bytes)?;
        let [d] = lines.counts("columns", 1..=1, table::MOST_COLUMNS)?[..] else { unreachable!() };
        let (mut names, mut decimals) = (vec![], vec![]);
        for _ in 0..d {
            let line = lines.next()?;
            let (digits, name) = line.split_once(' ').unwrap_or(("", line));
            let digits = if digits == "-" { Some(None) } else { digits.parse().ok().map(Some) };
            let digits = digits.filter(|d| d.is_none_or(|d| d <= table::MOST_DIGITS));
            let digits = digits.filter(|_| table::is_name(name, &names));
            decimals.push(digits.ok_or_else(|| lines.wrong("digits, a blank, a name", line))?);
            names.push(name.to_owned());
        }
        let mean = lines.matrix("mean", 1, d)?;
        let deviation: Matrix = lines.matrix("deviation", 1, d)?;
        let mut columns = mean.data().iter().zip(deviation.data());
        if !columns.all(|(mean, deviation)| Units::are_possible(*mean, *deviation)) {
            return Err(lines.wrong("means and deviations that a table can have", "others"));
        }
        let covariance: Matrix = lines.matrix("covariance", d, d)?;
        let mirrored = Matrix::from_fn(d, d, |i, j| covariance.at(j, i));
        if mirrored != covariance || Cholesky::new(&covariance).is_err() {
            return Err(lines.wrong("the covariance of a density", "another matrix"));
        }
        let (scales, network) = (lines.scales()?, lines.network(d)?);
        if let Ok(line) = lines.next() {
            return Err(lines.wrong("a checksum", line));
        }
        Ok(Self { names, decimals, units: Units { mean, deviation }, covariance, scales, network })
    }
}

/// A matrix below a line with its name, rows and columns. The digits tell each number from all others.
fn matrix<T: Real + fmt::Debug>(name: &str, x: &Matrix<T>) -> String {
    let (rows, cols) = x.shape();
    let mut text = format!("{name} {rows} {cols}\n");
    for i in 0..rows {
        let numbers: Vec<String> = x.row(i).iter().map(|x| format!("{x:?}")).collect();
        text += &(numbers.join(" ") + "\n");
    }
    text
}

/// The hash of Fowler, Noll and Vo with 64 bits (FNV-1a): it finds accidents, not forgeries.
fn checksum(bytes: &[u8]) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, step)
}

/// What is still to be read.
struct Lines<'a> {
    rest: std::str::Lines<'a>,
    /// The line that was read last, from 1.
    row: usize,
}

impl<'a> Lines<'a> {
    /// Those between the first line and the checksum, if these two are right.
    fn of(bytes: &'a [u8]) -> Result<Self, InputError> {
        let refused = |row, expected: &str, found: String| {
            Err(InputError::new(expected, found).at(row, None))
        };
        let first = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
        if first != FIRST.as_bytes() {
            return refused(1, &format!("'{FIRST}'"), shown(&String::from_utf8_lossy(first)));
        }
        let Ok(text) = std::str::from_utf8(bytes) else {
            return refused(1, "UTF-8", "other bytes: the file was changed".into());
        };
        let row = text.lines().count();
        let above = text.trim_end_matches('\n').rfind('\n').map_or(0, |end| end + 1);
        let (above, last) = text.split_at(above);
        if !(last.starts_with("checksum ") && last.ends_with('\n')) {
            return refused(
                row,
                "a line with a checksum",
                "the end: the file was cut short".into(),
            );
        }
        let right = format!("checksum {:016x}\n", checksum(above.as_bytes()));
        if last != right {
            let found = shown(last.trim_end()) + ": the file was changed";
            return refused(row, &format!("'{}'", right.trim_end()), found);
        }
        let mut rest = above.lines();
        rest.next();
        Ok(Self { rest, row: 1 })
    }

    /// An error in the line that was read last.
    fn wrong(&self, expected: &str, found: &str) -> InputError {
        InputError::new(expected, shown(found)).at(self.row, None)
    }

    fn next(&mut self) -> Result<&'a str, InputError> {
        self.row += 1;
        self.rest.next().ok_or_else(|| self.wrong("another line", "checksum"))
    }

    /// A line with a word, and as many counts from 1 to `most`.
    fn counts(
        &mut self,
        word: &str,
        many: RangeInclusive<usize>,
        most: usize,
    ) -> Result<Vec<usize>, InputError> {
        let line = self.next()?;
        let counts = line.strip_prefix(word).and_then(|counts| {
            let count = |text: &str| text.parse().ok().filter(|count| (1..=most).contains(count));
            counts.split(' ').skip(1).map(count).collect::<Option<Vec<usize>>>()
        });
        let counts = counts.filter(|counts| many.contains(&counts.len()));
        counts.ok_or_else(|| self.wrong(&format!("'{word}' and counts from 1 to {most}"), line))
    }

    /// A matrix of this name and shape.
    fn matrix<T: Real + FromStr>(
        &mut self,
        name: &str,
        rows: usize,
        cols: usize,
    ) -> Result<Matrix<T>, InputError> {
        let (heading, line) = (format!("{name} {rows} {cols}"), self.next()?);
        if line != heading {
            return Err(self.wrong(&format!("'{heading}'"), line));
        }
        let mut data = vec![];
        for _ in 0..rows {
            let line = self.next()?;
            let number = |text: &str| text.parse().ok().filter(|x: &T| x.to_f64().is_finite());
            let numbers: Option<Vec<T>> = line.split(' ').map(number).collect();
            let numbers = numbers.filter(|numbers| numbers.len() == cols);
            data.extend(
                numbers.ok_or_else(|| self.wrong(&format!("{cols} finite numbers"), line))?,
            );
        }
        Ok(Matrix::from_vec(rows, cols, data))
    }

    fn scales(&mut self) -> Result<NoiseScales, InputError> {
        let line = self.next()?;
        let scales = || {
            let fields: Vec<&str> = line.split(' ').collect();
            let ["levels", count, largest, smallest] = fields[..] else { return None };
            let count = count.parse().ok().filter(|count| (2..=MOST_LEVELS).contains(count))?;
            let (largest, smallest): (f64, f64) = (largest.parse().ok()?, smallest.parse().ok()?);
            // Levels that neither coincide nor have squares that are no numbers.
            let fit = smallest > 1e-9 && largest < 1e9 && largest > 1.001 * smallest;
            fit.then(|| NoiseScales::geometric(largest, smallest, count))
        };
        scales().ok_or_else(|| self.wrong("'levels', a count, σ₁ > σ_L > 0", line))
    }

    /// The network of a model with d columns.
    fn network(&mut self, d: usize) -> Result<Network, InputError> {
        let widths = self.counts("network", 2..=MOST_LAYERS + 1, MOST_UNITS)?;
        if [widths[0], widths[widths.len() - 1]] != [d, d] {
            return Err(self.wrong(&format!("a network from {d} columns to {d}"), "other widths"));
        }
        let mut layers = vec![];
        for pair in widths.windows(2) {
            let w = self.matrix("weights", pair[1], pair[0])?;
            layers.push(Layer { w, b: self.matrix("biases", 1, pair[1])? });
        }
        let network = ScoreNetwork { layers, activation: Function::Softplus };
        Ok(Network { network, level: self.matrix("level", widths[1], 1)?, width: 1.0 })
    }
}
