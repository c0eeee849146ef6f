//! The rows of a table in three parts, in units in which each column of the training and validation rows has
//! mean 0 and deviation 1.
//!
//! | part | is for |
//! |---|---|
//! | training | the network learns from these rows |
//! | validation | they say when to stop |
//! | test | they judge; nothing is fitted to them or chosen by them |
//!
//! Rows that are the same stay in one part: a test row with a twin among the training rows would only
//! ask whether the network knows it by heart.

use super::{InputError, Table};
use crate::{
    array::Array,
    experiment::stream,
    matrix::{Matrix, cholesky::Cholesky},
    statistics::Scatter,
};
use rand::seq::SliceRandom;
use std::{
    collections::HashMap,
    ops::{Range, RangeInclusive},
};

/// The fewest rows that differ, in all and for each column.
const FEWEST: usize = 60;
const FEWEST_A_COLUMN: usize = 6;
/// The fewest rows of a part that differ: training, validation, test. A batch of ten noise levels needs
/// ten rows, and a standard error a dozen.
const FEWEST_OF_A_PART: [usize; 3] = [30, 6, 12];
/// The most rows. A thousand take a second or two to be ranked, and more rows teach a network of this
/// size little.
pub const MOST: usize = 100_000;
/// The sizes that means and deviations may have: with them every number of the network, which is in
/// single precision, is one in the units of the table.
const SIZES: RangeInclusive<f64> = 1e-250..=1e250;
/// The most deviations that a number may be from the mean. There, numbers in single precision are 0.008
/// apart: further out, they could not tell the smallest noise.
const FURTHEST: f64 = 1e5;
/// The share of the rows that do not test and say when to stop.
const VALIDATION: f64 = 0.2;
/// A value this many deviations from the mean gets a note.
const FAR: f64 = 8.0;
/// A column is called rounded if it has fewer different values than this share of the rows that differ.
const ROUNDED: f64 = 0.5;

/// The least or greatest value of a column may be a code if this many rows have it and it is this many
/// deviations, and ten gaps, from the next.
const OFTEN: usize = 5;
const ALONE: f64 = 1.0;
/// The most columns that one line lists.
const LISTED: usize = 4;

/// What is 1 in each column: x ↦ (x − mean)/deviation, and back.
#[derive(Clone, Debug, PartialEq)]
pub struct Units {
    /// The mean of each column, (1, d).
    pub mean: Matrix,
    /// The standard deviation of each column, (1, d).
    pub deviation: Matrix,
}

impl Units {
    /// Whether a column may have this mean and this deviation.
    pub(super) fn are_possible(mean: f64, deviation: f64) -> bool {
        SIZES.contains(&deviation) && mean.abs() <= *SIZES.end()
    }

    /// The rows (n, d) of a table, standardised.
    ///
    /// # Errors
    /// If a number is more than 10⁵ deviations from the mean: the network could not tell its noise.
    pub fn of_table(&self, table: &Table) -> Result<Matrix, InputError> {
        let x = self.standardised(&table.rows);
        let far = |v: &f64| v.is_nan() || v.abs() > FURTHEST;
        let Some(place) = x.data().iter().position(far) else { return Ok(x) };
        let (i, j) = (place / x.cols(), place % x.cols());
        let expected = format!("a number at most {FURTHEST:e} deviations from the mean");
        let found = format!("{:?}", table.rows.at(i, j));
        Err(in_column(&table.names[j], &expected, &found).at(table.line(i), None))
    }

    /// Rows (n, d) in the units of the table, standardised.
    pub fn standardised(&self, x: &Matrix) -> Matrix {
        let Self { mean, deviation } = self;
        let (n, d) = x.shape();
        Matrix::from_fn(n, d, |i, j| (x.at(i, j) - mean.at(0, j)) / deviation.at(0, j))
    }

    /// Standardised rows (n, d) in the units of the table.
    pub fn own(&self, x: &Matrix) -> Matrix {
        let Self { mean, deviation } = self;
        let (n, d) = x.shape();
        Matrix::from_fn(n, d, |i, j| x.at(i, j) * deviation.at(0, j) + mean.at(0, j))
    }
}

