//! Exponential families p(x; θ) ∝ exp(θᵀF(x)), which score matching fits by one linear solve
//! ([T19](crate::identity::exponential_families)).
//!
//! The score ψ = Σₖ θₖ ∇Fₖ is linear in θ, so the implicit objective is quadratic, and the
//! partition function, which maximum likelihood would need at every θ, does not occur:
//!
//! ```text
//! 𝔼[½‖ψ‖² + tr ∂ψ/∂x] = ½ θᵀAθ + bᵀθ,   A = 𝔼[Σⱼ ∂ⱼF ∂ⱼFᵀ],   b = 𝔼[ΔF],   θ̂ = −A⁻¹b
//! ```
//!
//! A new family needs F alone; ∇F and ΔF are readings of it.

use crate::{
    array::{Array, Linear},
    autodiff::second::along_axes,
    matrix::{
        Matrix,
        cholesky::{Cholesky, NoSolution},
    },
};

/// The features F of a family, as a formula.
///
/// ```
/// use score_matching::{model::{ExponentialFamily, Features}, prelude::*};
///
/// /// F(x) = −½x² on the line: N(0, 1/θ)
/// struct Precision;
///
/// impl Features for Precision {
///     fn of<A: Array>(&self, x: &A) -> A {
///         x.squared_norm() * -0.5
///     }
/// }
///
/// let x = Matrix::from_rows([[-2.0], [2.0]]);
/// let theta = ExponentialFamily::of_sample(&Precision, &x).estimate().expect("x varies");
/// assert_eq!(theta.item(), 0.25); // one over the mean square
/// assert_eq!(Precision.exponent(&x, &theta), Matrix::from_rows([[-0.5], [-0.5]]));
/// ```
pub trait Features {
    /// F(x): (n, d) → (n, k).
    fn of<A: Array>(&self, x: &A) -> A;

    /// θᵀF(x), which is log p up to a constant: x (n, d) and θ (k, 1) → (n, 1).
    #[track_caller]
    fn exponent<A: Array>(&self, x: &A, theta: &A) -> A {
        self.of(x).nn(theta)
    }
}

/// Fₖ(x) = ∏ᵢ xᵢ^eₖᵢ: every polynomial exponent.
///
/// ```
/// use score_matching::model::Monomials;
///
/// let plane = Monomials::gaussian(2); // x, y, x², xy, y²
/// assert_eq!((plane.count(), plane.degree()), (5, 2));
/// assert_eq!(plane.exponents()[3], [1, 1]);
/// assert_eq!(Monomials::quartic(), Monomials::new(vec![vec![4]])); // x⁴
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Monomials(Vec<Vec<usize>>);

impl Monomials {
    /// From the exponents, one list of length d for each feature.
    ///
    /// # Panics
    /// If there is none, their lengths differ, or one is constant: exp(θ · 1) is no density's shape.
    #[track_caller]
    pub fn new(exponents: Vec<Vec<usize>>) -> Self {
        assert!(!exponents.is_empty(), "a family needs features");
        let fits = |e: &Vec<usize>| e.len() == exponents[0].len() && e.iter().any(|&p| p > 0);
        assert!(exponents.iter().all(fits), "exponents {exponents:?}");
        Self(exponents)
    }

    /// x⁴ on the line: the quartic density exp(−θx⁴), with natural parameter −θ.
    pub fn quartic() -> Self {
        Self::new(vec![vec![4]])
    }

    /// All xᵢ, then all xᵢxⱼ with i ≤ j: the unrestricted Gaussian in d dimensions.
    pub fn gaussian(d: usize) -> Self {
        let with = |axes: &[usize]| {
            let mut exponents = vec![0; d];
            for &i in axes {
                exponents[i] += 1;
            }
            exponents
        };
        let linear = (0..d).map(|i| with(&[i]));
        let quadratic = (0..d).flat_map(|i| (i..d).map(move |j| [i, j]));
        Self::new(linear.chain(quadratic.map(|pair| with(&pair))).collect())
    }

    /// The exponents, one list of length d for each feature.
    pub fn exponents(&self) -> &[Vec<usize>] {
        &self.0
    }

    /// k
    pub const fn count(&self) -> usize {
        self.0.len()
    }

    /// The largest degree of a feature.
    pub fn degree(&self) -> usize {
        self.0.iter().map(|e| e.iter().sum()).max().unwrap_or(0)
    }
}

