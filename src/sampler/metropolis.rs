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

use super::{Chains, Step, Transition, blocks::by_blocks, is_finite};
use crate::{
    array::Array,
    matrix::{
        Matrix, Real,
        noise::{Generator, standard_normal},
    },
};
use rand::RngExt;

/// Points with their energies and scores.
///
/// ```
/// use score_matching::{prelude::*, sampler::metropolis::{Place, log_acceptance, log_proposal}};
///
/// let at = |x: f64| Matrix::from_rows([[x]]);
/// let place = |x: f64| Place { x: at(x), energy: at(0.5 * x * x), score: at(-x) }; // N(0, 1)
/// let (here, there) = (place(0.0), place(1.0));
/// assert_eq!(log_proposal(&here, &there, 1.0).item(), -0.5); // √ε z = 1
/// assert_eq!(log_proposal(&there, &here, 1.0).item(), -0.125); // −1 = −½ + √ε z
/// assert_eq!(log_acceptance(&here, &there, 1.0).item(), -0.125); // 0 − ½ − ⅛ + ½
/// ```
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
///
/// # Panics
/// Unless ε is positive and finite.
#[track_caller]
pub fn log_proposal<A: Array>(from: &Place<A>, to: &Place<A>, epsilon: f64) -> A {
    let noise = to.x.clone() - &from.x - from.score.clone() * Step::halved(epsilon).drift;
    noise.inner(&(noise.clone() * (1.0 / epsilon))) * -0.5 // the square alone may leave the range
}

/// log [p(x′) k(x|x′) / (p(x) k(x′|x))] of every chain: (n, 1).
///
/// The difference of the two [`log_proposal`]s is one of squares, ‖√ε z′‖² − ‖√ε z‖², and is taken as
/// their sum times their difference:
///
/// ```text
/// E(x) − E(x′) − ½ ⟨x′ − x − (ε/4)(ψ(x) − ψ(x′)), ψ(x) + ψ(x′)⟩
/// ```
///
/// So 1/ε cancels, and no square of a noise can overflow or vanish before it meets it.
///
/// The way there and the way back have opposite signs to the last bit, and so the two acceptances
/// have exactly the ratio that detailed balance asks for.
///
/// # Panics
/// Unless ε is positive and finite.
#[track_caller]
pub fn log_acceptance<A: Array>(here: &Place<A>, there: &Place<A>, epsilon: f64) -> A {
    let bent = (here.score.clone() - &there.score) * (0.5 * Step::halved(epsilon).drift);
    let way = there.x.clone() - &here.x - bent;
    let work = way.inner(&(here.score.clone() + &there.score));
    here.energy.clone() - &there.energy - work * 0.5
}

/// The points alone.
impl<T: Real> From<Place<Self>> for Matrix<T> {
    fn from(place: Place<Self>) -> Self {
        place.x
    }
}

/// The transition of [`metropolis`]: a Langevin step, taken or not. See the example of [`metropolis`].
#[derive(Debug)]
pub struct Metropolis<P> {
    potential: P,
    epsilon: f64,
    proposed: usize,
    accepted: usize,
}

/// The Metropolis-adjusted Langevin algorithm with steps of length ε from `start` (n, d).
///
/// `potential` gives E(x) and ψ(x) = −∇E(x): (n, d) → (n, 1), (n, d), asked as by
/// [`langevin`](super::langevin). A proposal is rejected if the point is not finite, if its energy is
/// +∞ (it lies outside the support), or if its score is not finite (there is no way back). A chain is
/// lost if it proposes a point whose energy is −∞ or NaN, for p is no density there; and so is one that
/// starts where x, E or ψ is not finite.
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
///
/// # Panics
/// Unless ε is positive and finite in this precision, or if energy or score have another shape.
#[track_caller]
pub fn metropolis<T: Real, P: Fn(&Matrix<T>) -> (Matrix<T>, Matrix<T>) + Sync>(
    potential: P,
    start: Matrix<T>,
    epsilon: f64,
    rng: &mut Generator,
) -> Chains<'_, T, Metropolis<impl Fn(&Matrix<T>) -> (Matrix<T>, Matrix<T>) + use<T, P>>> {
    Step::halved(epsilon).check::<T>();
    let potential = move |x: &Matrix<T>| by_blocks(x, &|x| potential(x).into()).into();
    Chains::new(Metropolis { potential, epsilon, proposed: 0, accepted: 0 }, start, rng)
}

