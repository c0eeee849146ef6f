//! The density of a softplus energy for σ² = 1/k: a mixture of (k + 1)ʰ Gaussians
//! ([T33](crate::identity::softplus_mixture)).
//!
//! By the binomial theorem each (1 + e^(zⱼ))ᵏ is a sum, and so is their product e^(−E), one term for
//! every n in {0, …, k}ʰ. A term is a Gaussian; all have the same width:
//!
//! ```text
//! e^(−E(x)) = Σₙ Πⱼ C(k, nⱼ) e^(⟨n, b⟩ + ½k‖μₙ‖²) e^(−½k‖x − μₙ‖²),    μₙ = c + Wᵀn/k
//! ```
//!
//! So Z is a finite sum, samples are exact, and moments have a closed form: in any dimension, as long
//! as the hidden units are few. The logarithm of the density and its score need no sum at all.

use super::{Density, drawn, end, mixture::diagonal, within_reach};
use crate::{
    array::Array,
    corruption::over_variance,
    matrix::{
        Matrix,
        noise::{Generator, standard_normal},
    },
    model::Autoencoder,
};
use std::{f64::consts::TAU, ops::Range};

/// Terms of which a block is made at a time: a few megabytes.
const BLOCK: usize = 1 << 12;
/// The most terms that there may be: 2²⁴, weights of 128 megabytes.
const MOST: usize = 1 << 24;

/// Some terms of e^(−E), a row each: a e^(⟨n, b⟩ + ½k‖μ‖²) e^(−½k‖x − μ‖²).
///
/// ```
/// use score_matching::density::softplus_mixture::{Expansion, binomials};
/// use score_matching::{model::Autoencoder, prelude::*};
///
/// // e^(−E) = e^(−x²/2) (1 + e^(2x − 2)): two Gaussians of the same weight, at 0 and at 2
/// let at = |x: f64| Matrix::from_rows([[x]]);
/// let model = Autoencoder { w: at(2.0), b: at(-2.0), c: at(0.0), a: None };
/// let terms = Expansion::of(&model, 1.0, &binomials(1.0, 1), 0..2);
/// assert_eq!(terms.centres, Matrix::from_rows([[0.0], [2.0]]));
/// assert_eq!(terms.exponents, Matrix::zeros(2, 1));
/// let log_z = Expansion::whole(&model, 1).log_partition(1.0).item(); // Z = 2 √(2π)
/// assert!((log_z - (2.0 * std::f64::consts::TAU.sqrt()).ln()).abs() < 1e-15);
/// ```
#[derive(Clone, Debug)]
pub struct Expansion<A> {
    /// n, (m, h)
    pub counts: A,
    /// a = Πⱼ C(k, nⱼ), (m, 1)
    pub multiplicities: A,
    /// kμ = kc + Wᵀn, (m, d)
    pub centres: A,
    /// ⟨n, b⟩ + ½k‖μ‖², (m, 1)
    pub exponents: A,
}

impl<A: Array> Expansion<A> {
    /// The terms of these numbers, when `powers` holds the coefficients of (1 + t)ᵏ = Σ C(k, n) tⁿ,
    /// as [`binomials`] gives them. Term i has the digits of i for n, in the base that is the
    /// number of coefficients, the lowest first.
    pub fn of(model: &Autoencoder<A>, k: f64, powers: &[f64], terms: Range<usize>) -> Self {
        let ((h, _), m) = (model.w.shape(), terms.len());
        let counts: Vec<usize> = terms.flat_map(|term| digits(term, powers.len(), h)).collect();
        let product = |row: usize, _| counts[row * h..][..h].iter().map(|&n| powers[n]).product();
        let multiplicities = model.w.constant(m, 1, product);
        let counts = model.w.constant(m, h, |row, j| counts[row * h + j] as f64);
        let centres = counts.nn(&model.w).add_row(&(model.c.clone() * k));
        let exponents = counts.nt(&model.b) + centres.squared_norm() * (0.5 / k);
        Self { counts, multiplicities, centres, exponents }
    }

