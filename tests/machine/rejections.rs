//! What the Metropolis rule rejects, what loses a chain, and what it counts.

use crate::{
    callers::refused,
    sampler::{generator, in_numbers},
};
use score_matching::{
    Array, Matrix,
    matrix::Real,
    sampler::{Sampler, metropolis},
};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Stays where it is for all steps, and says that nothing was accepted.
fn all_rejected<T: Real>(
    name: &str,
    d: usize,
    epsilon: f64,
    potential: impl Fn(&Matrix<T>) -> (Matrix<T>, Matrix<T>) + Sync,
) {
    let start = Matrix::<T>::from_fn(5, d, |_, _| 0.5);
    let mut rng = generator(7);
    let mut chains = metropolis(potential, start.clone(), epsilon, &mut rng);
    assert_eq!(chains.by_ref().after(20), Ok(start), "{name}, d = {d}");
    assert_eq!(chains.acceptance(), 0.0, "{name}, d = {d}");
}

/// What happens at the start has energy 0 and score `here`; elsewhere they are `energy` and `there`.
fn two_places<T: Real>(
    here: f64,
    [energy, there]: [f64; 2],
) -> impl Fn(&Matrix<T>) -> (Matrix<T>, Matrix<T>) + Sync {
    move |x| {
        let (n, d) = x.shape();
        let away = |i: usize| x.row(i).iter().any(|x| x.to_f64() != 0.5);
        let energy = Matrix::from_fn(n, 1, |i, _| if away(i) { energy } else { 0.0 });
        (energy, Matrix::from_fn(n, d, |i, _| if away(i) { there } else { here }))
    }
}

fn rejections<T: Real>(largest: f64) {
    for d in [1, 2, 3] {
        let far = |epsilon, here| {
            all_rejected::<T>("beyond all numbers", d, epsilon, two_places(here, [0.0, 0.0]));
            all_rejected::<T>(
                "no number there",
                d,
                epsilon,
                two_places(here, [f64::NAN, f64::NAN]),
            );
        };
        far(4.0, largest);
        far(1e3, -0.01 * largest);
        for score in [0.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let outside = two_places(0.0, [f64::INFINITY, score]);
            all_rejected::<T>("outside the support", d, 0.1, outside);
        }
        for score in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, largest, -largest] {
            let edge = two_places(0.0, [0.0, score]);
            all_rejected::<T>("without a way back", d, 0.1, edge);
            let lower = two_places(0.0, [-1.0, score]);
            all_rejected::<T>("downhill, without a way back", d, 0.1, lower);
        }
    }
}

#[test]
fn a_proposal_without_a_way_back_is_rejected_in_every_dimension_and_precision() {
    rejections::<f32>(f64::from(f32::MAX));
    rejections::<f64>(f64::MAX);
}

/// A start where p or its score is no number, by chain.
#[test]
fn a_start_without_energy_or_score_is_lost_at_once() {
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let lost = |[energy, score]: [f64; 2]| {
            let at = move |x: &Matrix, value| {
                Matrix::from_fn(x.rows(), 1, |i, _| if i == 1 { value } else { 0.0 })
            };
            let mut rng = generator(1);
            let potential = |x: &Matrix| (at(x, energy), at(x, score));
            let mut chains = metropolis(potential, Matrix::zeros(3, 1), 0.1, &mut rng);
            let escaped = in_numbers(chains.by_ref().after(4));
            assert_eq!(escaped, Err([1, 0, 1, 3]), "{energy} {score}");
            assert_eq!(chains.survivors().0, [0, 2]);
            assert_eq!(chains.acceptance(), 1.0, "the lost propose nothing");
        };
        lost([bad, 0.0]);
        lost([0.0, bad]);
    }
}

/// Of three chains one is lost at step 4; what the others propose is counted.
#[test]
fn a_lost_chain_is_not_counted_among_those_that_propose() {
    let mut rng = generator(1);
    let flat = |x: &Matrix| (Matrix::zeros(x.rows(), 1), Matrix::zeros(x.rows(), 1));
    let calls = AtomicUsize::new(0);
    let potential = |x: &Matrix| {
        let call = calls.fetch_add(1, Relaxed);
        // From the fifth call on all is outside the support for chains 0 and 2.
        let energy = |i: usize| if i == 1 { f64::NAN } else { f64::INFINITY };
        let (quiet, score) = flat(x);
        let late = Matrix::from_fn(x.rows(), 1, |i, _| energy(i));
        (if call < 4 { quiet } else { late }, score)
    };
    let mut chains = metropolis(potential, Matrix::zeros(3, 1), 0.1, &mut rng);
    let shares: Vec<f64> = (0..5)
        .map(|_| {
            _ = chains.next();
            chains.acceptance()
        })
        .collect();
    // Three proposals a step for three steps, all accepted, and then two a step that are not.
    assert_eq!(shares, [1.0, 1.0, 1.0, 9.0 / 11.0, 9.0 / 13.0]);
}

#[test]
fn a_length_that_is_none_is_refused() {
    for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let p = |x: &Matrix| (x.squared_norm(), -x.clone());
        refused("a step of length", || {
            _ = metropolis(p, Matrix::zeros(1, 1), bad, &mut generator(1));
        });
    }
}
