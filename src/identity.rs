//! Theorems as functions: each gives the two sides of an identity, computed independently.
//!
//! A [`Theorem`] is its statement, its claims and its nearest false statements. A [`Claim`] is two
//! formulas and an instance: [`Sides`]. Wherever it can be, the formulas are written *over any
//! reading*, and the reading decides what they give: polynomials prove them, numbers are drawn in a
//! figure, intervals bound how far rounding may drive the numbers apart
//! ([`denoising_autoencoder`] shows all three).
//!
//! [`all`] is the list. The tests quantify over it, the proof pages walk through it.
//!
//! | module | theorems |
//! |---|---|
//! | [`energies_and_scores`] | T1, T29 an energy, its score, and the partition function between them |
//! | [`explicit_implicit`] | T2, T3, T6 explicit and implicit score matching differ by a constant |
//! | [`where_implicit_fails`] | T4, T5, T20, T31, T32 boundaries, kinks, finite and discrete data, infinite expectations |
//! | [`denoising_explicit`] | T7, T14, T18, T30 denoising is explicit matching of the smoothed density |
//! | [`denoising_autoencoder`] | T8–T11 a denoising autoencoder is a score model |
//! | [`traces`] | T12, T13, T28 the divergence of a score: six routes, random directions |
//! | [`small_noise`] | T15 a little noise, and the regulariser |
//! | [`tweedie`], [`parzen`] | T16 the best denoiser knows the score, T17 and the sample by heart |
//! | [`exponential_families`] | T19 fitted by one linear solve |
//! | [`annealing`] | T23 annealed Langevin dynamics, and what it does about far modes |
//! | [`langevin`] | T21, T22 what Langevin dynamics samples, and ascent does not |
//! | [`noise_conditional`] | T24 one network for all noise levels, and the weights of the levels |
//! | [`fisher_kl`] | T25 Fisher divergence and Kullback–Leibler divergence |
//! | [`contrastive_divergence`] | T26 contrastive divergence is implicit score matching, for short steps |
//! | [`derivatives`] | T27 derivatives of every order |
//!
//! **How close is equal?** That depends on the [`Evidence`], of which there are five kinds. A
//! theorem carries the strongest that it admits, and then what takes it further: from polynomials
//! to networks and mixtures, and from formulas to floating point.

pub mod annealing;
pub mod contrastive_divergence;
pub mod denoising_autoencoder;
pub mod denoising_explicit;
pub mod derivatives;
pub mod energies_and_scores;
pub mod explicit_implicit;
pub mod exponential_families;
pub mod fisher_kl;
pub mod langevin;
pub mod noise_conditional;
pub mod parzen;
pub mod polynomial_score;
pub mod small_noise;
pub mod traces;
pub mod tweedie;
pub mod where_implicit_fails;

mod sides;

pub use sides::{Evidence, Sides, number};

use crate::{
    array::Array,
    grid::Enclosed,
    matrix::{Matrix, Real, noise::Generator},
    model::Parameters,
    statistics::Scatter,
};

/// Two numbers that a theorem claims to be equal, and how far apart they may be.
#[derive(Clone, Copy, Debug)]
pub struct OldCheck {
    /// On what it rests.
    pub evidence: Evidence,
    /// |left − right|, relative to what they are made of: the summed magnitudes of their terms,
    /// or one standard error.
    pub residual: f64,
    /// What the residual may at most be. 0 asks for identical bits.
    pub tolerance: f64,
}

impl OldCheck {
    /// From the two sides, the summed magnitudes of their terms, and the relative tolerance.
    pub fn new(evidence: Evidence, left: f64, right: f64, scale: f64, tolerance: f64) -> Self {
        let gap = (left - right).abs();
        let residual = if gap == 0.0 { 0.0 } else { gap / scale };
        // Not a number on either side, or a scale below 0, must never pass for agreement.
        let residual = if residual >= 0.0 { residual } else { f64::INFINITY };
        Self { evidence, residual, tolerance }
    }

