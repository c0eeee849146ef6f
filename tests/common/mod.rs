//! What several tests need.

use proptest::test_runner::{Config, RngSeed};

/// So many cases from a fixed seed, so that `cargo test` repeats.
pub fn config(cases: u32) -> Config {
    Config { cases, rng_seed: RngSeed::Fixed(1), failure_persistence: None, ..Config::default() }
}
