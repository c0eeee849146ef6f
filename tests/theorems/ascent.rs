//! T22: ascent ends in a mode, and sampling does not.

use proptest::prelude::*;
use rand::SeedableRng;
use score_matching::{
    Array, Matrix,
    density::{Density, Mixture, shapes::pinwheel},
    identity::{
        Sides,
        langevin::{UnequalModes, ascend, biased_variance, expectation_after},
    },
    matrix::{Real, cholesky::Cholesky, noise::Generator},
    quadrature::Rule,
    sampler::{Sampler, Step, langevin},
};

const U: f64 = f64::UNIT_ROUNDOFF;

/// How many standard errors the mean of the values is from what it should be: [`Sides::monte_carlo`]
/// allows six.
fn standard_errors(values: &[f64], expected: f64) -> f64 {
    6.0 * Sides::monte_carlo(values, expected).residual()
}

/// p on the line: ½N(−1.5, ½) + ½N(1.5, ½), and what says in which mode x is.
fn two_modes() -> Mixture {
    let at = |m: f64| (0.5, Matrix::from_rows([[m]]), Matrix::from_rows([[0.5]]));
    Mixture::new([at(-1.5), at(1.5)])
}

fn share_of_the_right(p: &Mixture, x: &Matrix) -> Matrix {
    let (rho, _) = p.responsibilities(x);
    Matrix::from_fn(x.rows(), 1, |i, _| rho.at(i, 1))
}

/// 20 000 chains of 300 steps from one start, seed 24: the share of the mode where they began is,
/// within 6 standard errors, what quadrature over every step says, and near ½. Ascent keeps them all.
#[test]
fn langevin_leaves_the_mode_that_ascent_ends_in() {
    let (p, start, step, steps) = (two_modes(), 2.0, Step::halved(0.2), 300);
    let rule = |nodes| Rule::trapezoid(-9.0, 9.0, nodes);
    let expected = [200, 400].map(|nodes| {
        let rule = rule(nodes);
        let share = share_of_the_right(&p, &rule.nodes);
        expectation_after(&p, (start, step), steps, &rule, &share)
    });
    // 400 nodes and 300 steps of sums of positive terms, and a few roundings for each
    assert!((expected[0] - expected[1]).abs() < 300.0 * 420.0 * U, "{expected:?}");

    let at_start = || Matrix::from_fn(20_000, 1, |_, _| start);
    let mut rng = Generator::seed_from_u64(24);
    let found = langevin(|x| p.score(x), at_start(), step, &mut rng).after(steps).expect("finite");
    let shares = share_of_the_right(&p, &found);
    let [right, stayed] = [expected[1], 1.0].map(|e| standard_errors(shares.data(), e));
    let visited = found.data().iter().filter(|x| **x < 0.0).count() as f64 / 20_000.0;
    println!(
        "share of the mode of the start: expected {:.4}, {:.2} standard errors off; {:.0} from \
         staying; {visited:.3} of the chains are in the other mode",
        expected[1], right, stayed
    );
    assert!(right <= 6.0 && stayed >= 10.0, "{expected:?} {right:?} {stayed:?}");
    // By symmetry the share tends to ½. It moves away from it by the same factor in each step, in the
    // end: half the way from 150 to 300 steps is at most what was left after 150.
    let share = share_of_the_right(&p, &rule(400).nodes);
    let half = expectation_after(&p, (start, step), steps / 2, &rule(400), &share);
    assert!(0.5 < expected[1] && expected[1] < half && half < 1.0, "{half} {expected:?}");

    let climbed = ascend(&p, at_start(), step.drift, steps).expect("finite");
    // The other component pulls by a responsibility of e^(−9) or less: x = 1.5 − 3ρ at rest.
    assert!(climbed.data().iter().all(|&x| (0.0..6.0 * (-9.0_f64).exp()).contains(&(1.5 - x))));
    assert!(climbed.data().iter().all(|x| x == &climbed.at(0, 0)));
}

proptest! {
    #![proptest_config(crate::common::config(100))]

    /// No minimum is a mode, and no saddle: halfway between two the Hessian is not negative definite.
    #[test]
    fn between_two_modes_there_is_a_saddle(seed: u64) {
        let modes = UnequalModes::random(&mut Generator::seed_from_u64(seed));
        let saddle = Cholesky::new(&-modes.density.hessian(&Matrix::zeros(1, 2)));
        prop_assert!(saddle.is_err());
    }

    /// Each step gains α(1 − α/(2v))‖ψ‖² at least, v = 1/16 being the least variance of an arm.
    #[test]
    fn every_step_of_ascent_climbs(seed: u64, share in 0.05..1.9_f64) {
        let mut rng = Generator::seed_from_u64(seed);
        let (p, v) = (pinwheel(), 0.0625);
        let alpha = share * v;
        let mut x = p.sample(1, &mut rng);
        for _ in 0..20 {
            let (psi, before) = (p.score(&x), p.log_density(&x).item());
            let squared = psi.squared_norm().item();
            x = ascend(&p, x, alpha, 1).expect("finite");
            let gain = p.log_density(&x).item() - before;
            // log p is off by 24 u of its terms: |log p|, constants below 12, and squares of x − μ over
            // the variance along an arm or across, ‖x‖²/v in all.
            let terms = before.abs() + 12.0 + 2.0 * (x.squared_norm().item() + 16.0) / v;
            let rounding = 2.0 * 24.0 * terms * U;
            prop_assert!(gain >= alpha * (1.0 - 0.5 * share) * squared - rounding, "{gain}");
        }
    }
}

/// In 100 dimensions no sample of N(0, I) is anywhere near the mode: 10 000 chains of 60 steps,
/// ε = 0.2, seed 25. ‖x‖²/d of a chain has the mean 1/(1 − ε/4) and the variance 2/d of its square.
#[test]
fn a_sample_is_not_the_most_probable_point() {
    let (d, epsilon) = (100, 0.2);
    let mut rng = Generator::seed_from_u64(25);
    let found = langevin(
        |x: &Matrix| -x.clone(),
        Matrix::zeros(10_000, d),
        Step::halved(epsilon),
        &mut rng,
    )
    .after(60)
    .expect("finite");
    let radii: Vec<f64> = found.squared_norm().data().iter().map(|r| r / d as f64).collect();
    let [right, mode] =
        [biased_variance(1.0, epsilon), 0.0].map(|expected| standard_errors(&radii, expected));
    let nearest = radii.iter().copied().fold(f64::MAX, f64::min);
    println!("the chain that is nearest to the mode has ‖x‖²/d = {nearest:.2}");
    assert!(right <= 6.0 && mode > 100.0, "{right:?}");
    // d ‖x‖²/s is χ² with d degrees of freedom, s > 1: below 0.4 it has the probability
    // (0.4 e^0.6)^50 = 2·10⁻⁷ at most (Chernoff), and 10⁻¹² below 0.3 (0.3 e^0.7)^50.
    assert!(nearest > 0.3, "{nearest}");
    let start = found.select(&[0, 1, 2]);
    let climbed = ascend(&Mixture::isotropic(d, 1.0), start, 0.5 * epsilon, 400).expect("finite");
    assert!(climbed.squared_norm().data().iter().all(|r| *r < 1e-20), "ascent is at the mode");
}