/// A table that is ready to be learned from.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Rows {
    /// From the training and the validation rows.
    pub units: Units,
    /// All rows (n, d), standardised, in the order training, validation, test.
    pub x: Matrix,
    /// Which row of the table each of them is, from 0.
    pub order: Vec<usize>,
    /// Where the parts begin and end in that order.
    parts: [Range<usize>; 3],
    /// The covariance (d, d) of the standardised training and validation rows: with mean 0, the Gaussian
    /// of maximum likelihood.
    pub covariance: Matrix,
    /// What a careful reader should know of the data, a line each.
    pub remarks: Vec<String>,
}

impl Rows {
    /// Divides the table; `hold_out` is the share of the test rows.
    ///
    /// # Errors
    /// If there are too few rows that differ or too many in all, if a column is constant or a sum of
    /// multiples of those before it, beyond 10²⁵⁰ in size, or [too far out](Units::of_table).
    ///
    /// # Panics
    /// If the share is not between 0 and 1.
    #[track_caller]
    pub fn divide(table: &Table, hold_out: f64, seed: u64) -> Result<Self, InputError> {
        assert!(0.0 < hold_out && hold_out < 1.0, "a share of {hold_out}: one in (0, 1) expected");
        let (n, d) = table.rows.shape();
        if n > MOST {
            let expected = format!("at most {MOST} rows (a random part of them is enough)");
            return Err(InputError::new(expected, n.to_string()));
        }
        let mut twins = twins(&table.rows);
        let fewest = FEWEST.max(FEWEST_A_COLUMN * d);
        if twins.len() < fewest {
            let plural = if d == 1 { "" } else { "s" };
            let expected = format!("{fewest} rows that differ, for {d} column{plural}");
            return Err(InputError::new(expected, format!("{} (of {n} rows)", twins.len())));
        }
        twins.shuffle(&mut stream(seed, "fit rows"));
        // From the end, each part takes whole sets of twins until it has its share.
        let mut differ = [0; 3];
        let mut take = |part: usize, share: f64| {
            let mut taken = vec![];
            while (taken.len() as f64) < share {
                let Some(set) = twins.pop() else { break };
                differ[part] += 1;
                taken.extend(set);
            }
            taken
        };
        let test = take(2, hold_out * n as f64);
        let validation = take(1, VALIDATION * (n - test.len()) as f64);
        let training = take(0, n as f64);
        if differ.iter().zip(FEWEST_OF_A_PART).any(|(found, fewest)| *found < fewest) {
            let expected =
                format!("a --hold-out that leaves {FEWEST_OF_A_PART:?} rows that differ");
            let found = format!("{differ:?} to train, to validate and to test");
            return Err(InputError::new(expected, found));
        }
        let ends = [0, training.len(), training.len() + validation.len(), n];
        let order = [training, validation, test].concat();
        let units = units(&table.rows.select(&order[..ends[2]]), &table.names)?;
        let x = units.of_table(table)?.select(&order);
        let known = x.select(&(0..ends[2]).collect::<Vec<_>>());
        let squares = known.tn(&known) * (1.0 / known.rows() as f64);
        let covariance = Matrix::from_fn(d, d, |i, j| squares.at(i.max(j), i.min(j)));
        if let Err(cause) = Cholesky::of_sums(&covariance, known.rows()) {
            let found = "a sum of multiples of the columns before it";
            return Err(in_column(&table.names[cause.row], "numbers of its own", found));
        }
        let remarks = remarks(&x, &table.names, n - differ.iter().sum::<usize>());
        let parts = [0, 1, 2].map(|part| ends[part]..ends[part + 1]);
        Ok(Self { units, x, order, parts, covariance, remarks })
    }

    /// Where the training, the validation and the test rows are in [`Rows::x`].
    pub fn parts(&self) -> [Range<usize>; 3] {
        self.parts.clone()
    }

    /// The training, the validation and the test rows, standardised: (m, d) each.
    pub fn divided(&self) -> [Matrix; 3] {
        self.parts().map(|part| self.x.select(&part.collect::<Vec<_>>()))
    }
}

/// An error about a column.
fn in_column(name: &str, expected: &str, found: &str) -> InputError {
    InputError::of_column(format!("{expected} in column '{name}'"), found)
}

