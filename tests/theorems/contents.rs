//! What is checked once holds, and the tables of `proofs/README.md` say what `identity::all()` says.
//!
//! A proof takes a while, so each is run here once for both. Whoever changes a theorem finds in the
//! output the lines that belong in the tables:
//! `cargo test --test theorems contents -- --nocapture`.

use rand::SeedableRng;
use score_matching::{
    identity::{self, Evidence, Theorem},
    matrix::noise::Generator,
};
use std::time::Instant;

/// The cells of a table that a test can know; the last one, where a theorem stands and how long a
/// proof takes, is free.
fn lines() -> Vec<String> {
    let mut rng = Generator::seed_from_u64(0);
    let (mut theorems, mut proofs, mut last) = (vec![], vec![], 0);
    for Theorem { number, statement, claims, false_statements } in identity::all() {
        last += 1;
        assert_eq!(number, last, "no theorem is missing, none stands twice");
        assert!(!claims.is_empty() && !false_statements.is_empty(), "T{number}");
        let mut kinds: Vec<Evidence> = vec![];
        for claim in claims {
            let start = Instant::now();
            let sides = claim.sides(&mut rng);
            let (terms, time) = (sides.terms(), start.elapsed().as_millis());
            kinds.push(sides.evidence());
            sides.agree().unwrap_or_else(|why| panic!("T{number}, {}: {why}", claim.statement));
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
    [theorems, proofs].concat()
}

/// The cells between bars; a bar in a cell is the sign for a norm.
fn row(cells: &[&str]) -> String {
    let cells: Vec<String> = cells.iter().map(|cell| cell.replace('|', "∣")).collect();
    format!("| {} |", cells.join(" | "))
}

#[test]
fn every_proof_holds_and_the_contents_list_every_theorem_with_its_evidence() {
    let contents = include_str!("../../proofs/README.md");
    let missing: Vec<String> =
        lines().into_iter().filter(|line| !contents.lines().any(|l| l.starts_with(line))).collect();
    assert!(missing.is_empty(), "proofs/README.md lacks\n{}", missing.join("\n"));
}