    /// A Monte Carlo mean of values whose expectation should be `expected`: within 6 standard
    /// errors.
    pub fn monte_carlo(values: &[f64], expected: f64) -> Self {
        let scatter = Scatter::of(values);
        let error = scatter.standard_error();
        Self::new(Evidence::MonteCarlo, scatter.mean, expected, error, 6.0)
    }

    /// Of two checks that must both hold, the one that comes nearer to failing.
    #[must_use]
    pub fn worse(self, other: Self) -> Self {
        // Written as products, for a tolerance may be 0.
        let comes_nearer = other.residual * self.tolerance > self.residual * other.tolerance;
        if self.holds() && (comes_nearer || !other.holds()) { other } else { self }
    }

    /// Whether the two sides agree.
    pub fn holds(&self) -> bool {
        self.residual <= self.tolerance
    }

    /// Whether the two sides differ, and clearly: by `margin` times the tolerance at least.
    pub fn fails_by(&self, margin: f64) -> bool {
        self.residual > margin * self.tolerance
    }
}

/// A statement of the crate: what is claimed, and the nearest statements that are false.
///
/// Both are the same thing, a [`Claim`]: two sides, and the instance on which they are compared. The
/// sides of a claim agree; those of a false statement differ, and clearly.
#[derive(Clone, Copy, Debug)]
pub struct Theorem {
    /// Its number, as in T10.
    pub number: u8,
    /// The theorem in one line.
    pub statement: &'static str,
    /// What of it is checked, the strongest evidence first.
    pub claims: &'static [Claim],
    /// The nearest false statements: a check that cannot fail proves nothing.
    pub false_statements: &'static [Claim],
}

/// Two sides that are compared.
#[derive(Clone, Copy, Debug)]
pub struct Claim {
    /// What is said of the two sides, in one line.
    pub statement: &'static str,
    /// For what it is checked: shapes, and what is arbitrary there.
    pub on: &'static str,
    /// The two sides.
    pub instances: Instances,
}

/// On what a claim is checked.
#[derive(Clone, Copy, Debug)]
pub enum Instances {
    /// Once: nothing in it is random, or the formulas speak for all.
    One(fn() -> Sides),
    /// On a random instance: it must hold for every state of the generator.
    Any(fn(&mut Generator) -> Sides),
}

impl Claim {
    /// A claim that is checked once.
    pub const fn one(statement: &'static str, on: &'static str, sides: fn() -> Sides) -> Self {
        Self { statement, on, instances: Instances::One(sides) }
    }

    /// A claim that is checked on random instances.
    pub const fn any(
        statement: &'static str,
        on: &'static str,
        sides: fn(&mut Generator) -> Sides,
    ) -> Self {
        Self { statement, on, instances: Instances::Any(sides) }
    }

    /// The two sides, on an instance from the generator if there is more than one.
    pub fn sides(&self, rng: &mut Generator) -> Sides {
        match self.instances {
            Instances::One(sides) => sides(),
            Instances::Any(sides) => sides(rng),
        }
    }
}

/// A claim that can be checked on random instances, and its nearest false neighbour.
#[derive(Clone, Copy, Debug)]
pub struct OldTheorem {
    /// Its number, as in T10.
    pub number: u8,
    /// The claim in one line.
    pub statement: &'static str,
    /// Checks it on a random instance: it must hold for every state of the generator.
    pub check: fn(&mut Generator) -> OldCheck,
    /// The nearest false statement in one line.
    pub false_statement: &'static str,
    /// Checks that on an instance where it misses by a margin (fixed, or a random one of a family):
    /// [`OldCheck::fails_by`] 10 for every state of the generator.
    pub counterexample: fn(&mut Generator) -> OldCheck,
}

