//! T4, T5, T20, T31, T32: where implicit score matching stops being explicit score matching.
//!
//! ESM = ISM + ½ I(q) rests on one integration by parts, ∫ ψ q′ = −∫ ψ′ q. Each theorem here is the
//! right statement for a case in which something is left behind, and its counterexample the plain
//! one.
//!
//! | module | theorems |
//! |---|---|
//! | [`edges`] | T4 a boundary, T5 a jump of the score |
//! | [`kinks`] | T5 a kink of the score |
//! | [`atoms`] | T20 finite data, T31 discrete data |
//! | [`tails`] | T32 infinite expectations |

pub mod atoms;
pub mod edges;
pub mod kinks;
pub mod tails;

use super::OldTheorem;
use rand::RngExt;

/// The theorems of this page.
pub const THEOREMS: &[OldTheorem] = &[
    OldTheorem {
        number: 4,
        statement: "ESM = ISM + ½I(q) − [qψ] where q does not vanish at the boundary",
        check: |rng| edges::boundary(rng),
        false_statement: "ESM = ISM + ½I(q) for the exponential density",
        counterexample: |rng| edges::without_the_boundary(rng),
    },
    OldTheorem {
        number: 5,
        statement: "a jump of ψ by δ at c adds q(c)δ to ISM, a moving kink q(c)w to its gradient",
        check: |rng| if rng.random() { edges::at_a_jump(rng) } else { kinks::at_a_kink(rng) },
        false_statement: "the pointwise ψ′ will do for Laplace data and ψ = −λ sign x",
        counterexample: |rng| edges::with_the_pointwise_trace(rng),
    },
    OldTheorem {
        number: 20,
        statement: "a component collapsing on one of n points sends ISM to −∞ like −d/(ns²)",
        check: |rng| atoms::collapse(rng),
        false_statement: "ISM ≥ −½I(q) on a sample of q, as it is over q itself",
        counterexample: |rng| atoms::bounded_below(rng),
    },
    OldTheorem {
        number: 31,
        statement: "a smoothed lattice is 1 + 2Σ exp(−2π²m²σ²/Δ²) cos(2πmx/Δ) times uniform",
        check: |rng| atoms::lattice(rng),
        false_statement: "dequantisation is harmless at any σ",
        counterexample: |rng| atoms::any_noise_will_do(rng),
    },
    OldTheorem {
        number: 32,
        statement: "I(gamma; x > ε) grows like ε^(a−2) for a < 2, 𝔼[x²; |x| < R] of Cauchy like R",
        check: |rng| tails::growth(rng),
        false_statement: "T2 holds for every density with a score, so cutting off changes little",
        counterexample: |rng| tails::settled(rng),
    },
];
