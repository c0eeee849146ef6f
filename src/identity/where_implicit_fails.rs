//! T4, T5, T20, T31, T32: where implicit score matching stops being explicit score matching.
//!
//! ESM = ISM + ½ I(q) rests on one integration by parts, ∫ ψ q′ = −∫ ψ′ q. Each theorem here is the
//! right statement for a case in which something is left behind, and its nearest false statement the
//! plain one.
//!
//! | module | theorems |
//! |---|---|
//! | [`polynomials`] | T4, T5 for every polynomial score |
//! | [`weights`] | T4 weights that vanish on the boundary |
//! | [`edges`] | T4 a boundary, T5 a jump of a network |
//! | [`atoms`] | T20 finite data, T31 discrete data |
//! | [`tails`] | T32 infinite expectations |
//!
//! The page: `proofs/where_implicit_fails.md`.

pub mod atoms;
pub mod edges;
pub mod polynomials;
pub mod tails;
pub mod weights;

use super::{Claim, Sides, Theorem, enclosed};
use polynomials::MomentLaw::{Exponential, Uniform};

/// The theorems of this page.
pub const THEOREMS: &[Theorem] = &[
    Theorem {
        number: 4,
        statement: "ESM = ISM + ½I(q) − [qψ] at a boundary, and no bracket with weights that vanish there",
        claims: &[
            Claim::one("exponential data", POLYNOMIALS, || {
                Sides::proof(polynomials::boundary_of_polynomials(Exponential, 1.0))
            }),
            Claim::one("uniform data", POLYNOMIALS, || {
                Sides::proof(polynomials::boundary_of_polynomials(Uniform, 1.0))
            }),
            Claim::one("ISM weighted by x², exponential data", POLYNOMIALS, || {
                Sides::proof(polynomials::weighted_polynomials(Exponential, 1.0))
            }),
            Claim::one("ISM weighted by x²(1 − x)², uniform data", POLYNOMIALS, || {
                Sides::proof(polynomials::weighted_polynomials(Uniform, 1.0))
            }),
            Claim::one("any weights, up to the divergence of (wᵢψᵢq)", ANY_WEIGHTS, || {
                Sides::proof(weights::at_every_point(1.0))
            }),
            Claim::one("ISM weighted by xᵢ² in each coordinate, gamma data", GAMMA, || {
                Sides::proof(weights::gamma_in_the_plane())
            }),
            Claim::one(
                "its slope for (α − 1)/x − β is A(α − a, β − b)",
                "gamma data of every shape and rate",
                || Sides::proof(weights::gamma_estimate()),
            ),
            Claim::one(
                "ISM weighted by ‖x‖² and its flux, exponential data",
                QUADRATIC,
                || Sides::proofs([1, 2, 3].map(|d| weights::through_the_faces(d, 1.0))),
            ),
            Claim::one("ISM weighted by 1 − ‖x‖², uniform ball", CUBIC, || {
                Sides::proofs([1, 2, 3].map(|d| weights::uniform_ball(d, true)))
            }),
            Claim::one(
                "the same for (1 − ‖x‖²)ᵃ: −2αx/(1 − ‖x‖²) has ((α − a)² − a²)d/a",
                "d = 1, 2, 3, 4, every a and α",
                || Sides::proofs([1, 2, 3, 4].map(weights::ball_estimate)),
            ),
            Claim::any("a network on either", NETWORKS, edges::boundary),
            Claim::one("both weights, with the flux", QUADRANT, weights::on_the_quadrant),
        ],
        false_statements: &[
            Claim::one("ESM = ISM + ½I(q), exponential data", POLYNOMIALS, || {
                Sides::proof(polynomials::boundary_of_polynomials(Exponential, 0.0))
            }),
            Claim::one("ESM = ISM + ½I(q) + [qψ], uniform data", POLYNOMIALS, || {
                Sides::proof(polynomials::boundary_of_polynomials(Uniform, -1.0))
            }),
            Claim::one("a weight without the term of its slope", POLYNOMIALS, || {
                Sides::proof(polynomials::weighted_polynomials(Exponential, 0.0))
            }),
            Claim::one(
                "‖x‖² for all coordinates leaves nothing, exponential data",
                PLANE,
                || Sides::proof(weights::through_the_faces(2, 0.0)),
            ),
            Claim::one("no weight is needed on a ball", "every cubic ψ on the disc", || {
                Sides::proof(weights::uniform_ball(2, false))
            }),
        ],
    },
    Theorem {
        number: 5,
        statement: "a jump of ψ by δ at c adds q(c)δ to ISM, a moving kink q(c)w to its gradient",
        claims: &[
            Claim::one("a jump, Laplace data", PIECES, || {
                Sides::proof(polynomials::jump_of_polynomials(1.0))
            }),
            Claim::one(
                "a kink, Laplace data",
                "ψ = w relu(x + b) + g, every g of degree 5",
                || Sides::proof(polynomials::kink_of_polynomials(1.0)),
            ),
            Claim::any(
                "a network with a jump, Laplace or logistic data",
                NETWORKS,
                edges::at_a_jump,
            ),
        ],
        false_statements: &[
            Claim::one("the pointwise ψ′ will do at a jump", PIECES, || {
                Sides::proof(polynomials::jump_of_polynomials(0.0))
            }),
            Claim::one("a tape differentiates through a kink", PIECES, || {
                Sides::proof(polynomials::kink_of_polynomials(0.0))
            }),
        ],
    },
    Theorem {
        number: 20,
        statement: "a component collapsing on one of n points sends ISM to −∞ like −d/(ns²)",
        claims: &[
            Claim::one("ISM in closed form", "n = 2, d = 3, every X, s and weight", || {
                Sides::proof(atoms::collapse(&atoms::Collapse::every(2, 3), 1.0))
            }),
            Claim::any(
                "as computed",
                "random n up to 16, d up to 4, s from 2⁻¹ to 2⁻¹²",
                |rng| {
                    let i = atoms::Collapse::any(rng);
                    Sides::rounding(atoms::collapse(&i, 1.0), atoms::collapse(&enclosed(&i), 1.0))
                },
            ),
        ],
        false_statements: &[
            Claim::one("the same with the odds held fixed", "n = 2, d = 3", || {
                Sides::proof(atoms::collapse(&atoms::Collapse::every(2, 3), 0.0))
            }),
            Claim::one(
                "ISM ≥ −½I(q) on a sample of q, as it is over q itself",
                "4 points in the plane, s = 2⁻⁷",
                atoms::bounded_below,
            ),
        ],
    },
    Theorem {
        number: 31,
        statement: "a smoothed lattice is 1 + 2Σ exp(−2π²m²σ²/Δ²) cos(2πmx/Δ) times uniform",
        claims: &[
            Claim::one(
                "ISM = −d/s² on the lattice itself",
                "d up to 3, s = 2⁻⁶",
                atoms::on_a_lattice,
            ),
            Claim::any("density and score", "random σ from 0.15 Δ to 1.5 Δ", atoms::lattice),
        ],
        false_statements: &[Claim::one(
            "dequantisation is harmless at any σ",
            "σ = 0.3 Δ",
            atoms::any_noise_will_do,
        )],
    },
    Theorem {
        number: 32,
        statement: "I(gamma; x > ε) grows like ε^(a−2) for a < 2, 𝔼[x²; |x| < R] of Cauchy like R",
        claims: &[
            Claim::one("gamma in closed form has this slope", "every a and ε", || {
                Sides::proof(tails::slope_of_closed_form())
            }),
            Claim::one(
                "a = 2: E₁(ε) − (1 − ε)e^(−ε) has this slope",
                "every ε",
                || Sides::proof(tails::slope_of_shape_two(1.0)),
            ),
            Claim::any("gamma", "random a from 0.3 to 1.9, ε from 10⁻⁶ to 10⁻¹", tails::gamma),
            Claim::any("Cauchy", "random R up to 10⁶", tails::cauchy),
        ],
        false_statements: &[
            Claim::one("I(gamma; x > ε) is E₁(ε) for a = 2", "every ε", || {
                Sides::proof(tails::slope_of_shape_two(0.0))
            }),
            Claim::one("cutting off changes little", "a = 1.5, ε = 10⁻³", tails::settled),
        ],
    },
];

const POLYNOMIALS: &str = "every polynomial ψ of degree 5";
const ANY_WEIGHTS: &str = "the plane, every ψ and w of degree 2, every log q of degree 3";
const GAMMA: &str = "the plane, every two shapes and rates, every ψᵢ = P(x)/xᵢ of degree 3";
const QUADRATIC: &str = "d = 1, 2, 3, every ψ of degree 2";
const CUBIC: &str = "d = 1, 2, 3, every ψ of degree 3";
const PLANE: &str = "the plane, every ψ of degree 2";
const QUADRANT: &str = "q ∝ exp(−x − y − xy/2) on the quadrant";
const PIECES: &str = "every ψ of one polynomial of degree 5 below c ≥ 0, another above";
const NETWORKS: &str = "random networks of up to 8 hidden units";
