//! T21: the Metropolis-adjusted chain where the directions depend on each other, and at the edges of
//! its rule.
//!
//! On the line a wrong column is invisible. Here one step after the other is rebuilt bit for bit in
//! three dimensions, and the covariance is measured in the plane. Then: energies that are infinite or
//! not a number, and what is counted.

use crate::sampler::{generator, in_numbers, nothing_steps_over, states};
use rand::RngExt;
use score_matching::{
    Array, Matrix,
    identity::{Sides, langevin::biased_variance},
    matrix::{Real, noise::standard_normal},
    sampler::{
        Sampler, Step,
        metropolis::{Place, log_acceptance, log_proposal, metropolis},
    },
};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// E = ½ ⟨x, P x⟩ and ψ = −P x.
fn gaussian(precision: Matrix) -> impl Fn(&Matrix) -> (Matrix, Matrix) {
    move |x| {
        let pulled = x.nn(&precision);
        (x.inner(&pulled) * 0.5, -pulled)
    }
}

/// Everything is taken anew from where the chains are: energy and score from x, z and the uniforms
/// from a generator with the same seed. What the sampler carries along must be just that.
#[test]
fn every_step_is_rebuilt_bit_for_bit_in_three_dimensions() {
    let (n, d, epsilon) = (50, 3, 0.7);
    let precision = Matrix::from_rows([[2.0, 0.5, -0.3], [0.5, 1.0, 0.4], [-0.3, 0.4, 1.5]]);
    let potential = gaussian(precision);
    let place = |x: Matrix| {
        let (energy, score) = potential(&x);
        Place { x, energy, score }
    };
    let [mut rng, mut again] = [(); 2].map(|()| generator(26));
    let start: Matrix = standard_normal(n, d, &mut generator(27));
    let mut chains = metropolis(&potential, start.clone(), epsilon, &mut rng);
    assert_eq!(chains.acceptance(), 1.0, "before the first step");
    let (mut x, mut accepted) = (start, 0);
    for step in 1..=8 {
        let here = place(x);
        let z = standard_normal(n, d, &mut again);
        let there = place(Step::halved(epsilon).take(&here.x, here.score.clone(), z));
        let ratio = log_acceptance(&here, &there, epsilon);
        let moves: Vec<bool> =
            (0..n).map(|i| again.random::<f64>().ln() < ratio.at(i, 0)).collect();
        accepted += moves.iter().filter(|moved| **moved).count();
        x = Matrix::from_fn(n, d, |i, j| if moves[i] { &there } else { &here }.x.at(i, j));
        let found = chains.next().expect("without end").expect("finite");
        assert_eq!(found, x, "step {step}");
        assert_eq!(chains.acceptance(), accepted as f64 / (n * step) as f64, "step {step}");
    }
    // Both branches were taken.
    assert!(accepted > 0 && accepted < 8 * n, "{accepted}");
}

/// 20 000 chains for 30 steps from N(0, Σ), Σ = [[1, .6], [.6, 1]], in which they stay after every
/// step; seed 28. Σ has the eigenvalues 1.6 and 0.4 along (1, 1) and (1, −1), and so the unadjusted
/// chain has the half sum and difference of their biased variances, 48 and 22 standard errors away.
#[test]
fn the_adjusted_chain_has_the_covariance_of_p_in_the_plane() {
    let (n, epsilon) = (20_000, 1.0);
    let precision = Matrix::from_rows([[1.0, -0.6], [-0.6, 1.0]]) * (1.0 / 0.64);
    let mut rng = generator(28);
    let root = Matrix::from_rows([[1.0, 0.6], [0.0, 0.8]]); // rootᵀ root = Σ
    let start = standard_normal(n, 2, &mut rng).nn(&root);
    let mut chains = metropolis(gaussian(precision), start, epsilon, &mut rng);
    let x = chains.by_ref().after(30).expect("finite");
    let accepted = chains.acceptance();
    let [wide, narrow] = [1.6, 0.4].map(|v| biased_variance(v, epsilon));
    let (variance, covariance) = (0.5 * (wide + narrow), 0.5 * (wide - narrow));
    for (i, j, right, unadjusted) in
        [(0, 0, 1.0, variance), (0, 1, 0.6, covariance), (1, 1, 1.0, variance)]
    {
        let products: Vec<f64> = (0..n).map(|k| x.at(k, i) * x.at(k, j)).collect();
        let [own, biased] =
            [right, unadjusted].map(|expected| Sides::monte_carlo(&products, expected));
        assert!(own.agree().is_ok(), "{own:?}");
        assert!(biased.differ_clearly(), "as if unadjusted: {biased:?}");
    }
    assert!(accepted > 0.3 && accepted < 1.0, "{accepted}");
}

/// The energy of chain 1 is this, of the others 0.
fn second(energy: f64) -> impl Fn(&Matrix) -> (Matrix, Matrix) {
    move |x: &Matrix| {
        let energy = Matrix::from_fn(x.rows(), 1, |i, _| if i == 1 { energy } else { 0.0 });
        (energy, -x.clone())
    }
}

/// What f does from the fourth evaluation after the start on.
fn from_step_four(
    f: impl Fn(&Matrix) -> (Matrix, Matrix) + Sync,
) -> impl Fn(&Matrix) -> (Matrix, Matrix) + Sync {
    let calls = AtomicUsize::new(0);
    move |x: &Matrix| {
        let call = calls.fetch_add(1, Relaxed);
        let quiet = (x.squared_norm() * 0.5, -x.clone());
        if call < 4 { quiet } else { f(x) }
    }
}

