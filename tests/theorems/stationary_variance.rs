//! T21: the variance at which chains settle, measured.
//!
//! The chains are independent and started alike, so a mean over them has a standard error; the
//! steps of one chain are not, and no mean is taken over them. Where a mean is compared with a
//! formula, the nearest false formulas must miss by ten standard errors.

use rand::SeedableRng;
use score_matching::{
    Array, Matrix,
    identity::{
        Sides,
        langevin::{biased_variance, stationary_variance, swapped},
    },
    matrix::noise::{Generator, standard_normal},
    sampler::{Sampler, Step, langevin, metropolis},
};

/// The score of N(0, v).
fn linear(v: f64) -> impl Fn(&Matrix) -> Matrix {
    move |x: &Matrix| x.clone() * (-1.0 / v)
}

/// How many standard errors the mean of the values is from what it should be: [`Sides::monte_carlo`]
/// allows six.
fn standard_errors(values: &[f64], expected: f64) -> f64 {
    6.0 * Sides::monte_carlo(values, expected).residual()
}

fn squares(x: &Matrix) -> Vec<f64> {
    x.data().iter().map(|x| x * x).collect()
}

const V: f64 = 1.7;
const SHARES: [f64; 5] = [0.1, 0.5, 1.0, 2.0, 3.0];
const CHAINS: usize = 400_000;

/// From 0 the variance is (1 − keep²ᵀ) of the stationary one, keep = 1 − ε/(2v): so many steps that
/// this is 1 − 10⁻⁶ at most, while a standard error is √(2/n) = 2·10⁻³.
fn burn_in(share: f64) -> usize {
    let keep = (1.0 - 0.5 * share).abs();
    (1e-6_f64.ln() / (2.0 * keep.ln())).ceil().max(1.0) as usize
}

/// Chains from 0, enough for the wrong rules, which are far off.
const FEW: usize = 100_000;

fn unadjusted(chains: usize, step: Step, steps: usize, rng: &mut Generator) -> Vec<f64> {
    let start = Matrix::zeros(chains, 1);
    squares(&langevin(linear(V), start, step, rng).after(steps).expect("finite"))
}

/// 400 000 chains from 0 for each step size, seed 21.
#[test]
fn the_stationary_variance_is_measured_for_five_step_sizes() {
    let mut rng = Generator::seed_from_u64(21);
    for share in SHARES {
        let (epsilon, steps) = (share * V, burn_in(share));
        let found = unadjusted(CHAINS, Step::halved(epsilon), steps, &mut rng);
        let claims = [biased_variance(V, epsilon), V];
        let [right, unbiased] = claims.map(|variance| standard_errors(&found, variance));
        println!(
            "ε = {share} v, {steps} steps: {right:.2} standard errors from v/(1 − ε/(4v)), {unbiased:.1} from v"
        );
        assert!(right <= 6.0, "{right:?}");
        assert!(unbiased >= 10.0, "a fixed step samples p: {unbiased:?}");
    }
}

/// (ε/2, √(2ε)) and (ε, √ε) are other temperatures: each has its own variance. 100 000 chains, seed
/// 20.
#[test]
fn swapped_constants_are_caught() {
    let mut rng = Generator::seed_from_u64(20);
    for share in [0.5, 1.0, 1.5] {
        let epsilon = share * V;
        for wrong in swapped(epsilon) {
            let found = unadjusted(FEW, wrong, burn_in(share), &mut rng);
            let settles = stationary_variance(wrong, V).expect("a stable step");
            let [own, claimed] = [settles, biased_variance(V, epsilon)]
                .map(|variance| standard_errors(&found, variance));
            println!("{wrong:?}: {own:.2} from its own, {claimed:.0} off");
            assert!(own <= 6.0 && claimed >= 10.0, "{own:?} {claimed:?}");
        }
    }
}