impl Features for Monomials {
    /// A monomial as a product of factors, each of them a coordinate of x or 1: (x S + 1 r) ∘ … with
    /// constants S (d, k) and r (1, k), so that all k are computed together.
    fn of<A: Array>(&self, x: &A) -> A {
        let coordinates: Vec<Vec<usize>> = self
            .0
            .iter()
            .map(|e| e.iter().enumerate().flat_map(|(i, &p)| vec![i; p]).collect())
            .collect();
        let (d, k) = (self.0[0].len(), self.count());
        let factor = |m: usize| {
            let is = |j: usize, i: Option<usize>| coordinates[j].get(m).copied() == i;
            let select = x.constant(d, k, |i, j| f64::from(u8::from(is(j, Some(i)))));
            let ones = x.constant(1, k, |_, j| f64::from(u8::from(is(j, None))));
            x.nn(&select).add_row(&ones)
        };
        (1..self.degree()).fold(factor(0), |product, m| product * factor(m))
    }
}

/// ½ θᵀAθ + bᵀθ: the implicit objective of a family on a sample, as a function of θ alone.
///
/// ```
/// use score_matching::{model::{ExponentialFamily, Monomials}, prelude::*};
///
/// // θ₁x + θ₂x² on the sample ±2: N(0, 4), which is e^(−x²/8)
/// let x = Matrix::from_rows([[-2.0], [2.0]]);
/// let family = ExponentialFamily::of_sample(&Monomials::gaussian(1), &x);
/// let theta = family.estimate().expect("x varies");
/// assert_eq!(theta, Matrix::from_rows([[0.0], [-0.125]]));
/// assert_eq!(family.gradient(&theta), Matrix::zeros(2, 1)); // the minimum
/// assert_eq!(family.objective(&theta).item(), -0.125); // −½ (score)² on average
/// let weights = Matrix::from_rows([[0.5], [0.5]]);
/// assert_eq!(ExponentialFamily::new(&Monomials::gaussian(1), &x, &weights).a, family.a);
/// ```
#[derive(Clone, Debug)]
pub struct ExponentialFamily<A> {
    /// 𝔼[Σⱼ ∂ⱼF ∂ⱼFᵀ], (k, k), positive semidefinite.
    pub a: A,
    /// 𝔼(ΔF), (k, 1).
    pub b: A,
    /// How many products an element of A is the sum of: n d. So many roundings may be in it.
    pub terms: usize,
}

impl<A: Array> ExponentialFamily<A> {
    /// From the features and a weighted sample: x (n, d) and weights (n, 1), which are 1/n for a
    /// sample and the weights of a [rule](crate::quadrature::Rule) for a density.
    ///
    /// # Panics
    /// If there is no sample, or the shapes do not fit.
    #[track_caller]
    pub fn new(features: &impl Features, x: &A, weights: &A) -> Self {
        let (n, d) = x.shape();
        assert!(n > 0, "a family on no samples");
        let [f] = along_axes(|x| [features.of(x)], x);
        let (_, k) = f.first.shape();
        let weights = weights.clone().linear(Linear::Each(d));
        let weighted = f.first.clone() * weights.clone().linear(Linear::Spread(k));
        Self { a: weighted.tn(&f.first), b: f.second.tn(&weights), terms: n * d }
    }

    /// With every sample weighted 1/n.
    #[track_caller]
    pub fn of_sample(features: &impl Features, x: &A) -> Self {
        let (n, _) = x.shape();
        Self::new(features, x, &x.constant(n, 1, |_, _| 1.0 / n as f64))
    }

    /// ½ θᵀAθ + bᵀθ: θ (k, 1) → (1, 1).
    #[track_caller]
    pub fn objective(&self, theta: &A) -> A {
        theta.tn(&self.a.nn(theta)) * 0.5 + self.b.tn(theta)
    }

    /// Aθ + b, its gradient: (k, 1).
    #[track_caller]
    pub fn gradient(&self, theta: &A) -> A {
        self.a.nn(theta) + &self.b
    }
}

impl ExponentialFamily<Matrix> {
    /// θ̂ = −A⁻¹b, the score matching estimate.
    ///
    /// # Errors
    /// If A is singular up to its rounding: some combination of the features has no slope anywhere on
    /// the sample, and the sample says nothing about its parameter. Also if A, b or θ̂ leave the range
    /// of an f64.
    pub fn estimate(&self) -> Result<Matrix, NoSolution> {
        Ok(-Cholesky::of_sums(&self.a, self.terms)?.solve_finite(&self.b)?)
    }
}
