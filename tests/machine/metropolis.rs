//! T21: the Metropolis-adjusted chain where the directions depend on each other.
//!
//! On the line a wrong column is invisible. Here one step after the other is rebuilt bit for bit in
//! three dimensions, and the covariance is measured in the plane.

use rand::{RngExt, SeedableRng};
use score_matching::{
    Array, Matrix,
    identity::{OldCheck, langevin::biased_variance},
    matrix::noise::{Generator, standard_normal},
    sampler::{
        Sampler, Step,
        metropolis::{Place, log_acceptance, metropolis},
    },
};

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
    let [mut rng, mut again] = [(); 2].map(|()| Generator::seed_from_u64(26));
    let start: Matrix = standard_normal(n, d, &mut Generator::seed_from_u64(27));
    let mut chains = metropolis(&potential, start.clone(), epsilon, &mut rng);
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
    }
    // both branches were taken
    assert!(accepted > 50 && accepted < 350, "{accepted} of 400");
    assert_eq!(chains.acceptance(), f64::from(u32::try_from(accepted).expect("few")) / 400.0);
}

/// 100 000 chains for 30 steps from N(0, Σ), Σ = [[1, .6], [.6, 1]], in which they stay after every
/// step; seed 28. Σ has the eigenvalues 1.6 and 0.4 along (1, 1) and (1, −1), and so the unadjusted
/// chain has the half sum and the half difference of their biased variances.
#[test]
fn the_adjusted_chain_has_the_covariance_of_p_in_the_plane() {
    let (n, epsilon) = (100_000, 1.0);
    let precision = Matrix::from_rows([[1.0, -0.6], [-0.6, 1.0]]) * (1.0 / 0.64);
    let mut rng = Generator::seed_from_u64(28);
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
            [right, unadjusted].map(|expected| OldCheck::monte_carlo(&products, expected));
        println!(
            "Σ{i}{j} = {:.4}: {:.2} standard errors from p, {:.0} from the unadjusted; {accepted:.3} \
             accepted",
            products.iter().sum::<f64>() / n as f64,
            own.residual,
            biased.residual
        );
        assert!(own.holds(), "{own:?}");
        assert!(biased.residual >= 10.0, "as if unadjusted: {biased:?}");
    }
    assert!(accepted > 0.3 && accepted < 1.0, "{accepted}");
}
