//! T2, T3, T6: explicit and implicit score matching differ by a constant (Hyvärinen 2005).
//!
//! ```text
//! T2  𝔼_q[½‖ψ − ∇ log q‖²] = 𝔼_q[½‖ψ‖² + tr ∂ψ/∂x] + ½ I(q)
//! T3  𝔼_q[⟨ψ, ∇ log q⟩ + tr ∂ψ/∂x] = 0
//! T6  𝔼_z[½‖ψ(x + σz) + z/σ‖²] = 𝔼_z[½‖ψ‖² + tr ∂ψ/∂x](x + σz) + d/(2σ²)      for every x
//! ```
//!
//! The left sides never see the trace, the right sides never see the score of the data but for its
//! square. For polynomials ψ under a Gaussian all expectations are finite sums of moments, and the
//! identities are proved: [`ScoreUnderLaw::every`]. For networks, energies and mixtures the same
//! functions are integrated: [`ScoreUnderMixture::at_nodes`].
//!
//! The page: `proofs/explicit_implicit.md`.

mod any_score;
pub mod failures;
mod laws;

pub use any_score::AnyScore;
pub use laws::{ScoreAroundPoint, ScoreUnderLaw, ScoreUnderMixture};

use super::{Claim, Sides, Theorem, magnitude};
use crate::{
    array::Array, autodiff::Tape, grid::Exact, matrix::noise::Generator, model::Parameters,
};
use failures::{refuted, refuted_around_a_point};
use laws::standard_point;

/// The theorems of this page.
pub const THEOREMS: &[Theorem] = &[
    Theorem {
        number: 2,
        statement: "ESM = ISM + ½ I(q), and so their gradients",
        claims: &[
            Claim::one("loss and gradient", POLYNOMIALS, || proved(equivalence)),
            Claim::any("loss and gradient", ON_THE_LINE, |rng| {
                doubled_on_the_line(rng, |law| law.integrals(equivalence(law)))
            }),
        ],
        false_statements: &[
            Claim::one("the same with ESM written without its ½", CUBIC, || {
                refuted(|p| [(p.psi.clone() - &p.data_score).squared_norm(), p.implicit()])
            }),
            Claim::one("the same with the trace of the other sign", CUBIC, || {
                refuted(|p| [p.explicit(), p.implicit_with(-p.trace())])
            }),
            Claim::one("the same with ∂ψ₁/∂x₁ for the trace", CUBIC, || {
                refuted(|p| [p.explicit(), p.implicit_with(p.first_slope())])
            }),
            Claim::one("the same with I(q) for ½ I(q)", CUBIC, || {
                refuted(|p| [p.explicit(), p.implicit() + p.half_information()])
            }),
        ],
    },
    Theorem {
        number: 3,
        statement: "𝔼[⟨ψ, ∇ log q⟩ + tr ∂ψ/∂x] = 0",
        claims: &[
            Claim::one("coordinate by coordinate", POLYNOMIALS, || proved(by_parts)),
            Claim::one("up to the 56th moment", "d = 1, every degree up to 55, N(0, 1)", || {
                Sides::proof(mean(1, by_parts(&ScoreUnderLaw::standard(55))))
            }),
            Claim::any("by parts", ON_THE_LINE, |rng| doubled_on_the_line(rng, integrals_by_parts)),
        ],
        false_statements: &[
            Claim::one("the same with the trace of the other sign", CUBIC, || {
                refuted(|p| [p.psi.inner(&p.data_score), p.trace()])
            }),
            Claim::any("the same where qψ does not vanish", "Cauchy, (1 + x²) arctan x", |rng| {
                failures::heavy_tails(rng)
            }),
            Claim::one(
                "the same where qψ vanishes too slowly",
                "qψ = x/(1 + ‖x‖²), d = 2",
                || failures::leak(1024, 0.0),
            ),
        ],
    },
    Theorem {
        number: 6,
        statement: "around every clean point, 𝔼_z ESM = 𝔼_z ISM + d/(2σ²)",
        claims: &[
            Claim::one("loss and gradient", "degree and d as in T2, every ψ, x, σ", || {
                let formulas =
                    |(d, degree)| mean(d, noisy_equivalence(&ScoreAroundPoint::every(d, degree)));
                Sides::proofs(SHAPES.map(formulas))
            }),
            Claim::any("loss and gradient", "random scores on the line, x and σ", |rng| {
                let (seed, psi) = (rng.clone(), AnyScore::random(1, rng));
                Sides::doubled(|k| {
                    let steps = k * STEPS_ON_THE_LINE;
                    let around = ScoreAroundPoint::random(psi.clone(), 1, steps, &mut seed.clone());
                    around.law().integrals(noisy_equivalence(&around))
                })
            }),
        ],
        false_statements: &[
            Claim::one("the same with the target −z/σ²", CUBIC_AROUND, || {
                refuted_around_a_point(|around, [_, right]| {
                    [around.explicit_with_target_over_sigma_squared(), right]
                })
            }),
            Claim::one("the same with d/2 for d/(2σ²)", CUBIC_AROUND, || {
                refuted_around_a_point(|around, [left, _]| [left, around.implicit() + 1.0])
            }),
        ],
    },
];

