//! What several tests need.
#![allow(dead_code, reason = "each test is a program of its own and needs a part")]

use proptest::test_runner::{Config, RngSeed};
use score_matching::{
    Array, Dual,
    model::{Autoencoder, Parameters},
};

/// So many cases from a fixed seed, so that `cargo test` repeats.
pub fn config(cases: u32) -> Config {
    Config { cases, rng_seed: RngSeed::Fixed(1), failure_persistence: None, ..Config::default() }
}

/// A model whose parameters are constants of forward mode.
pub fn constants<A: Array>(model: &Autoencoder<A>) -> Autoencoder<Dual<A>> {
    model.clone().map(|p| Dual::constant(&p))
}
