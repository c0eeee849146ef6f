//! T21: the variance at which chains settle, measured.
//!
//! The chains are independent and started alike, so a mean over them has a standard error; the
//! steps of one chain are not, and no mean is taken over them.

use rand::SeedableRng;
use score_matching::{
    Array, Matrix,
    identity::{Sides, langevin::biased_variance},
    matrix::noise::{Generator, standard_normal},
    sampler::{Sampler, Step, langevin, metropolis},
};

const V: f64 = 1.7;

/// ε/v
const SHARES: [f64; 4] = [0.5, 1.0, 2.0, 3.0];

/// v and v/(1 − ε/(4v)) are ε/(4v) of the larger apart. The mean of n squares of a Gaussian has the
/// standard error √(2/n) of its variance. So with n = 2 (16 · 4/0.5)², even for ε = v/2 they are 16
/// standard errors apart: a mean within 6 of the right one is 10 or more from the other.
const CHAINS: usize = 32_768;

fn score(x: &Matrix) -> Matrix {
    x.clone() * (-1.0 / V)
}

/// The chains have this variance, and clearly not the other one.
fn settled(x: &Matrix, right: f64, wrong: f64) {
    let squares = x.squared_norm();
    let sides = [right, wrong].map(|variance| Sides::monte_carlo(squares.data(), variance));
    println!(
        "{right:.3} and not {wrong:.3}: {:.2?} of six errors",
        sides.each_ref().map(Sides::residual)
    );
    assert_eq!(sides[0].agree(), Ok(()), "{right}");
    assert!(sides[1].differ_clearly(), "{wrong}");
}

#[test]
fn a_fixed_step_settles_at_v_over_one_minus_epsilon_over_4v() {
    let mut rng = Generator::seed_from_u64(21);
    for share in SHARES {
        let epsilon = share * V;
        // Of the start from 0 a share of (1 − ε/(2v))²ᵀ is left, 10⁻⁶ at most: T = 24 for ε = v/2.
        let start = Matrix::zeros(CHAINS, 1);
        let chains = langevin(score, start, Step::halved(epsilon), &mut rng).after(24);
        settled(&chains.expect("finite"), biased_variance(V, epsilon), V);
    }
}

/// From p, in which the chains stay after every step, so that no burn-in has to suffice. If nothing
/// were rejected, 24 steps would lead to the variance of the first test.
#[test]
fn the_adjusted_chain_keeps_the_variance_of_p() {
    let mut rng = Generator::seed_from_u64(22);
    let potential = |x: &Matrix| (x.squared_norm() * (0.5 / V), score(x));
    for share in SHARES {
        let epsilon = share * V;
        let start = standard_normal(CHAINS, 1, &mut rng) * V.sqrt();
        let chains = metropolis(potential, start, epsilon, &mut rng).after(24);
        settled(&chains.expect("finite"), V, biased_variance(V, epsilon));
    }
}