    /// All (k + 1)ʰ terms for a whole number k.
    ///
    /// # Panics
    /// If there are more than 2²⁴.
    #[track_caller]
    pub fn whole(model: &Autoencoder<A>, k: usize) -> Self {
        let (h, _) = model.w.shape();
        Self::of(model, k as f64, &binomials(k as f64, k), 0..terms(h, k))
    }

    /// log Z = (d/2) log(2π/k) + log Σ a e^(exponent), as a formula: (1, 1). It leaves the range
    /// where one of the exponents does, at 709.
    pub fn log_partition(&self, k: f64) -> A {
        let (_, d) = self.centres.shape();
        (self.exponents.clone().exp() * &self.multiplicities).sum().ln() + log_volume(d, k)
    }
}

/// (k + 1)ʰ, if that is not too many. (By `match`: `track_caller` does not reach into a closure.)
#[track_caller]
fn terms(h: usize, k: usize) -> usize {
    match (k + 1).checked_pow(h as u32) {
        Some(terms) if terms <= MOST => terms,
        _ => panic!("{}^{h} Gaussians: {MOST} at most expected", k + 1),
    }
}

/// The h digits of a number in a base, the lowest first.
fn digits(number: usize, base: usize, h: usize) -> impl Iterator<Item = usize> {
    (0..h).scan(number, move |rest, _| {
        let digit = *rest % base;
        *rest /= base;
        Some(digit)
    })
}

/// C(k, n) = k(k − 1)…(k − n + 1)/n! for n = 0, …, most and any k: the powers of t in (1 + t)ᵏ.
pub fn binomials(k: f64, most: usize) -> Vec<f64> {
    let mut powers = vec![1.0];
    for i in 0..most {
        powers.push(powers[i] * (k - i as f64) / (i + 1) as f64);
    }
    powers
}

/// log (2π/k)^(d/2), the integral of a Gaussian
fn log_volume(d: usize, k: f64) -> f64 {
    0.5 * d as f64 * (TAU / k).ln()
}

/// e^(−E)/Z with E(x) = −k(⟨c, x⟩ − ½‖x‖² + Σⱼ softplus(⟨Wⱼ, x⟩ + bⱼ)) for a whole number k.
///
/// ```
/// use score_matching::{density::SoftplusMixture, model::Autoencoder, prelude::*};
///
/// // Half N(0, 1), half N(2, 1), as in the example of `Expansion`
/// let at = |x: f64| Matrix::from_rows([[x]]);
/// let q = SoftplusMixture::new(Autoencoder { w: at(2.0), b: at(-2.0), c: at(0.0), a: None }, 1);
/// assert_eq!(q.moments().map(|m| m.item()), [1.0, 2.0]); // mean and variance
/// assert!((q.log_partition() - (2.0 * std::f64::consts::TAU.sqrt()).ln()).abs() < 1e-15);
/// assert_eq!(q.score(&at(1.0)).item(), 0.0); // in the middle
/// assert_eq!(q.score(&at(3.0)), q.model().score(&at(3.0), q.sigma())); // no sum is needed
/// ```
#[derive(Clone, Debug)]
pub struct SoftplusMixture {
    model: Autoencoder<Matrix>,
    k: usize,
    /// Of each of the (k + 1)ʰ Gaussians; they add up to 1.
    weights: Vec<f64>,
    log_z: f64,
}

