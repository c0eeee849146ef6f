//! T37: the numbers of the page, by iterating, by summing and by drawing.

use rand::SeedableRng;
use score_matching::{
    Array, Matrix,
    density::{Density, Mixture, mixture::diagonal},
    identity::{
        Sides,
        curl::{LinearChain, kept, score},
    },
    matrix::{
        cholesky::Cholesky,
        noise::{Generator, standard_normal},
    },
    objective::explicit,
    quadrature::Rule,
    sampler::{Sampler, Step, langevin},
};

/// S after the given number of steps from S = 0 by S ← MSMᵀ + εI.
fn covariance(chain: &LinearChain, steps: usize) -> Matrix {
    let (m, (d, _)) = (chain.matrix(), chain.error.shape());
    let noise = diagonal(d, chain.length().item());
    (0..steps).fold(Matrix::zeros(d, d), |s, _| m.nn(&s).nt(&m) + &noise)
}

/// 1/(1 − (ε/4)(1 + ω²)), good to a few v²u: ε is the square of its rounded root.
fn variance(omega: f64, epsilon: f64) -> f64 {
    1.0 / LinearChain::turning(omega, epsilon).plane_precision().item()
}

/// Entries of ordinary size after sums of a few products: a thousand roundings are enough.
fn near(left: &Matrix, right: &Matrix) {
    let gap = (left.clone() - right).squared_norm().sum().item().sqrt();
    assert!(gap < 1000.0 * f64::EPSILON, "{left:?} {right:?}");
}

#[test]
fn the_variance_settles_where_the_theorem_says_or_nowhere() {
    for (omega, epsilon, settled) in [(2.0, 0.5, 8.0 / 3.0), (3.0, 0.3, 4.0)] {
        let found = variance(omega, epsilon);
        assert!((found - settled).abs() < 4.0 * settled * settled * f64::EPSILON, "{found}");
        // Of the start a share of (1 − ε/v)ᵗ is left: (13/16)²⁰⁰ and (37/40)⁵⁰⁰ are below 10⁻¹⁶.
        near(&covariance(&LinearChain::turning(omega, epsilon), 500), &diagonal(2, settled));
        // As if there were no curl: 8/7 and 40/37.
        let straight = variance(0.0, epsilon);
        assert!(settled - straight > 1.5, "{straight}");
    }
    // At ε(1 + ω²) = 4 a step turns and keeps all lengths: the variance grows by ε, for ever.
    near(&covariance(&LinearChain::turning(2.0, 0.8), 100), &diagonal(2, 80.0));
    assert_eq!(variance(2.0, 0.79).round(), 80.0);
}

/// The autocovariances to all lags, added up.
#[test]
fn the_long_run_covariance_is_what_the_curl_divides() {
    for (omega, epsilon) in [(0.0, 0.5), (2.0, 0.5), (3.0, 0.3)] {
        let chain = LinearChain::turning(omega, epsilon);
        let (m, stationary) = (chain.matrix(), diagonal(2, variance(omega, epsilon)));
        let (mut lagged, mut sum) = (stationary.clone(), stationary);
        for _ in 0..2000 {
            lagged = m.nn(&lagged);
            sum = sum + &lagged + diagonal(2, 1.0).nt(&lagged);
        }
        let predicted = 4.0 / (chain.length() * chain.speed_up()).item();
        near(&sum, &diagonal(2, predicted));
    }
    assert_eq!(LinearChain::turning(2.0, 0.5).speed_up().item(), 5.0);
}

/// In space: A turns about an axis, along which ω = 0, with the rate ‖(1, 2, 2)‖/2 = 1.5.
#[test]
fn in_space_the_axis_keeps_the_variance_of_a_chain_without_curl() {
    let error = Matrix::from_rows([[0.0, -1.0, 1.0], [1.0, 0.0, -0.5], [-1.0, 0.5, 0.0]]);
    let chain = LinearChain { error, root: Matrix::from_rows([[0.8_f64.sqrt()]]) };
    let [left, right] = kept(&chain);
    left.iter().zip(&right).for_each(|(l, r)| near(l, r));
    let factored = Cholesky::new(&chain.precision()).expect("ε(1 + ω²) = 2.6");
    let claimed = factored.solve(&diagonal(3, 1.0));
    near(&covariance(&chain, 1000), &claimed);
    let axis = Matrix::from_rows([[1.0 / 3.0, 2.0 / 3.0, 2.0 / 3.0]]);
    let along = axis.nn(&claimed).nt(&axis).item();
    assert!((along - variance(0.0, 0.8)).abs() < 1e-14, "{along}");
    let trace: f64 = (0..3).map(|i| claimed.at(i, i)).sum();
    let across = 2.0 * variance(1.5, 0.8);
    assert!((trace - along - across).abs() < 1e-13, "{trace}");
}

/// Chains are independent: each gives the mean of its two squares, of which six standard errors are
/// allowed. As if there were no curl the variance would be 8/7.
#[test]
fn chains_have_the_variance_eight_thirds_and_not_eight_sevenths() {
    const CHAINS: usize = 20_000;
    let (mut rng, chain) = (Generator::seed_from_u64(37), LinearChain::turning(2.0, 0.5));
    let field = |x: &Matrix| score(x, &chain.error);
    let start: Matrix = standard_normal(CHAINS, 2, &mut rng);
    // Of the start (13/16)¹⁰⁰ is left, 10⁻⁹.
    let x = langevin(field, start, Step::halved(0.5), &mut rng).after(100).expect("finite");
    let squares = x.squared_norm() * 0.5;
    let sides = [8.0 / 3.0, 8.0 / 7.0].map(|v| Sides::monte_carlo(squares.data(), v));
    assert_eq!(sides[0].agree(), Ok(()));
    assert!(sides[1].differ_clearly());
}

/// ω = ½ and S = diag(½, −½) have one ESM, ¼. The curl leaves the diffusion N(0, I); with S it has the
/// variances 1/(1 ∓ ½), for −(I − S)x is the score of N(0, (I − S)⁻¹).
#[test]
fn a_symmetric_error_of_the_same_divergence_costs_the_diffusion_what_a_curl_does_not() {
    let symmetric = Matrix::from_rows([[0.5, 0.0], [0.0, -0.5]]);
    let q = Mixture::isotropic(2, 1.0);
    let line = Rule::trapezoid(-14.0, 14.0, 128);
    let rule = q.rule(&line.squared());
    for error in [&symmetric, &LinearChain::turning(0.5, 1.0).error] {
        let esm = rule.integrate(&explicit(score(&rule.nodes, error), &q.score(&rule.nodes)));
        assert!((esm - 0.25).abs() < 1e-13, "{esm}");
    }
    let kept =
        Mixture::gaussian(Matrix::zeros(1, 2), Matrix::from_rows([[2.0, 0.0], [0.0, 2.0 / 3.0]]));
    let x = standard_normal(20, 2, &mut Generator::seed_from_u64(1));
    near(&score(&x, &symmetric), &kept.score(&x));
    // The nodes reach ten deviations of the wider law.
    let over = kept.rule(&line.squared());
    let ratio = kept.log_density(&over.nodes) - q.log_density(&over.nodes);
    let divergence = over.integrate(&ratio);
    let closed = 0.5 * (2.0 / 3.0 - (4.0_f64 / 3.0).ln());
    assert!((divergence - closed).abs() < 1e-13, "{divergence}");
    assert!((closed - 0.189_492_3).abs() < 5e-8, "{closed}");
}