#[test]
fn what_is_no_number_in_metropolis_is_an_error() {
    for energy in [f64::NAN, f64::NEG_INFINITY] {
        // The rule goes nowhere without a way back. Here the energy ends.
        nothing_steps_over("metropolis", |rng| {
            let potential = from_step_four(second(energy));
            Box::new(metropolis(potential, Matrix::zeros(3, 1), 0.1, rng))
        });
        let mut rng = generator(1);
        let first = metropolis(second(energy), Matrix::zeros(3, 1), 0.1, &mut rng).next();
        assert_eq!(first.map(in_numbers), Some(Err([1, 0, 1, 3])), "from the start");
    }
}

/// N(0, 1) on x > 0: E = +∞ elsewhere, where the score may be anything.
#[test]
fn a_place_of_infinite_energy_is_never_entered() {
    for outside in [f64::NAN, f64::INFINITY, 0.0] {
        let half = |x: &Matrix| {
            let inside = |x: f64, y: f64, outside: f64| if x > 0.0 { y } else { outside };
            let of = |f: &dyn Fn(f64) -> f64| Matrix::from_fn(x.rows(), 1, |i, _| f(x.at(i, 0)));
            (of(&|x| inside(x, 0.5 * x * x, f64::INFINITY)), of(&|x| inside(x, -x, outside)))
        };
        let mut rng = generator(5);
        let mut chains = metropolis(half, Matrix::from_fn(20_000, 1, |_, _| 1.0), 0.5, &mut rng);
        let path = states(chains.by_ref(), 60);
        assert!(path.iter().all(|x| x.data().iter().all(|x| *x > 0.0)), "{outside}");
        let accepted = chains.acceptance();
        assert!(accepted > 0.5 && accepted < 0.95, "{accepted}");
        // 𝔼x² = 1 on half a Gaussian as well: within 6 standard errors √(2/n)
        let mean = path[59].squared_norm().mean().item();
        assert!((mean - 1.0).abs() < 6.0 * (2.0_f64 / 20_000.0).sqrt(), "{mean}");
    }
}

/// Steps whose square is no number of the precision: E = ½‖x‖² on their scale.
fn steps_of_any_size<T: Real>(epsilons: &[f64]) {
    for &epsilon in epsilons {
        let width = epsilon.sqrt();
        let potential = |x: &Matrix<T>| {
            let scaled = x.clone() * (1.0 / width);
            (scaled.squared_norm() * 0.5, -scaled * (1.0 / width))
        };
        let start = Matrix::<T>::zeros(2000, 1);
        let mut rng = generator(8);
        let mut chains = metropolis(potential, start, epsilon, &mut rng);
        let x = chains.by_ref().after(30).expect("finite");
        let mean = (x * (1.0 / width)).squared_norm().mean().item();
        // ε = v: 𝔼x² = v within 6 standard errors, and most proposals are accepted.
        assert!((mean - 1.0).abs() < 6.0 * (2.0_f64 / 2000.0).sqrt(), "{epsilon:e}: {mean}");
        assert!(chains.acceptance() > 0.8 && chains.acceptance() < 1.0, "{epsilon:e}");
    }
}

#[test]
fn steps_whose_squares_are_no_numbers_are_taken_as_any_others() {
    steps_of_any_size::<f32>(&[1e-40, 1e-36, 1e-20, 1.0, 1e20, 1e36]);
    steps_of_any_size::<f64>(&[1e-310, 1e-300, 1e-200, 1.0, 1e200, 1e300]);
}

/// The two log densities of the proposals, whose difference the ratio is made of.
#[test]
fn the_ratio_is_that_of_the_densities_and_the_proposals() {
    let mut rng = generator(9);
    for d in [1, 2, 3, 7] {
        let mut place = || Place {
            x: standard_normal(100, d, &mut rng),
            energy: standard_normal(100, 1, &mut rng),
            score: standard_normal(100, d, &mut rng),
        };
        let (here, there) = (place(), place());
        for epsilon in [0.1, 1.0, 3.0] {
            let found = log_acceptance(&here, &there, epsilon);
            let [back, forth]: [Matrix; 2] = [(&there, &here), (&here, &there)]
                .map(|(from, to)| log_proposal(from, to, epsilon));
            let right = here.energy.clone() - &there.energy + &back - &forth;
            for i in 0..100 {
                let size = 10.0 + back.at(i, 0).abs() + forth.at(i, 0).abs();
                let gap = (found.at(i, 0) - right.at(i, 0)).abs();
                assert!(gap <= 20.0 * d as f64 * f64::UNIT_ROUNDOFF * size, "{gap:e}");
            }
        }
    }
    // z = 2 by a step whose square leaves the range, on either side.
    let rest = |x: f64| Place {
        x: Matrix::from_rows([[x]]),
        energy: Matrix::zeros(1, 1),
        score: Matrix::zeros(1, 1),
    };
    for epsilon in [1e-300, 1e300] {
        let log = log_proposal(&rest(0.0), &rest(2.0 * epsilon.sqrt()), epsilon).item();
        assert!((log + 2.0).abs() < 1e-14, "{epsilon:e}: {log}");
    }
    let log = log_proposal(&rest(0.0), &rest(1e200), 1e300).item();
    assert!((log / -0.5e100 - 1.0).abs() < 1e-14, "{log:e}");
}