/// The sets of rows that are the same, in the order in which they first come.
fn twins(x: &Matrix) -> Vec<Vec<usize>> {
    let mut places: HashMap<Vec<u64>, usize> = HashMap::new();
    let mut sets: Vec<Vec<usize>> = vec![];
    for i in 0..x.rows() {
        // −0 and 0 are the same number.
        let key = x.row(i).iter().map(|v| (v + 0.0).to_bits()).collect();
        let place = *places.entry(key).or_insert(sets.len());
        if place == sets.len() {
            sets.push(vec![]);
        }
        sets[place].push(i);
    }
    sets
}

/// Mean and deviation of each column of x (n, d).
fn units(x: &Matrix, names: &[String]) -> Result<Units, InputError> {
    let mut columns = vec![];
    for (j, name) in names.iter().enumerate() {
        let values: Vec<f64> = (0..x.rows()).map(|i| x.at(i, j)).collect();
        if values.iter().all(|v| *v == values[0]) {
            let found = format!("{} in all rows that do not test", values[0]);
            return Err(in_column(name, "numbers that differ", &found));
        }
        let column = Scatter::of(&values);
        let deviation = column.deviation();
        if !Units::are_possible(column.mean, deviation) {
            let expected = format!("sizes from {:e} to {:e}", SIZES.start(), SIZES.end());
            let found = format!("a mean of {:e} and a deviation of {deviation:e}", column.mean);
            return Err(in_column(name, &expected, &found));
        }
        columns.push(column);
    }
    let row = |of: fn(&Scatter) -> f64| Matrix::from_fn(1, columns.len(), |_, j| of(&columns[j]));
    Ok(Units { mean: row(|c| c.mean), deviation: row(Scatter::deviation) })
}

/// Repeated rows, columns of few values, heavy tails, and what may be codes for missing values.
fn remarks(x: &Matrix, names: &[String], repeated: usize) -> Vec<String> {
    let n = x.rows();
    let (mut rounded, mut far, mut codes) = (vec![], vec![], vec![]);
    for (j, name) in names.iter().enumerate() {
        let mut values: Vec<f64> = (0..n).map(|i| x.at(i, j)).collect();
        values.sort_by(f64::total_cmp);
        let furthest = values[0].abs().max(values[n - 1].abs());
        let counts: Vec<usize> = values.chunk_by(|a, b| a == b).map(<[f64]>::len).collect();
        values.dedup();
        let mut gaps: Vec<f64> = values.windows(2).map(|pair| pair[1] - pair[0]).collect();
        gaps.sort_by(f64::total_cmp);
        let gap = gaps[gaps.len() / 2];
        if (values.len() as f64) < ROUNDED * (n - repeated) as f64 {
            rounded.push((gap, format!("'{name}' ({} values, {gap:.2} apart)", values.len())));
        }
        if furthest > FAR {
            far.push((furthest, format!("'{name}' (up to {furthest:.0})")));
        }
        let last = values.len() - 1;
        for (end, next) in [(0, 1), (last, last - 1)] {
            let apart = (values[end] - values[next]).abs();
            if counts[end] >= OFTEN && apart > ALONE && apart > 10.0 * gap {
                codes.push((apart, format!("'{name}' ({} rows)", counts[end])));
            }
        }
    }
    let twins =
        format!("{repeated} of {n} rows repeat another; rows that are the same stay in one part");
    let are = [repeated > 0, !rounded.is_empty(), !far.is_empty(), !codes.is_empty()];
    let rounded = format!(
        "rounded columns, in standard deviations: {}; noise much narrower than that sees single values, \
         and no density",
        listed(rounded)
    );
    let far =
        format!("columns with values far from the mean, in standard deviations: {}", listed(far));
    let codes = format!(
        "columns whose last value is frequent and far from the next: {}; is it a code for a missing value?",
        listed(codes)
    );
    let said = are.into_iter().zip([twins, rounded, far, codes]);
    said.filter_map(|(is_so, remark)| is_so.then_some(remark)).collect()
}

/// Those with the largest numbers.
fn listed(mut columns: Vec<(f64, String)>) -> String {
    columns.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    let more = columns.len().saturating_sub(LISTED);
    let end = if more > 0 { format!(" and {more} more") } else { String::new() };
    let first: Vec<String> = columns.into_iter().take(LISTED).map(|(_, column)| column).collect();
    first.join(", ") + &end
}
