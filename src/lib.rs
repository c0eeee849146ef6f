//! Score matching from scratch: every theorem stated here checked by `cargo test`, every figure
//! drawn by `cargo run --release`, every formula written to be read.
//!
//! A **score** is the gradient of a log density, ψ(x) = ∇ₓ log p(x). It does not know the
//! normalising constant, and that is its point: a model p = e^(−E)/Z can be fitted through its
//! score without ever computing Z. This crate holds the models, the objectives, the training and
//! the theorems, on an automatic differentiation of its own.
//!
//! # One formula, many readings
//!
//! Every model and every objective is an ordinary function over [`Array`], the vocabulary of a
//! formula. It is read as numbers ([`Matrix`]), backwards on a tape ([`Var`]) or forwards with
//! tangents ([`Dual`]); with polynomials ([`grid::Exact`]), which prove that two formulas are equal,
//! or with intervals ([`grid::Enclosed`]), which bound what rounding may do. The readings compose.
//! Here the score follows from the energy:
//!
//! ```
//! use score_matching::{Array, Matrix, Tape};
//!
//! /// E(x) = ½‖x‖² + Σ softplus(x)
//! fn energy<A: Array>(x: &A) -> A {
//!     x.squared_norm() * 0.5 + x.clone().softplus().sum_over_dimensions()
//! }
//!
//! let tape = Tape::new();
//! let x = tape.var(&Matrix::from_rows([[0.0, -2.0]]));
//! let score = -energy(&x).sum().grad(&[x])[0]; // ψ = −∇E, itself a variable
//! let slopes = score.sum().grad(&[x])[0]; // differentiated again: ∂ψᵢ/∂xᵢ, since ψᵢ depends on xᵢ alone
//! assert_eq!(score.value().at(0, 0), -0.5);
//! assert_eq!(slopes.value().at(0, 0), -1.25);
//! ```
//!
//! # The floors
//!
//! A file imports from floors below its own, or from a neighbour on its own; never from above, and
//! never in a circle.
//!
//! | floor | module | what stands there |
//! |---|---|---|
//! | 0 | [`array`](mod@array) | the vocabulary: what a formula may use |
//! | 0 | [`file`](mod@file) | files that are written complete or not at all |
//! | 1 | [`matrix`] | numbers; the only floor with threads, vector instructions, and `unsafe` |
//! | 2 | [`grid`] | the vocabulary by definition: polynomials prove a formula, intervals bound it |
//! | 3 | [`autodiff`] | derivatives: one rule book, read in reverse and forward |
//! | 3 | [`quadrature`] | deterministic integrals, precise enough to be evidence |
//! | 4 | [`model`], [`corruption`], [`density`], [`dataset`] | what is learned, from what |
//! | 5 | [`objective`] | what is minimised: functionals of a score |
//! | 5 | [`discrepancy`] | how far samples are from data |
//! | 5 | [`statistics`] | how sure a mean of random numbers is |
//! | 6 | [`train`](mod@train), [`optimizer`], [`experiment`] | how it is minimised |
//! | 6 | [`sampler`] | from a score to samples |
//! | 6 | [`prelude`] | the names that nearly every program uses |
//! | 6 | [`identity`], [`proof`] | the theorems as functions, and what the proof pages use |
//! | 7 | [`fit`] | from a file of numbers to a model of them |
//! | 7 | `figure` | every picture; the only place that knows the plotting library (feature `figures`, on unless switched off) |
//!
//! **To read it**: [`model::autoencoder`], [`objective`] and [`train`](mod@train), with [`array`](mod@array)
//! beside them as the vocabulary: these four are score matching. Then [`sampler`], for what a score is good
//! for; then [`autodiff::rules`] and [`autodiff::tape`], to see that there is no magic. The proofs
//! are pages of their own, in `proofs/`.
//!
//! **To call it** from a program of one's own: [`prelude`] and the modules on floors 0 to 6 up to
//! [`sampler`]; [`model::Parameters`] shows how to train an energy of one's own. The project's own are
//! [`identity`], [`proof`], [`experiment`], [`fit`] and `figure`: they change without notice.
//!
//! # Conventions
//!
//! - Rows are samples, columns are dimensions, a scalar is (1, 1). Functions name their shapes.
//! - x is a clean point, x̃ = x + σz a corrupted one, θ the parameters, ψ the score.
//! - A norm sums over the dimensions; an expectation is a mean over the samples.
//! - A shape that does not fit is the programmer's error and panics at the caller's line, naming
//!   both shapes. What a user can get wrong returns a typed error.
//! - Every random thing takes its generator. The same seed gives the same bits on any number of
//!   threads, for a given instruction set (see [`matrix::door`]).
//!
//! # Numbers that hold everywhere
//!
//! A formula is right where its floating point is, so four rules hold throughout:
//!
//! - **NaN in, NaN out.** Or it is refused where it enters: in data, parameters, options.
//! - **±∞ gives the limit** where there is one, and NaN where there is none.
//! - **What is outside a domain is refused** at the caller's line, with the value and what was
//!   expected: σ = 0, a step of length −1, a mean of no samples. What shows only after arithmetic is a typed
//!   error: a singular covariance, a loss that is not finite, a chain that is lost.
//! - **Nothing finite is silently frozen, clamped, dropped or replaced.** An intermediate that would
//!   overflow before its result is written another way; a sum overflows where a partial sum does.
//!   A chain, a gradient or a parameter that leaves the finite numbers is an error that says so.
//!
//! A number given as f64 to arrays of f32 enters as the f32 next to it: 10⁻⁴⁶ as 0, 10³⁹ as ∞.
//!
//! How far a value may be from the true one is one table, `TABLE` in `tests/machine/oracle.rs`: units
//! in the last place for elementary functions, and for the rest the same units of a size that counts
//! what the arguments themselves leave open. Each row is tried over all exponents against some
//! hundred bits.

