//! The theorems. A module has the name of its page in `proofs/`, or of the part of it that it
//! checks: `cargo test --test theorems tweedie` runs one.

mod annealing;
mod blindness;
mod boundary_weights;
#[path = "../common/mod.rs"]
mod common;
mod contents;
mod contrastive_divergence;
mod curl;
mod denoising_autoencoder;
mod denoising_explicit;
mod derivatives;
mod energies_and_scores;
mod entropy_dissipation;
mod exchangeability;
mod explicit_implicit;
mod exponential_families;
mod fisher_kl;
mod formulas;
mod identities;
mod langevin;
mod langevin_bias;
mod latent_variables;
mod probability_flow;
mod probes;
mod reference_values;
mod routes;
mod sensor;
mod softplus_mixture;
mod traces;
mod tweedie;