/// Every theorem, in the order of the numbers.
pub fn all() -> Vec<Theorem> {
    let mut all = [
        annealing::THEOREMS,
        contrastive_divergence::THEOREMS,
        denoising_autoencoder::THEOREMS,
        denoising_explicit::THEOREMS,
        derivatives::THEOREMS,
        energies_and_scores::THEOREMS,
        explicit_implicit::THEOREMS,
        exponential_families::THEOREMS,
        fisher_kl::THEOREMS,
        langevin::THEOREMS,
        noise_conditional::THEOREMS,
        parzen::THEOREMS,
        small_noise::THEOREMS,
        traces::THEOREMS,
        tweedie::THEOREMS,
        where_implicit_fails::THEOREMS,
    ]
    .concat();
    all.sort_by_key(|theorem| theorem.number);
    all
}

/// Every theorem, in the order of the numbers.
pub fn all_old() -> Vec<OldTheorem> {
    Vec::new()
}

/// The two sides of an identity, array by array (a loss and its gradients, say).
#[derive(Clone, Debug)]
pub struct OldSides {
    /// One side.
    pub left: Vec<Matrix>,
    /// The other side, of the same shapes.
    pub right: Vec<Matrix>,
    /// Σ|terms| of every element.
    pub magnitude: Vec<Matrix>,
    /// K, how many roundings a term passes through at most; 0 if both sides do the same ones.
    pub roundings: f64,
}

impl OldSides {
    /// Whether both sides agree bit for bit.
    pub fn are_identical(&self) -> bool {
        self.left == self.right
    }

    /// The largest |left − right|/Σ|terms|, in units of u. What is 0 on both sides counts as 0.
    ///
    /// Not a number anywhere gives infinity: it must never pass for agreement.
    ///
    /// # Panics
    /// If the two sides and the magnitudes are not of the same shapes.
    pub fn residual(&self) -> f64 {
        let shapes = |side: &[Matrix]| side.iter().map(Array::shape).collect::<Vec<_>>();
        assert!(!self.left.is_empty(), "nothing to compare");
        assert_eq!(shapes(&self.left), shapes(&self.right), "left and right");
        assert_eq!(shapes(&self.left), shapes(&self.magnitude), "sides and magnitudes");
        let arrays = self.left.iter().zip(&self.right).zip(&self.magnitude);
        let elements = arrays.flat_map(|((l, r), m)| l.data().iter().zip(r.data()).zip(m.data()));
        elements
            .map(|((l, r), m)| match (l - r).abs() {
                0.0 => 0.0,
                gap if gap.is_finite() && m.is_finite() => gap / m / f64::UNIT_ROUNDOFF,
                _ => f64::INFINITY,
            })
            .fold(0.0, f64::max)
    }

    /// What [`OldSides::residual`] may at most be: 2 K.
    pub fn tolerance(&self) -> f64 {
        2.0 * self.roundings
    }

    /// Whether both sides agree to rounding.
    pub fn agree(&self) -> bool {
        self.check().holds()
    }

    /// The same as one number.
    pub fn check(&self) -> OldCheck {
        let u = f64::UNIT_ROUNDOFF;
        let (residual, tolerance) = (u * self.residual(), u * self.tolerance());
        let evidence = if tolerance > 0.0 { Evidence::Rounding } else { Evidence::Exact };
        OldCheck { evidence, residual, tolerance }
    }
}

/// The p of y ∝ xᵖ, from points (x, y): the slope of log y against log x by least squares.
pub fn fitted_order(points: &[[f64; 2]]) -> f64 {
    let mean =
        |of: &dyn Fn(&[f64; 2]) -> f64| points.iter().map(of).sum::<f64>() / points.len() as f64;
    let (x, y) = (mean(&|p| p[0].ln()), mean(&|p| p[1].ln()));
    let covariance = mean(&|p| (p[0].ln() - x) * (p[1].ln() - y));
    covariance / mean(&|p| (p[0].ln() - x).powi(2))
}

/// What an identity is evaluated on, read with intervals.
pub fn enclosed<P: Parameters<Matrix> + Clone>(instance: &P) -> P::With<Enclosed> {
    instance.clone().map(|x| Enclosed::exact(&x))
}

/// |x|, elementwise.
fn magnitude(x: &Matrix) -> Matrix {
    x.clone().relu() + (-x.clone()).relu()
}