pub mod array;
pub mod autodiff;
pub mod corruption;
pub mod dataset;
pub mod density;
pub mod discrepancy;
mod domain;
pub mod experiment;
#[cfg(feature = "figures")]
pub mod figure;
pub mod file;
pub mod fit;
pub mod grid;
pub mod identity;
pub mod matrix;
pub mod model;
pub mod objective;
pub mod optimizer;
pub mod prelude;
pub mod proof;
pub mod quadrature;
pub mod sampler;
pub mod statistics;
pub mod train;

pub use array::Array;
pub use autodiff::{Dual, Tape, Var};
pub use matrix::Matrix;

/// Pages whose Rust blocks are run as documentation tests.
macro_rules! pages {
    ($($name:ident: $file:literal),* $(,)?) => {
        $(#[cfg(doctest)] #[doc = include_str!($file)] mod $name {})*
    };
}
pages! {
    readme: "../README.md",
    contents: "../proofs/README.md",
    evening: "../proofs/evening.md",
    energies_and_scores: "../proofs/energies_and_scores.md",
    softplus_mixture: "../proofs/softplus_mixture.md",
    explicit_implicit: "../proofs/explicit_implicit.md",
    where_implicit_fails: "../proofs/where_implicit_fails.md",
    boundary_weights: "../proofs/boundary_weights.md",
    denoising_explicit: "../proofs/denoising_explicit.md",
    denoising_autoencoder: "../proofs/denoising_autoencoder.md",
    tweedie: "../proofs/tweedie.md",
    traces: "../proofs/traces.md",
    small_noise: "../proofs/small_noise.md",
    exponential_families: "../proofs/exponential_families.md",
    blindness: "../proofs/blindness.md",
    noise_conditional: "../proofs/noise_conditional.md",
    fisher_kl: "../proofs/fisher_kl.md",
    langevin: "../proofs/langevin.md",
    langevin_bias: "../proofs/langevin_bias.md",
    entropy_dissipation: "../proofs/entropy_dissipation.md",
    annealed_langevin: "../proofs/annealed_langevin.md",
    contrastive_divergence: "../proofs/contrastive_divergence.md",
    derivatives: "../proofs/derivatives.md",
    curl: "../proofs/curl.md",
    latent_variables: "../proofs/latent_variables.md",
    probability_flow: "../proofs/probability_flow.md",
    tape: "../proofs/tape.md",
    pipeline: "../proofs/pipeline.md",
    own_data: "../proofs/own_data.md",
    by_polynomials: "../proofs/by_polynomials.md",
    common_slips: "../proofs/common_slips.md",
    reference_values: "../proofs/reference_values.md",
    answers: "../proofs/answers.md",
    answers_denoising: "../proofs/answers_denoising.md",
    answers_estimates: "../proofs/answers_estimates.md",
    answers_sampling: "../proofs/answers_sampling.md",
    speed: "../benches/README.md",
}
