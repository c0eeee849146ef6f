//! The table of the page `reference_values`: numbers for other implementations of score matching, and
//! what each becomes by a mistake.
//!
//! The numbers are computed here by the crate's own functions, each mistake by its own wrong formula.
//! Whoever changes them finds the table in the output, to be put in the place of the old one:
//! `cargo test --test theorems reference_values -- --nocapture`.

use score_matching::{Array, Matrix, corruption::NoiseScales, matrix::Real};
use std::collections::BTreeMap;

mod chains;
mod implicit;
mod line;
mod network;

/// σ
pub const SIGMA: f64 = 0.6;

/// The noise levels 2.4, 1.2, 0.6, 0.3.
pub fn scales() -> NoiseScales {
    NoiseScales::geometric(2.4, 0.3, 4)
}

/// A number of the table, under `right`, and what it becomes by mistakes.
pub struct Entry {
    name: &'static str,
    cases: Vec<(&'static str, f64)>,
}

/// A number and its mistakes.
pub fn entry(name: &'static str, value: f64, mistakes: &[(&'static str, f64)]) -> Entry {
    Entry { name, cases: [&[("right", value)], mistakes].concat() }
}

/// The mean of one number a sample.
pub fn mean(rows: Matrix) -> f64 {
    rows.mean().item()
}

fn entries() -> Vec<Entry> {
    let batch = network::Batch::of_the_page();
    [
        network::one_point(&batch),
        network::losses(&batch),
        network::slopes(&batch),
        implicit::traces(&batch),
        implicit::slopes(&batch),
        implicit::variants(&batch),
        implicit::levels(&batch),
        line::at_a_point(),
        line::on_average(),
        chains::one_step(&batch),
        chains::variances(),
        chains::weight(),
        chains::flow(&batch),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Whether two values are the same but for rounding: 1024 u of the larger one.
///
/// The largest condition number of the table is 60: a relative change of every input by 2u, as between
/// two libraries for sines, moves a value by 120 u at most. Each of the half dozen stages of a formula
/// (two products, a function between them, a square, a sum, a mean) may round by as much again.
fn same(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1024.0 * f64::UNIT_ROUNDOFF * a.abs().max(b.abs())
}

/// The rows of the table, as (name, case) and value.
fn kept() -> Vec<([&'static str; 2], f64)> {
    let lines = include_str!("../../proofs/reference_values.tsv").lines().skip(1);
    let row = |line: &'static str| {
        let cells: Vec<&str> = line.split('\t').collect();
        let [name, case, value] = cells[..] else { panic!("three cells expected: {line}") };
        ([name, case], value.parse().expect("a number"))
    };
    lines.map(row).collect()
}

#[test]
fn the_table_has_the_values_of_the_crate() {
    let (kept, mut lacks, mut count) = (kept(), vec![], 0);
    println!("name\tcase\tvalue");
    for Entry { name, cases } in entries() {
        for (case, value) in cases {
            let row = format!("{name}\t{case}\t{value:.16e}");
            println!("{row}");
            count += 1;
            if !kept.iter().any(|(key, v)| *key == [name, case] && same(*v, value)) {
                lacks.push(row);
            }
        }
    }
    assert!(lacks.is_empty(), "proofs/reference_values.tsv lacks\n{}", lacks.join("\n"));
    assert_eq!(kept.len(), count, "rows that belong to nothing");
}

/// The table tells the mistakes apart, also in single precision: of two values of one number the larger
/// is larger by a thousandth of itself.
#[test]
fn no_two_values_of_a_number_are_near_each_other() {
    let mut cases = BTreeMap::<&str, Vec<_>>::new();
    for ([name, case], value) in kept() {
        let others = cases.entry(name).or_default();
        for (other, v) in &*others {
            let far = f64::abs(value - v) > 1e-3 * f64::max(value.abs(), f64::abs(*v));
            assert!(far, "{name}: {case} and {other}");
        }
        others.push((case, value));
    }
    assert!(cases.values().all(|cases| cases[0].0 == "right" && cases.len() > 1));
}

/// A row of the page: the number to ten digits, what the mistakes make of it to four.
#[test]
fn the_page_shows_the_table() {
    let page = include_str!("../../proofs/reference_values.md");
    let mut numbers: Vec<(String, Vec<String>)> = vec![];
    for ([name, case], value) in kept() {
        if case == "right" {
            numbers.push((format!("| `{name}` | {} |", digits(value, 10)), vec![]));
        } else {
            let (_, mistakes) = numbers.last_mut().expect("the right value first");
            mistakes.push(format!("{case}: **{}**", digits(value, 4)));
        }
    }
    let count = format!("Here are {} numbers", numbers.len());
    assert!(page.contains(&count), "{count}");
    let rows =
        numbers.iter().map(|(right, mistakes)| format!("{right} {} |", mistakes.join(" · ")));
    let lines: Vec<&str> = page.lines().collect();
    let lacks: Vec<String> = rows.filter(|row| !lines.contains(&row.as_str())).collect();
    assert!(lacks.is_empty(), "proofs/reference_values.md lacks\n{}", lacks.join("\n"));
}

/// The number of significant digits.
fn digits(value: f64, count: i32) -> String {
    let before = value.abs().log10().floor() as i32 + 1;
    let after = (count - before).max(0) as usize;
    format!("{value:.after$}").replace('-', "−")
}
