//! The probability flow: what it refuses, what it says of points that are lost, and that rows and threads
//! do not matter.

use crate::{
    callers::{complains, refused},
    sampler::in_numbers,
};
use score_matching::{
    Array, Matrix,
    density::Mixture,
    identity::probability_flow::by_flow,
    sampler::flow::{carry, likelihood},
};

/// The score of N(0, (1 + σ²) I) and its trace.
fn gaussian(x: &Matrix, sigma: f64) -> (Matrix, Matrix) {
    let precision = 1.0 / (1.0 + sigma * sigma);
    let trace = -precision * x.cols() as f64;
    (x.clone() * -precision, Matrix::from_fn(x.rows(), 1, |_, _| trace))
}

#[test]
fn levels_rise_or_fall_from_zero_on() {
    let x = Matrix::zeros(1, 2);
    let end = Mixture::isotropic(2, 1.0);
    for bad in [
        &[][..],
        &[1.0],
        &[1.0, 1.0],
        &[0.0, 1.0, 0.5],
        &[-1.0, 2.0],
        &[0.0, f64::NAN],
        &[0.0, f64::INFINITY],
        &[0.0, 1e200],
    ] {
        let message =
            format!("noise levels {bad:?}: two or more from 0 on expected, rising or falling");
        complains!(carry(gaussian, &x, bad), message);
        refused("two or more from 0 on expected", || _ = likelihood(gaussian, &end, &x, bad));
    }
    let narrow = |x: &Matrix, _: f64| (x.clone(), x.clone());
    refused("score and trace are [(1, 2), (1, 2)], expected [(1, 2), (1, 1)]", || {
        _ = carry(narrow, &x, &[0.0, 1.0]);
    });
}

/// To the noise and back by the same steps; a thousand rows, that is in blocks, or one by one.
#[test]
fn there_and_back_is_where_it_was() {
    let levels: Vec<f64> = (0..=60).map(|i| (0.05 * f64::from(i)).sqrt()).collect();
    let back: Vec<f64> = levels.iter().rev().copied().collect();
    let x = Matrix::from_fn(1000, 2, |i, j| (i as f64 - 500.0) / 100.0 + j as f64);
    let there = carry(gaussian, &x, &levels).expect("finite");
    let here = carry(gaussian, &there.x, &back).expect("finite");
    // x grows by 2 within 60 steps of order 4, of 1/20 where the scale of the problem is 1.
    let gap = (here.x - &x).squared_norm().sum().item().sqrt();
    assert!(gap < 1e-4 && (there.gain.clone() + here.gain).squared_norm().sum().item() < 1e-8);
    for i in [0, 499, 500, 999] {
        let alone = carry(gaussian, &x.select(&[i]), &levels).expect("finite");
        assert_eq!(alone.x, there.x.select(&[i]));
        assert_eq!(alone.gain, there.gain.select(&[i]));
    }
}

#[test]
fn a_point_that_is_lost_is_an_error_that_counts_the_steps() {
    let lost = Matrix::from_rows([[0.0], [f64::NAN], [1.0]]);
    let escaped = in_numbers(carry(gaussian, &lost, &[0.0, 1.0]));
    assert_eq!(escaped.expect_err("it is lost already"), [1, 0, 1, 3]);
    // From the second step on the trace is no number.
    let broken = |x: &Matrix, sigma: f64| {
        let (psi, trace) = gaussian(x, sigma);
        (psi, if sigma > 1.0 { trace * f64::NAN } else { trace })
    };
    let x = Matrix::from_rows([[0.0], [1.0]]);
    let sigmas = [0.0, 1.0, 2.0];
    let escaped = in_numbers(carry(broken, &x, &sigmas)).expect_err("no number");
    assert_eq!(escaped, [0, 2, 2, 2]);
    let end = Mixture::isotropic(1, 5.0);
    let q = Mixture::isotropic(1, 1.0);
    let nowhere = Matrix::from_rows([[f64::NAN]]);
    refused("chain 0 left the finite numbers at step 0", || {
        _ = by_flow(&q, &nowhere, &Matrix::from_rows([[1.0]]), 1.0, 2);
    });
    // The likelihood meets it in the coarse steps first.
    assert_eq!(in_numbers(likelihood(broken, &end, &x, &sigmas)).err(), Some(escaped));
}

#[test]
fn no_points_have_no_likelihood() {
    let end = Mixture::isotropic(2, 2.0);
    let found = likelihood(gaussian, &end, &Matrix::zeros(0, 2), &[0.0, 1.0]).expect("nothing");
    assert_eq!(found.log_density.shape(), (0, 1));
    assert_eq!(found.end.shape(), (0, 2));
}
