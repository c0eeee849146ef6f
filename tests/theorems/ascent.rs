//! T22: ascent ends in a mode, and sampling does not.

use proptest::prelude::*;
use rand::SeedableRng;
use score_matching::{
    Array, Matrix,
    density::{Density, Mixture},
    identity::{
        OldCheck,
        explicit_implicit::Instance,
        langevin::{TwoModes, ascend, biased_variance, expectation_after},
    },
    matrix::{
        Real,
        cholesky::Cholesky,
        noise::{Generator, standard_normal},
    },
    quadrature::Rule,
    sampler::{Sampler, Step, langevin},
};

const U: f64 = f64::UNIT_ROUNDOFF;

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
        expectation_after(&p, start, step, steps, &rule, &share)
    });
    // 400 nodes and 300 steps of sums of positive terms, and a few roundings for each
    assert!((expected[0] - expected[1]).abs() < 300.0 * 420.0 * U, "{expected:?}");

    let at_start = || Matrix::from_fn(20_000, 1, |_, _| start);
    let mut rng = Generator::seed_from_u64(24);
    let found = langevin(|x| p.score(x), at_start(), step, &mut rng).after(steps).expect("finite");
    let shares = share_of_the_right(&p, &found);
    let [right, stayed] = [expected[1], 1.0].map(|e| OldCheck::monte_carlo(shares.data(), e));
    let visited = found.data().iter().filter(|x| **x < 0.0).count() as f64 / 20_000.0;
    println!(
        "share of the mode of the start: expected {:.4}, {:.2} standard errors off; {:.0} from \
         staying; {visited:.3} of the chains are in the other mode",
        expected[1], right.residual, stayed.residual
    );
    assert!(right.holds() && (expected[1] - 0.5).abs() < 0.05, "{expected:?} {right:?}");
    assert!(stayed.residual >= 10.0 && (0.4..0.6).contains(&visited));

    let climbed = ascend(&p, at_start(), step.drift, steps).expect("finite");
    assert!(climbed.data().iter().all(|&x| (x - 1.5).abs() < 0.01), "all in one point");
    assert!(climbed.data().iter().all(|x| x == &climbed.at(0, 0)));
}

proptest! {
    #![proptest_config(crate::common::config(100))]

    #[test]
    fn ascent_ends_in_the_mode_of_its_start(seed: u64) {
        let modes = TwoModes::random(&mut Generator::seed_from_u64(seed));
        for side in [1.0, -1.0] {
            let check = modes.climb(side);
            prop_assert!(check.holds(), "{check:?}");
            // the other end is no mode of this start, and no minimum is a mode
            prop_assert!(modes.end(side).inner(&modes.end(-side)).item() < 0.0);
        }
        let saddle = Cholesky::new(&-modes.density.hessian(&Matrix::zeros(1, 2)));
        prop_assert!(saddle.is_err(), "between the modes the Hessian is not negative definite");
    }

    /// Each step gains α(1 − α/(2v))‖ψ‖² at least, v being the least variance of a component.
    #[test]
    fn every_step_of_ascent_climbs(seed: u64, share in 0.05..1.9_f64) {
        let mut rng = Generator::seed_from_u64(seed);
        let p = Instance::random(2, &mut rng).density;
        let v = 0.49; // standard deviations from 0.7 on
        let alpha = share * v;
        let mut x = standard_normal(1, 2, &mut rng) * 3.0;
        for _ in 0..20 {
            let (psi, before) = (p.score(&x), p.log_density(&x).item());
            let squared = psi.squared_norm().item();
            x = ascend(&p, x, alpha, 1).expect("finite");
            let gain = p.log_density(&x).item() - before;
            // log p is off by 24 u of its terms, which are |log p| and constants below 12.
            let rounding = 2.0 * 24.0 * (before.abs() + 12.0) * U;
            prop_assert!(gain >= alpha * (1.0 - 0.5 * share) * squared - rounding, "{gain}");
        }
    }

    #[test]
    fn ascent_ends_where_the_score_is_zero_and_the_hessian_negative(seed: u64) {
        let mut rng = Generator::seed_from_u64(seed);
        let p = Instance::random(2, &mut rng).density;
        let start = p.sample(1, &mut rng);
        let end = ascend(&p, start.clone(), 0.49, 3000).expect("finite");
        let score = p.score(&end).squared_norm().item().sqrt();
        // A step moves x by αψ: below u‖x‖ nothing moves, and ψ itself is off by 64 u ‖x − μ‖/v.
        prop_assert!(score <= 128.0 * U * 4.0 / 0.49, "{score}");
        prop_assert!(Cholesky::new(&-p.hessian(&end)).is_ok());
        prop_assert!(p.log_density(&end).item() >= p.log_density(&start).item());
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
    let [right, mode] = [biased_variance(1.0, epsilon), 0.0]
        .map(|expected| OldCheck::monte_carlo(&radii, expected));
    let nearest = radii.iter().copied().fold(f64::MAX, f64::min);
    println!("the chain that is nearest to the mode has ‖x‖²/d = {nearest:.2}");
    assert!(right.holds() && mode.residual > 100.0, "{right:?}");
    assert!(nearest > 0.4, "{nearest}");
    let start = found.select(&[0, 1, 2]);
    let climbed = ascend(&Mixture::isotropic(d, 1.0), start, 0.5 * epsilon, 400).expect("finite");
    assert!(climbed.squared_norm().data().iter().all(|r| *r < 1e-20), "ascent is at the mode");
}
