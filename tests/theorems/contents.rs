//! Every claim holds once, its check sees an error beyond its tolerance, and the tables of
//! `proofs/README.md` say what `identity::all()` says.
//!
//! A proof takes a while, so each is run here once for all three. Whoever changes a theorem finds in
//! the output the lines that belong in the tables:
//! `cargo test --test theorems contents -- --nocapture`.

use rand::SeedableRng;
use score_matching::{
    Array,
    grid::{Exact, Number, Polynomial},
    identity::{self, Evidence, Sides, Theorem},
    matrix::noise::Generator,
};
use std::time::Instant;

/// Checks every claim of the theorems with these numbers, and gives the lines of the tables: the cells
/// that a test can know. The last one, where a theorem stands and how long a proof takes, is free.
fn check(which: impl Fn(u8) -> bool) -> Vec<String> {
    let mut rng = Generator::seed_from_u64(0);
    let (mut theorems, mut proofs, mut perturbations) = (vec![], vec![], 0);
    let asked = identity::all().into_iter().filter(|theorem| which(theorem.number));
    for Theorem { number, statement, claims, false_statements } in asked {
        assert!(!claims.is_empty() && !false_statements.is_empty(), "T{number}");
        let mut kinds: Vec<Evidence> = vec![];
        for claim in claims {
            let start = Instant::now();
            let sides = claim.sides(&mut rng);
            let (terms, time) = (sides.terms(), start.elapsed().as_millis());
            kinds.push(sides.evidence());
            sides.agree().unwrap_or_else(|why| panic!("T{number}, {}: {why}", claim.statement));
            for moved in perturbed(&sides) {
                let seen = moved.residual() > 1.0;
                assert!(seen, "T{number}, {} ({}) misses an error", claim.statement, claim.on);
                perturbations += 1;
            }
            if sides.evidence() == Evidence::Proof {
                assert!(terms > 0, "T{number}, {}: 0 = 0 proves nothing", claim.statement);
                let name = format!("T{number}");
                let line = row(&[&name, claim.statement, claim.on, &terms.to_string()]);
                println!("{line} {time} ms |");
                proofs.push(line);
            }
        }
        assert!(kinds.is_sorted(), "T{number}: the strongest evidence first, not {kinds:?}");
        kinds.dedup();
        let kinds: Vec<&str> = kinds.into_iter().map(Evidence::name).collect();
        let wrong: Vec<&str> = false_statements.iter().map(|claim| claim.statement).collect();
        let (kinds, wrong) = (kinds.join(", "), wrong.join("; "));
        theorems.push(row(&[&format!("T{number}"), statement, &kinds, &wrong]));
    }
    println!("{perturbations} perturbations, all refused");
    [theorems, proofs].concat()
}

/// Sides with one error each. Numbers: every entry of both sides, moved by 2.5 times what it may be off,
/// up and down, or made NaN. Formulas: the last entry of every array on the left, moved by 2⁻⁵⁰ of a
/// new indeterminate.
fn perturbed(sides: &Sides) -> Vec<Sides> {
    let mut all = vec![];
    match sides {
        Sides::Formulas { left, right } => {
            // Array by array: to copy all the others each time would take gigabytes.
            for (l, r) in left.iter().zip(right) {
                let (rows, cols) = l.shape();
                let error = Polynomial::symbol("error").times(&Polynomial::of(2.0_f64.powi(-50)));
                // The last entry; the two sides are compared alike, so it is the left that moves.
                let last = (rows - 1, cols - 1);
                let moved = Exact::from_fn(rows, cols, |i, j| {
                    let entry = l.at(i, j).clone();
                    if (i, j) == last { entry.plus(&error) } else { entry }
                });
                all.push(Sides::proof([vec![moved], vec![r.clone()]]));
            }
        }
        Sides::Numbers { evidence, left, right, allowed } => {
            for (k, array) in allowed.iter().enumerate() {
                for entry in 0..array.data().len() {
                    // A gap of up to 1 is there already, so that 2.5 leave 1.5 at least. Where none
                    // is allowed, the next number is too far.
                    let tolerance = 2.5 * array.data()[entry];
                    for side in [0, 1] {
                        let moves: [&dyn Fn(f64) -> f64; 3] = [
                            &|x| (x + tolerance).max(x.next_up()),
                            &|x| (x - tolerance).min(x.next_down()),
                            &|_| f64::NAN,
                        ];
                        for change in moves {
                            let mut moved = [left.clone(), right.clone()];
                            let value = &mut moved[side][k].data_mut()[entry];
                            *value = change(*value);
                            let ([left, right], allowed) = (moved, allowed.clone());
                            all.push(Sides::Numbers { evidence: *evidence, left, right, allowed });
                        }
                    }
                }
            }
        }
    }
    all
}

/// The cells between bars; a bar in a cell is the sign for a norm.
fn row(cells: &[&str]) -> String {
    let cells: Vec<String> = cells.iter().map(|cell| cell.replace('|', "∣")).collect();
    format!("| {} |", cells.join(" | "))
}

fn contents_list(lines: Vec<String>) {
    let contents = include_str!("../../proofs/README.md");
    let lacks = |line: &String| !contents.lines().any(|l| l.starts_with(line));
    let missing: Vec<String> = lines.into_iter().filter(lacks).collect();
    assert!(missing.is_empty(), "proofs/README.md lacks\n{}", missing.join("\n"));
}

#[test]
fn the_theorems_are_numbered_without_a_gap() {
    let all = identity::all();
    assert!((1..).zip(&all).all(|(number, theorem)| theorem.number == number));
}

// In two halves, for two threads.

#[test]
fn every_claim_of_an_even_theorem_holds_sees_errors_and_is_in_the_contents_list() {
    contents_list(check(|number| number % 2 == 0));
}

#[test]
fn every_claim_of_an_odd_theorem_holds_sees_errors_and_is_in_the_contents_list() {
    contents_list(check(|number| number % 2 == 1));
}
