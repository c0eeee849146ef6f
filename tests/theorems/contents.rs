//! The tables of `proofs/README.md` say what `identity::all()` says.
//!
//! Whoever changes a theorem finds here the lines that belong into the tables:
//! `cargo test --test theorems contents -- --nocapture`.

use rand::SeedableRng;
use score_matching::{
    identity::{self, Claim, Evidence, Theorem},
    matrix::noise::Generator,
};
use std::time::Instant;

/// The cells of a table that a test can know; the last one, where a theorem stands and how long a
/// proof takes, is free.
fn lines() -> Vec<String> {
    let mut rng = Generator::seed_from_u64(0);
    let (mut theorems, mut proofs) = (vec![], vec![]);
    for Theorem { number, statement, claims, false_statements } in identity::all() {
        let mut kinds: Vec<Evidence> = vec![];
        for claim in claims {
            let start = Instant::now();
            let sides = claim.sides(&mut rng);
            let time = start.elapsed();
            kinds.push(sides.evidence());
            if sides.evidence() == Evidence::Proof {
                let Claim { statement, on, .. } = claim;
                let terms = sides.terms();
                let line = row(&[&format!("T{number}"), statement, on, &terms.to_string()]);
                println!("{line} {} ms |", time.as_millis());
                proofs.push(line);
            }
        }
        kinds.dedup();
        let kinds: Vec<&str> = kinds.into_iter().map(Evidence::name).collect();
        let wrong: Vec<&str> = false_statements.iter().map(|claim| claim.statement).collect();
        let (kinds, wrong) = (kinds.join(", "), wrong.join("; "));
        theorems.push(row(&[&format!("T{number}"), statement, &kinds, &wrong]));
    }
    [theorems, proofs].concat()
}

/// The cells between bars; a bar in a cell is the sign for a norm.
fn row(cells: &[&str]) -> String {
    let cells: Vec<String> = cells.iter().map(|cell| cell.replace('|', "∣")).collect();
    format!("| {} |", cells.join(" | "))
}

#[test]
fn the_contents_list_every_theorem_with_its_evidence_and_every_proof() {
    let contents = include_str!("../../proofs/README.md");
    let missing: Vec<String> =
        lines().into_iter().filter(|line| !contents.lines().any(|l| l.starts_with(line))).collect();
    assert!(missing.is_empty(), "proofs/README.md lacks\n{}", missing.join("\n"));
}
