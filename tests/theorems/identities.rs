//! Every theorem of [`score_matching::identity::all`] on random instances, and every counterexample.
//!
//! This is the net under the whole: whatever is added to the list is quantified over here. The
//! stronger evidence that some theorems admit stands in the test that carries the theorem's name.

use proptest::prelude::*;
use rand::SeedableRng;
use score_matching::{identity, matrix::noise::Generator};

proptest! {
    #![proptest_config(crate::common::config(200))]

    #[test]
    fn every_theorem_holds_on_every_instance(seed: u64) {
        for theorem in identity::all() {
            let check = (theorem.check)(&mut Generator::seed_from_u64(seed));
            prop_assert!(check.holds(), "T{} {}: {check:?}", theorem.number, theorem.statement);
        }
    }

    #[test]
    fn every_counterexample_fails_by_a_margin(seed: u64) {
        for theorem in identity::all() {
            let check = (theorem.counterexample)(&mut Generator::seed_from_u64(seed));
            let (number, statement) = (theorem.number, theorem.false_statement);
            prop_assert!(check.fails_by(10.0), "T{number} {statement}: {check:?}");
        }
    }
}