impl<T: Real, P: Fn(&Matrix<T>) -> (Matrix<T>, Matrix<T>)> Chains<'_, T, Metropolis<P>> {
    /// The share of all proposals so far that was accepted; 1 before the first. A chain that is lost
    /// proposes no more.
    pub const fn acceptance(&self) -> f64 {
        let Metropolis { proposed, accepted, .. } = self.transition;
        if proposed == 0 { 1.0 } else { accepted as f64 / proposed as f64 }
    }
}

impl<T: Real, P: Fn(&Matrix<T>) -> (Matrix<T>, Matrix<T>)> Transition<T> for Metropolis<P> {
    type State = Place<Matrix<T>>;

    #[track_caller]
    fn begin(&self, x: Matrix<T>) -> Self::State {
        let mut start = self.place(x);
        let lost = |&i: &usize| !start.is_finite(i);
        let lost: Vec<usize> = (0..start.x.rows()).filter(lost).collect();
        lose(&mut start.x, &lost);
        start
    }

    /// Proposes and decides.
    #[track_caller]
    fn step(&mut self, here: &Self::State, _: usize, rng: &mut Generator) -> Self::State {
        let (n, d) = here.x.shape();
        let z = standard_normal(n, d, rng);
        let there = self.place(Step::halved(self.epsilon).take(&here.x, here.score.clone(), z));
        let ratio = log_acceptance(here, &there, self.epsilon);
        let (mut accepted, mut lost) = (vec![false; n], vec![]);
        for (chain, accepted) in accepted.iter_mut().enumerate() {
            let log_uniform = rng.random::<f64>().ln(); // for the lost as well: the others' bits
            if !is_finite(here.x.row(chain)) {
                continue;
            }
            let inside = is_finite(there.x.row(chain));
            let energy = there.energy.at(chain, 0);
            if inside && (energy.is_nan() || energy == f64::NEG_INFINITY) {
                lost.push(chain);
                continue;
            }
            // An infinite energy or score there makes the ratio −∞ or no number: a rejection.
            *accepted = inside && log_uniform < ratio.at(chain, 0);
            self.proposed += 1;
            self.accepted += usize::from(*accepted);
        }
        let chosen = |old: &Matrix<T>, new: &Matrix<T>| {
            let pick = |i: usize, j| if accepted[i] { new.at(i, j) } else { old.at(i, j) };
            Matrix::from_fn(n, old.cols(), pick)
        };
        let mut next = Place {
            x: chosen(&here.x, &there.x),
            energy: chosen(&here.energy, &there.energy),
            score: chosen(&here.score, &there.score),
        };
        lose(&mut next.x, &lost);
        next
    }
}

impl<P> Metropolis<P> {
    #[track_caller]
    fn place<T: Real>(&self, x: Matrix<T>) -> Place<Matrix<T>>
    where
        P: Fn(&Matrix<T>) -> (Matrix<T>, Matrix<T>),
    {
        let (energy, score) = (self.potential)(&x);
        let shapes = [energy.shape(), score.shape()];
        let right = [(x.rows(), 1), x.shape()];
        assert!(shapes == right, "energy and score are {shapes:?}, expected {right:?}");
        Place { x, energy, score }
    }
}

impl<T: Real> Place<Matrix<T>> {
    /// Whether chain i has a point, an energy and a score there.
    fn is_finite(&self, i: usize) -> bool {
        [&self.x, &self.energy, &self.score].iter().all(|a| is_finite(a.row(i)))
    }
}

/// Marks chains as lost, wherever they are.
fn lose<T: Real>(x: &mut Matrix<T>, chains: &[usize]) {
    let d = x.cols();
    for &chain in chains {
        x.data_mut()[chain * d..][..d].fill(T::of(f64::NAN));
    }
}