impl SoftplusMixture {
    /// From θ = (W, b, c) and k = 1/σ². This takes (k + 1)ʰ terms of h d products each.
    ///
    /// # Panics
    /// If k is 0, a parameter is not finite or has another shape than (h, d), (1, h) and (1, d),
    /// the hidden units are weighted by an a, or there are more than 2²⁴ Gaussians; if log Z is not
    /// finite.
    #[track_caller]
    pub fn new(model: Autoencoder<Matrix>, k: usize) -> Self {
        let (h, d) = model.w.shape();
        assert!(k > 0, "σ² = 1/k for k = 0: a whole number from 1 on expected");
        assert!(model.a.is_none(), "hidden units weighted by a: (1 + eᶻ)ᵏ for each expected");
        let shapes = [&model.w, &model.b, &model.c].map(Array::shape);
        assert!(shapes[1..] == [(1, h), (1, d)], "W, b and c of shapes {shapes:?}");
        let finite = [&model.w, &model.b, &model.c].into_iter().all(Matrix::is_finite);
        assert!(finite, "a parameter that is not finite");
        let terms = terms(h, k);
        let powers = binomials(k as f64, k);
        let mut weights = Vec::with_capacity(terms);
        for start in (0..terms).step_by(BLOCK) {
            let block = start..terms.min(start + BLOCK);
            let Expansion { multiplicities, exponents, .. } =
                Expansion::of(&model, k as f64, &powers, block);
            weights.extend_from_slice((multiplicities.ln() + exponents).data());
        }
        // The largest is taken out before the exponential: in 64 dimensions it is soon beyond e^709.
        let largest = weights.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let mut weights: Vec<f64> = weights.into_iter().map(|w| (w - largest).exp()).collect();
        let sum: f64 = weights.iter().sum();
        for weight in &mut weights {
            *weight /= sum;
        }
        let log_z = largest + sum.ln() + log_volume(d, k as f64);
        assert!(log_z.is_finite(), "log Z = {log_z}: a finite number expected");
        Self { model, k, weights, log_z }
    }

    /// log Z
    pub const fn log_partition(&self) -> f64 {
        self.log_z
    }

    /// σ = 1/√k
    pub fn sigma(&self) -> f64 {
        (self.k as f64).sqrt().recip()
    }

    /// θ
    pub const fn model(&self) -> &Autoencoder<Matrix> {
        &self.model
    }

    /// The centres μ of the Gaussians with these numbers: (m, d). It is what the decoder makes of
    /// n/k.
    fn centres(&self, terms: &[usize]) -> Matrix {
        let (h, _) = self.model.w.shape();
        let shares = |&term: &usize| {
            digits(term, self.k + 1, h).map(|n| n as f64 / self.k as f64).collect::<Vec<_>>()
        };
        let shares = terms.iter().flat_map(shares).collect();
        self.model.decode(Matrix::from_vec(terms.len(), h, shares))
    }

    /// 𝔼x and Cov x in closed form, (1, d) and (d, d): those of the centres, and I/k.
    pub fn moments(&self) -> [Matrix; 2] {
        let (h, d) = self.model.w.shape();
        let (mut mean, mut square) = (Matrix::zeros(1, d), Matrix::zeros(d, d));
        // Around c + ½Wᵀ1, in the middle of all centres, so that the squares are no larger than
        // they must be.
        let middle = self.model.decode(Matrix::from_fn(1, h, |_, _| 0.5));
        let terms: Vec<usize> = (0..self.weights.len()).collect();
        for block in terms.chunks(BLOCK) {
            let apart = self.centres(block).add_row(&-middle.clone());
            let weighted =
                Matrix::from_fn(block.len(), d, |i, j| self.weights[block[i]] * apart.at(i, j));
            mean = mean + weighted.clone().sum_over_samples();
            square = square + weighted.tn(&apart);
        }
        let covariance = square - mean.tn(&mean) + diagonal(d, 1.0 / self.k as f64);
        [mean + middle, covariance]
    }
}

impl Density for SoftplusMixture {
    fn dimension(&self) -> usize {
        self.model.c.cols()
    }

    /// −E(x) − log Z
    #[track_caller]
    fn log_density(&self, x: &Matrix) -> Matrix {
        let energy = self.model.energy(&within_reach(x), self.sigma());
        let ends = Matrix::from_fn(x.rows(), 1, |i, _| end(x.row(i)));
        -energy - self.log_z + ends
    }

    /// k(c − x + Wᵀ sigmoid(Wx + b))
    #[track_caller]
    fn score(&self, x: &Matrix) -> Matrix {
        over_variance(self.model.reconstruct(&within_reach(x)) - x, self.sigma())
    }

    /// Each from the Gaussian that its weight has drawn.
    fn sample(&self, n: usize, rng: &mut Generator) -> Matrix {
        let noise: Matrix = standard_normal(n, self.dimension(), rng);
        self.centres(&drawn(&self.weights, n, rng)) + noise * self.sigma()
    }
}
