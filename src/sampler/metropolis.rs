//! The Metropolis-adjusted Langevin algorithm: the chain that has no bias.
//!
//! A Langevin step of length ε is taken as a proposal only,
//!
//! ```text
//! x′ = x + (ε/2) ψ(x) + √ε z        proposed with density k(x′|x) ∝ exp(−‖z‖²/2)
//! accepted with probability min(1, p(x′) k(x|x′) / (p(x) k(x′|x)))
//! ```
//!
//! and if it is not accepted the chain stays where it is. The rule makes p(x) k(x′|x) a(x′|x)
//! symmetric in x and x′ (detailed balance), and so p is what the chain keeps, whatever ε is. It
//! needs E up to a constant, since p(x′)/p(x) = e^(E(x) − E(x′)): a score alone does not do.
//!
//! J. Besag (1994), comment on Grenander and Miller; G. Roberts and R. Tweedie (1996), *Exponential
//! convergence of Langevin distributions and their discrete approximations*.

use super::{Escaped, Step, finite};
use crate::{
    array::Array,
    matrix::{
        Matrix, Real,
        noise::{Generator, standard_normal},
    },
};
use rand::RngExt;

/// Points with their energies and scores.
#[derive(Clone, Debug)]
pub struct Place<A> {
    /// x, (n, d)
    pub x: A,
    /// E(x), (n, 1), up to a constant
    pub energy: A,
    /// ψ(x) = −∇E(x), (n, d)
    pub score: A,
}

/// log k(to|from) up to a constant, for every chain: −‖√ε z‖²/(2ε) of the noise that the way takes,
/// (n, 1).
#[track_caller]
pub fn log_proposal<A: Array>(from: &Place<A>, to: &Place<A>, epsilon: f64) -> A {
    let noise = to.x.clone() - &from.x - from.score.clone() * Step::halved(epsilon).drift;
    noise.squared_norm() * (-0.5 / epsilon)
}

/// log [p(x′) k(x|x′) / (p(x) k(x′|x))] of every chain: (n, 1).
///
/// The way there and the way back have opposite signs to the last bit, and so the two acceptances
/// have exactly the ratio that detailed balance asks for.
#[track_caller]
pub fn log_acceptance<A: Array>(here: &Place<A>, there: &Place<A>, epsilon: f64) -> A {
    let forth = log_proposal(here, there, epsilon);
    let back = log_proposal(there, here, epsilon);
    here.energy.clone() - &there.energy + (back - forth)
}

/// The Metropolis-adjusted Langevin algorithm; see [`metropolis`].
#[derive(Debug)]
pub struct Metropolis<'r, T: Real, P> {
    potential: P,
    epsilon: f64,
    here: Result<Place<Matrix<T>>, Escaped>,
    steps: usize,
    proposed: usize,
    accepted: usize,
    rng: &'r mut Generator,
}

/// The states after 1, 2, … steps from `start` (n, d), without end.
///
/// `potential` gives E(x) and ψ(x) = −∇E(x): (n, d) → (n, 1), (n, d). An energy of +∞ means a place
/// outside the support, and no chain goes there. One of −∞, or one that is not a number, means that
/// p is no density there, and is an error.
///
/// ```
/// use rand::SeedableRng;
/// use score_matching::{Array, Matrix, matrix::noise::Generator};
/// use score_matching::sampler::{Sampler, metropolis};
///
/// let gaussian = |x: &Matrix| (x.squared_norm() * 0.5, -x.clone()); // E and ψ of N(0, I)
/// let mut rng = Generator::seed_from_u64(1);
/// let mut chains = metropolis(gaussian, Matrix::zeros(1000, 1), 1.0, &mut rng);
/// let x = chains.by_ref().after(50)?; // by_ref, so that the chains can be asked afterwards
/// assert!((x.squared_norm().mean().item() - 1.0).abs() < 0.27); // 6 √(2/1000)
/// assert!(chains.acceptance() > 0.9);
/// # Ok::<(), score_matching::sampler::Escaped>(())
/// ```
pub fn metropolis<T: Real, P: Fn(&Matrix<T>) -> (Matrix<T>, Matrix<T>)>(
    potential: P,
    start: Matrix<T>,
    epsilon: f64,
    rng: &mut Generator,
) -> Metropolis<'_, T, P> {
    let (energy, score) = potential(&start);
    let here = Ok(Place { x: start, energy, score });
    Metropolis { potential, epsilon, here, steps: 0, proposed: 0, accepted: 0, rng }
}

impl<T: Real, P: Fn(&Matrix<T>) -> (Matrix<T>, Matrix<T>)> Metropolis<'_, T, P> {
    /// The share of all proposals so far that was accepted; 1 before the first.
    pub const fn acceptance(&self) -> f64 {
        if self.proposed == 0 { 1.0 } else { self.accepted as f64 / self.proposed as f64 }
    }

    /// Proposes and decides, for all chains.
    fn advance(&mut self) -> Result<Place<Matrix<T>>, Escaped> {
        let here = self.here.clone()?;
        self.steps += 1;
        let step = self.steps;
        let (n, d) = here.x.shape();
        let z = standard_normal(n, d, self.rng);
        let x = Step::halved(self.epsilon).take(&here.x, here.score.clone(), z);
        let x = finite(x, step)?;
        let (energy, score) = (self.potential)(&x);
        let there = Place { x, energy, score };
        let ratio = log_acceptance(&here, &there, self.epsilon);
        let decide = |chain| {
            let log_uniform = self.rng.random::<f64>().ln();
            let energies = [&here, &there].map(|place| place.energy.at(chain, 0));
            if energies[1] == f64::INFINITY {
                return Ok(false); // whatever the score says there
            }
            let ratio = ratio.at(chain, 0);
            if ratio.is_nan() || energies.contains(&f64::NEG_INFINITY) {
                return Err(Escaped { chain, step });
            }
            Ok(log_uniform < ratio)
        };
        let accepted = (0..n).map(decide).collect::<Result<Vec<bool>, _>>()?;
        self.proposed += n;
        self.accepted += accepted.iter().filter(|accepted| **accepted).count();
        let chosen = |old: &Matrix<T>, new: &Matrix<T>| {
            let pick = |i: usize, j| if accepted[i] { new.at(i, j) } else { old.at(i, j) };
            Matrix::from_fn(n, old.cols(), pick)
        };
        Ok(Place {
            x: chosen(&here.x, &there.x),
            energy: chosen(&here.energy, &there.energy),
            score: chosen(&here.score, &there.score),
        })
    }
}

impl<T: Real, P: Fn(&Matrix<T>) -> (Matrix<T>, Matrix<T>)> Iterator for Metropolis<'_, T, P> {
    type Item = Result<Matrix<T>, Escaped>;

    fn next(&mut self) -> Option<Self::Item> {
        self.here = self.advance(); // which hands an error on
        Some(self.here.clone().map(|here| here.x))
    }
}