/// In the plane, Σ = [[1, .6], [.6, 1]] with the eigenvalues 1.6 and 0.4: 100 000 chains from 0 settle at
/// the half sum and the half difference of the two biased variances, which solve S = A S Aᵀ + ε I. Of
/// the slower direction 0.6875⁸⁰ < 10⁻¹² is left after 40 steps. Seed 29.
#[test]
fn the_stationary_covariance_is_measured_in_the_plane() {
    let epsilon = 1.0;
    let precision = Matrix::from_rows([[1.0, -0.6], [-0.6, 1.0]]) * (1.0 / 0.64);
    let mut rng = Generator::seed_from_u64(29);
    let score = |x: &Matrix| -x.nn(&precision);
    let step = Step::halved(epsilon);
    let x = langevin(score, Matrix::zeros(FEW, 2), step, &mut rng).after(40).expect("finite");
    let [wide, narrow] = [1.6, 0.4].map(|v| biased_variance(v, epsilon));
    let (variance, covariance) = (0.5 * (wide + narrow), 0.5 * (wide - narrow));
    for (i, j, settles, of_p) in
        [(0, 0, variance, 1.0), (0, 1, covariance, 0.6), (1, 1, variance, 1.0)]
    {
        let products: Vec<f64> = (0..FEW).map(|k| x.at(k, i) * x.at(k, j)).collect();
        let [right, unbiased] =
            [settles, of_p].map(|expected| standard_errors(&products, expected));
        println!("S{i}{j}: {right:.2} standard errors from {settles:.4}, {unbiased:.0} from p");
        assert!(right <= 6.0 && unbiased >= 10.0, "{right:?} {unbiased:?}");
    }
}

/// 400 000 chains for 20 steps from p, in which they stay after every step, so that no burn-in has
/// to suffice; and 100 000 from 0, which show that the chain moves and forgets. Seed 22.
///
/// Rejections slow the chain, and its rate is not known. So from 0 it is measured after 40 steps and
/// after 80: what 40 had left over would be seen to shrink by 80.
#[test]
fn the_adjusted_chain_has_the_variance_of_p_for_five_step_sizes() {
    let mut rng = Generator::seed_from_u64(22);
    let potential = |x: &Matrix| (x.squared_norm() * (0.5 / V), x.clone() * (-1.0 / V));
    for share in SHARES {
        let epsilon = share * V;
        let p = standard_normal(CHAINS, 1, &mut rng) * V.sqrt();
        let zero = || Matrix::zeros(FEW, 1);
        for (name, start, steps) in [("p", p, 20), ("0", zero(), 40), ("0", zero(), 80)] {
            // Without rejections (1 − ε/(2v))⁸⁰ would be left after 40 steps: too much for ε = v/10.
            if name == "0" && share < 0.5 {
                continue;
            }
            let mut chains = metropolis(potential, start, epsilon, &mut rng);
            let found = squares(&chains.by_ref().after(steps).expect("finite"));
            let accepted = chains.acceptance();
            let claims = [V, biased_variance(V, epsilon)];
            let [right, biased] = claims.map(|variance| standard_errors(&found, variance));
            println!(
                "ε = {share} v, {steps} steps from {name}, {accepted:.4} accepted: {right:.2} standard errors from v, \
                 {biased:.1} from the unadjusted"
            );
            assert!(right <= 6.0, "{share} from {name}: {right:?}");
            assert!(biased >= 10.0, "as if unadjusted: {biased:?}");
            assert!(accepted > 0.5 && accepted < 1.0, "{accepted}");
        }
    }
}

/// A bug that shipped: the same key, so the same noise, at every step. The chain then runs towards a
/// place √ε z/(ε/(2v)) and stops, with the variance 4v²/ε instead. 100 000 chains, seed 23.
#[test]
fn one_noise_for_all_steps_is_caught() {
    for share in [0.5, 1.0, 3.0] {
        let epsilon = share * V;
        let mut x = Matrix::zeros(FEW, 1);
        // the place is neared like keepᵀ, the variance by half the rate of burn_in
        for _ in 0..2 * burn_in(share) {
            let same = &mut Generator::seed_from_u64(23);
            x = langevin(linear(V), x, Step::halved(epsilon), same).after(1).expect("finite");
        }
        let claims = [4.0 * V * V / epsilon, biased_variance(V, epsilon)];
        let [own, right] = claims.map(|variance| standard_errors(&squares(&x), variance));
        assert!(own <= 6.0 && right >= 10.0, "{own:?} {right:?}");
    }
}