/// Dimension and degree of the fields of the proofs.
const SHAPES: [(usize, usize); 4] = [(1, 5), (2, 3), (3, 2), (8, 1)];
const POLYNOMIALS: &str = "every ψ of degree 5, 3, 2, 1 in d = 1, 2, 3, 8 under every Gaussian";
const CUBIC: &str = "every cubic ψ in the plane under every Gaussian";
const CUBIC_AROUND: &str = "every cubic ψ in the plane, x and σ";
const ON_THE_LINE: &str = "random networks, energies, autoencoders and mixtures on the line";

/// Steps before doubling on the line. Poles come to 0.4 in the worst of the random networks, and
/// e^(−2π · 0.4 · 256/22) = 2·10⁻¹³ is the rounding of 256 nodes.
const STEPS_ON_THE_LINE: usize = 256;

/// T2: ESM and ISM + ½ I(q), each with its gradient in θ by the tape.
pub fn equivalence<A: Array>(law: &ScoreUnderLaw<A>) -> [Vec<A>; 2] {
    let tape = Tape::new();
    let law = law.on(&tape);
    let theta = law.psi.clone().into_list();
    law.objectives().map(|side| side.inner(&law.weights).sum().with_gradient(&theta))
}

/// T3: 𝔼[ψᵢ ∂ᵢ log q] and −𝔼[∂ᵢψᵢ], for each coordinate i: (1, d).
pub fn by_parts<A: Array>(law: &ScoreUnderLaw<A>) -> [Vec<A>; 2] {
    let cross = law.psi.score(&law.x) * &law.data_score;
    let (_, diagonal) = law.psi.score_and_diagonal(&law.x);
    [vec![law.weights.tn(&cross)], vec![-law.weights.tn(&diagonal)]]
}

/// The same as integrals.
pub fn integrals_by_parts(law: &ScoreUnderLaw) -> Sides {
    let (psi, diagonal) = law.psi.score_and_diagonal(&law.x);
    let terms = magnitude(&(psi * &law.data_score)) + magnitude(&diagonal);
    Sides::integrals(by_parts(law), vec![law.weights.tn(&terms)], law.x.rows())
}

/// T6: both sides around a clean point, each with its gradient in θ by the tape.
pub fn noisy_equivalence<A: Array>(around: &ScoreAroundPoint<A>) -> [Vec<A>; 2] {
    let tape = Tape::new();
    let around = around.on(&tape);
    let theta = around.psi.clone().into_list();
    around.objectives().map(|side| side.inner(&around.weights).sum().with_gradient(&theta))
}

/// 𝔼_z of every array of both sides, z a point in d dimensions.
fn mean(d: usize, sides: [Vec<Exact>; 2]) -> [Vec<Exact>; 2] {
    let z = standard_point(d);
    sides.map(|side| side.iter().map(|a| a.gaussian_mean(&z)).collect())
}

/// An identity for every ψ of the [`SHAPES`] under every Gaussian.
fn proved(identity: fn(&ScoreUnderLaw<Exact>) -> [Vec<Exact>; 2]) -> Sides {
    Sides::proofs(SHAPES.map(|(d, degree)| mean(d, identity(&ScoreUnderLaw::every(d, degree)))))
}

/// An identity as integrals, for a random score and mixture.
fn doubled_on_the_line(rng: &mut Generator, sides: fn(&ScoreUnderLaw) -> Sides) -> Sides {
    let instance = ScoreUnderMixture::random(1, rng);
    Sides::doubled(|k| sides(&instance.at_nodes(k * STEPS_ON_THE_LINE)))
}
