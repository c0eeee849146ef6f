//! What several tests need.

use proptest::test_runner::{Config, RngSeed};

/// This number of cases from a fixed seed, so that `cargo test` repeats. The environment may ask for
/// other ones: `PROPTEST_RNG_SEED` and `PROPTEST_CASES` are stronger than what is written here.
pub fn config(cases: u32) -> Config {
    Config { cases, rng_seed: RngSeed::Fixed(1), failure_persistence: None, ..Config::default() }
}
