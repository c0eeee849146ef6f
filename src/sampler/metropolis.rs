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

use super::{Chains, Step, Transition, finite};
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

/// The points alone.
impl<T: Real> From<Place<Self>> for Matrix<T> {
    fn from(place: Place<Self>) -> Self {
        place.x
    }
}

/// The transition of [`metropolis`]: a Langevin step, taken or not.
#[derive(Debug)]
pub struct Metropolis<P> {
    potential: P,
    epsilon: f64,
    proposed: usize,
    accepted: usize,
}

/// The Metropolis-adjusted Langevin algorithm with steps of length ε from `start` (n, d).
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
) -> Chains<'_, T, Metropolis<P>> {
    Chains::new(Metropolis { potential, epsilon, proposed: 0, accepted: 0 }, start, rng)
}

impl<T: Real, P: Fn(&Matrix<T>) -> (Matrix<T>, Matrix<T>)> Chains<'_, T, Metropolis<P>> {
    /// The share of all proposals so far that was accepted; 1 before the first.
    pub const fn acceptance(&self) -> f64 {
        let Metropolis { proposed, accepted, .. } = self.transition;
        if proposed == 0 { 1.0 } else { accepted as f64 / proposed as f64 }
    }
}

impl<T: Real, P: Fn(&Matrix<T>) -> (Matrix<T>, Matrix<T>)> Transition<T> for Metropolis<P> {
    type State = Place<Matrix<T>>;

    fn begin(&self, x: Matrix<T>) -> Self::State {
        let (energy, score) = (self.potential)(&x);
        Place { x, energy, score }
    }

    /// Proposes and decides.
    fn step(
        &mut self,
        here: &Self::State,
        _: usize,
        rng: &mut Generator,
    ) -> Result<Self::State, usize> {
        let (n, d) = here.x.shape();
        let z = standard_normal(n, d, rng);
        let proposal = Step::halved(self.epsilon).take(&here.x, here.score.clone(), z);
        let there = self.begin(finite(proposal)?);
        let ratio = log_acceptance(here, &there, self.epsilon);
        let decide = |chain| {
            let log_uniform = rng.random::<f64>().ln();
            let energies = [here, &there].map(|place| place.energy.at(chain, 0));
            if energies[1] == f64::INFINITY {
                return Ok(false); // whatever the score says there
            }
            let ratio = ratio.at(chain, 0);
            if ratio.is_nan() || energies.contains(&f64::NEG_INFINITY) {
                return Err(chain);
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
