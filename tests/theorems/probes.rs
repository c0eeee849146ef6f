//! T13 is proved for laws that are given by their moments. Here [`Probe::draw`] draws these laws.

use rand::SeedableRng;
use score_matching::{
    Array, Matrix,
    identity::{Sides, traces::probes::moment},
    matrix::{Real, noise::Generator},
    objective::sliced::Probe,
};

const D: usize = 6;
/// Among the fourth moments 1, 9/4 and 3 the nearest lie ¾ apart, and v₁⁴ of a Gaussian has the
/// standard deviation √96: ¾ is 78 standard errors of 2²⁰ draws.
const DRAWS: usize = 1 << 20;
const LAWS: [Probe; 3] = [Probe::Rademacher, Probe::Sphere, Probe::Gaussian];

/// v₁, v₁v₂, v₁², v₁²v₂², v₁⁴ by their exponents.
const MONOMIALS: [&[i32]; 5] = [&[1], &[1, 1], &[2], &[2, 2], &[4]];

/// The mean of a monomial over the draws, against its moment under a law.
fn monomial(draws: &Matrix, powers: &[i32], law: Probe) -> Sides {
    let value =
        |i: usize| powers.iter().enumerate().map(|(k, &a)| draws.at(i, k).powi(a)).product();
    let values: Vec<f64> = (0..draws.rows()).map(value).collect();
    Sides::monte_carlo(&values, moment(law, D, powers).to_f64())
}

/// Monte Carlo, 6 standard errors, seed 13. What does not vary, v₁² of a sign, must be exact.
#[test]
fn every_law_is_drawn_with_its_moments_and_with_no_others() {
    for law in LAWS {
        let draws = law.draw(DRAWS, D, &mut Generator::seed_from_u64(13));
        for powers in MONOMIALS {
            let sides = monomial(&draws, powers, law);
            assert!(sides.agree().is_ok(), "{law:?} {powers:?}: {sides:?}");
        }
        for other in LAWS.into_iter().filter(|other| *other != law) {
            assert!(monomial(&draws, &[4], other).differ_clearly(), "{law:?} is not {other:?}");
        }
    }
}

/// ‖v‖² = d for every direction, where the length does not vary; in the sum of d squares a term
/// passes through some d + 4 roundings.
#[test]
fn signs_and_the_sphere_have_one_length() {
    for law in [Probe::Rademacher, Probe::Sphere] {
        let squares = law.draw::<f64>(1000, D, &mut Generator::seed_from_u64(13)).squared_norm();
        let allowed = (D as f64 + 4.0) * f64::UNIT_ROUNDOFF * D as f64;
        assert!(squares.data().iter().all(|s| (s - D as f64).abs() <= 2.0 * allowed), "{law:?}");
    }
}
