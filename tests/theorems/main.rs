//! The theorems. A module has the name of its page in `proofs/`, or of the part of it that it
//! checks: `cargo test --test theorems tweedie` runs one.

mod annealing;
#[path = "../common/mod.rs"]
mod common;
mod contents;
mod contrastive_divergence;
mod denoising_autoencoder;
mod denoising_explicit;
mod derivatives;
mod energies_and_scores;
mod explicit_implicit;
mod exponential_families;
mod fisher_kl;
mod formulas;
mod identities;
mod langevin;
mod probes;
mod routes;
mod softplus_mixture;
mod traces;
mod tweedie;
