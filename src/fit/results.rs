//! What is found out about a table, as tables.

use super::{Fit, Model, table::write};
use crate::{array::Array, matrix::Matrix};

/// Digits behind the point that a denoised number has more than its column.
const MORE_DIGITS: u32 = 2;
/// Those of a log density.
const DIGITS: u32 = 4;

/// Standardised rows (n, d) as a table in the model's own units, with the digits of its columns: the text
/// of `samples.csv`.
pub fn samples(model: &Model, x: &Matrix) -> String {
    write(&model.names, &model.units.own(x), &model.decimals)
}

/// Standardised rows that were denoised, as a table in the model's own units with two more digits.
pub fn denoised(model: &Model, x: &Matrix) -> String {
    write(&model.names, &model.units.own(x), &more_digits(model))
}

fn more_digits(model: &Model) -> Vec<Option<u32>> {
    model.decimals.iter().map(|digits| digits.map(|digits| digits + MORE_DIGITS)).collect()
}

impl Fit {
    /// What is known of each row of the table, in its order: the text of `rows.csv`.
    ///
    /// | column | |
    /// |---|---|
    /// | those of the table | the row without the noise of the smallest level |
    /// | `log_density` | log q_σ at that level, in the units of the table |
    /// | `rank` | 1 for the row with the least density: the most unusual one |
    /// | `part` | 1 for a training row, 2 for a validation row, 3 for a test row |
    ///
    /// A column of the table that has one of these names keeps it; ours then ends in `_`.
    ///
    /// A low rank says that the model expects few such rows here. It does not say that the row is wrong;
    /// and in other units of measure, say logarithms, the ranks are others.
    pub fn rows_text(&self) -> String {
        let Self { model, rows, .. } = self;
        let (n, d) = rows.x.shape();
        let mut part = vec![0; n];
        for (number, range) in (1..).zip(rows.parts()) {
            rows.order[range].iter().for_each(|&row| part[row] = number);
        }
        let mut place = vec![0; n];
        rows.order.iter().enumerate().for_each(|(i, &row)| place[row] = i);
        let rank = ranks(self.log_density.data());
        let denoised = model.units.own(&model.denoised(&rows.x, model.scales.smallest()));
        let table = Matrix::from_fn(n, d + 3, |i, j| match j.checked_sub(d) {
            None => denoised.at(place[i], j),
            Some(0) => self.log_density.at(i, 0),
            Some(1) => rank[i] as f64,
            Some(_) => f64::from(part[i]),
        });
        let mut names = model.names.clone();
        for name in ["log_density", "rank", "part"] {
            let mut name = name.to_owned();
            while names.contains(&name) {
                name.push('_');
            }
            names.push(name);
        }
        let digits = [more_digits(model), vec![Some(DIGITS), Some(0), Some(0)]].concat();
        write(&names, &table, &digits)
    }
}

/// 1 for the least value; equal values have equal ranks.
fn ranks(values: &[f64]) -> Vec<usize> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    values.iter().map(|value| 1 + sorted.partition_point(|other| other < value)).collect()
}

#[cfg(test)]
mod tests {
    use super::ranks;

    #[test]
    fn the_least_is_the_first_and_equal_values_share_a_rank() {
        assert_eq!(ranks(&[5.0, -1.0, 5.0, 7.0, f64::NEG_INFINITY]), [3, 2, 3, 5, 1]);
    }
}
