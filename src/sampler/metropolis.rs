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

/// log [p(x′) k(x|x′) / (p(x) k(x′|x))] of every chain: (n, 1).
///
/// The constants of the two kernels cancel; what is left is the noise that the step took against
/// the noise that the way back would need.
#[track_caller]
pub fn log_acceptance<A: Array>(here: &Place<A>, there: &Place<A>, epsilon: f64) -> A {
    // √ε z, from x and x′
    let noise = |from: &Place<A>, to: &Place<A>| {
        to.x.clone() - &from.x - from.score.clone() * Step::halved(epsilon).drift
    };
    let log_kernel = |from, to| noise(from, to).squared_norm() * (-0.5 / epsilon);
    here.energy.clone() - &there.energy + log_kernel(there, here) - log_kernel(here, there)
}

/// The Metropolis-adjusted Langevin algorithm; see [`metropolis`].
#[derive(Debug)]
pub struct Metropolis<'r, T: Real, P> {
    potential: P,
    epsilon: f64,
    here: Result<Place<Matrix<T>>, Escaped>,
    steps: usize,
    accepted: usize,
    rng: &'r mut Generator,
}

/// The states after 1, 2, … steps from `start` (n, d), without end.
///
/// `potential` gives E(x) and ψ(x) = −∇E(x): (n, d) → (n, 1), (n, d). An energy of +∞ means a place
/// outside the support, and no chain goes there.
pub fn metropolis<T: Real, P: Fn(&Matrix<T>) -> (Matrix<T>, Matrix<T>)>(
    potential: P,
    start: Matrix<T>,
    epsilon: f64,
    rng: &mut Generator,
) -> Metropolis<'_, T, P> {
    let (energy, score) = potential(&start);
    let here = Ok(Place { x: start, energy, score });
    Metropolis { potential, epsilon, here, steps: 0, accepted: 0, rng }
}

impl<T: Real, P: Fn(&Matrix<T>) -> (Matrix<T>, Matrix<T>)> Metropolis<'_, T, P> {
    /// The share of all proposals so far that was accepted; 1 before the first.
    pub fn acceptance(&self) -> f64 {
        let chains = self.here.as_ref().map_or(0, |here| here.x.rows());
        let proposed = self.steps * chains;
        if proposed == 0 { 1.0 } else { self.accepted as f64 / proposed as f64 }
    }

    /// Proposes and decides, for all chains.
    fn advance(&mut self, here: &Place<Matrix<T>>) -> Result<Place<Matrix<T>>, Escaped> {
        let (n, d) = here.x.shape();
        let z = standard_normal(n, d, self.rng);
        let x = Step::halved(self.epsilon).take(&here.x, here.score.clone(), z);
        let x = finite(x, self.steps)?;
        let (energy, score) = (self.potential)(&x);
        let there = Place { x, energy, score };
        let ratio = log_acceptance(here, &there, self.epsilon);
        let mut accepted = vec![false; n];
        for (chain, accepted) in accepted.iter_mut().enumerate() {
            let log_uniform = self.rng.random::<f64>().ln();
            if there.energy.at(chain, 0) == f64::INFINITY {
                continue; // whatever the score says there
            }
            let ratio = ratio.at(chain, 0);
            if ratio.is_nan() {
                return Err(Escaped { chain, step: self.steps });
            }
            *accepted = log_uniform < ratio;
        }
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
        if let Ok(here) = self.here.clone() {
            self.steps += 1;
            self.here = self.advance(&here);
        }
        Some(self.here.clone().map(|here| here.x))
    }
}
