//! T19: score matching fits an exponential family by one linear solve (Hyvärinen 2007).
//!
//! One side differentiates the energy −θᵀF on a tape, twice by x and once or twice by θ. The other
//! never builds a score: it reads ∇F and ΔF forward and solves a linear system.

pub mod efficiency;

use super::{Evidence, OldCheck, OldSides, OldTheorem, magnitude};
use crate::{
    array::{Array, Linear},
    autodiff::Tape,
    matrix::{Matrix, cholesky::Cholesky, noise::standard_normal},
    model::{ExponentialFamily, Features, Monomials},
    objective::{self, trace},
};
use rand::{Rng, RngExt};

/// The theorem of this page.
pub const THEOREMS: &[OldTheorem] = &[OldTheorem {
    number: 19,
    statement: "exponential families: ISM = ½ θᵀAθ + bᵀθ; for a Gaussian θ̂ is maximum likelihood",
    check: |rng| match rng.random_range(0..3) {
        0 => quadratic(&Instance::any(rng)).check(),
        1 => stationarity(&Instance::any(rng)).check(),
        _ => gaussian(&gaussian_sample(rng)).check(),
    },
    false_statement: "score matching is as efficient as maximum likelihood (quartic)",
    counterexample: |_| {
        let measured = efficiency::by_quadrature(1.0, efficiency::STEPS);
        OldCheck::new(Evidence::Quadrature, measured, 1.0, 1.0, 1e-12)
    },
}];

/// A family with polynomial features, a sample and parameters.
#[derive(Clone, Debug)]
pub struct Instance {
    /// F
    pub features: Monomials,
    /// The sample, (n, d).
    pub x: Matrix,
    /// θ, (k, 1).
    pub theta: Matrix,
}

impl Instance {
    /// In one or two dimensions, with up to four different monomials of degree up to 4, and a
    /// Gaussian sample of more points than features.
    pub fn any(rng: &mut impl Rng) -> Self {
        let d = rng.random_range(1..=2);
        let features = Self::monomials(d, rng);
        let k = features.count();
        let n = rng.random_range(k + 4..=k + 8);
        Self { features, x: standard_normal(n, d, rng), theta: standard_normal(k, 1, rng) }
    }

    /// An instance on which nothing rounds: whole x, at most 3 in modulus, θ in quarters, and n a
    /// power of two for the mean's sake.
    pub fn dyadic(rng: &mut impl Rng) -> Self {
        let d = rng.random_range(1..=2);
        let features = Self::monomials(d, rng);
        let k = features.count();
        let n = 1 << rng.random_range(0..4);
        let mut whole = |rows, cols, largest: i32| {
            Matrix::from_fn(rows, cols, |_, _| f64::from(rng.random_range(-largest..=largest)))
        };
        Self { x: whole(n, d, 3), theta: whole(k, 1, 8) * 0.25, features }
    }

    fn monomials(d: usize, rng: &mut impl Rng) -> Monomials {
        let all = |p: usize| (0..=p).map(move |i| if d == 1 { vec![p] } else { vec![i, p - i] });
        let mut choice: Vec<_> = (1..=4).flat_map(all).collect();
        choice.dedup();
        let k = rng.random_range(1..=4);
        let drawn = (0..k).map(|_| choice.swap_remove(rng.random_range(0..choice.len())));
        Monomials::new(drawn.collect())
    }

    /// A and b at |x|: since monomials have no minus sign in them, these are Σ|terms| of A and b.
    fn absolute(&self) -> ExponentialFamily<Matrix> {
        ExponentialFamily::of_sample(&self.features, &magnitude(&self.x))
    }

    /// K: a derivative of a monomial of degree p is made by the product rule, of at most 2p products
    /// and sums, a second one of twice as many, in reverse mode of twice as many again. Two slopes or
    /// one curvature meet θ (twice k roundings) and are summed over samples and axes.
    fn roundings(&self) -> f64 {
        let (n, d) = self.x.shape();
        (8 * self.features.degree() + 2 * self.features.count() + 2 * n * d + 8) as f64
    }
}

/// Value, gradient and Hessian in θ of implicit score matching, from the energy −θᵀF by reverse mode.
pub fn by_differentiation(instance: &Instance, theta: &Matrix) -> [Matrix; 3] {
    let tape = Tape::new();
    let (x, theta) = (tape.var(&instance.x), tape.var(theta));
    let pair = trace::of_energy_by_reverse(|x| -instance.features.exponent(x, &theta), &x);
    let ism = objective::implicit(pair).mean();
    let gradient = ism.grad(&[theta])[0];
    let k = instance.features.count();
    let rows: Vec<Matrix> = (0..k)
        .map(|i| {
            let axis = theta.constant(k, 1, |j, _| f64::from(u8::from(i == j)));
            gradient.inner(&axis).sum().gradient(&[theta]).remove(0)
        })
        .collect();
    [ism.value(), gradient.value(), Matrix::from_fn(k, k, |i, j| rows[i].at(j, 0))]
}

/// T19: value, gradient and Hessian of ISM by differentiation; and ½ θᵀAθ + bᵀθ, Aθ + b, A.
pub fn quadratic(instance: &Instance) -> OldSides {
    let family = ExponentialFamily::of_sample(&instance.features, &instance.x);
    let (absolute, size) = (instance.absolute(), magnitude(&instance.theta));
    let all = |family: ExponentialFamily<Matrix>, theta: &Matrix| {
        vec![family.objective(theta), family.gradient(theta), family.a]
    };
    OldSides {
        left: by_differentiation(instance, &instance.theta).into(),
        right: all(family, &instance.theta),
        magnitude: all(absolute, &size),
        roundings: instance.roundings(),
    }
}

/// T19: the gradient of ISM, by differentiation, at θ̂ = −A⁻¹b; and 0.
///
/// Σ|terms| takes √(aᵢᵢaⱼⱼ) for |aᵢⱼ|: the solve by Cholesky is exact for a matrix that differs from
/// A by (3k + 1) u √(aᵢᵢaⱼⱼ) at most (Higham 2002, theorem 10.4), however ill-conditioned A is.
///
/// # Panics
/// If A is singular, which for different monomials on a Gaussian sample has probability 0.
pub fn stationarity(instance: &Instance) -> OldSides {
    let family = ExponentialFamily::of_sample(&instance.features, &instance.x);
    let estimate = family.estimate().expect("different monomials on enough points");
    let absolute = instance.absolute();
    let k = instance.features.count();
    let terms = dominated(&absolute.a).nn(&magnitude(&estimate)) + absolute.b;
    let [_, gradient, _] = by_differentiation(instance, &estimate);
    OldSides {
        left: vec![gradient],
        right: vec![Matrix::zeros(k, 1)],
        magnitude: vec![terms],
        roundings: instance.roundings() + (3 * k + 1) as f64,
    }
}

/// √(aᵢᵢaⱼⱼ) ≥ |aᵢⱼ| of a positive semidefinite matrix.
fn dominated(a: &Matrix) -> Matrix {
    let k = a.rows();
    Matrix::from_fn(k, k, |i, j| (a.at(i, i) * a.at(j, j)).sqrt())
}

/// A sample in up to three dimensions, moved and stretched at random: nothing about it need be
/// Gaussian.
pub fn gaussian_sample(rng: &mut impl Rng) -> Matrix {
    let d = rng.random_range(1..=3);
    let n = rng.random_range(d + 3..=d + 8);
    let z: Matrix = standard_normal(n, d, rng);
    let cubed = z.clone() * &z * &z; // heavy tails
    cubed.nn(&standard_normal(d, d, rng)).add_row(&standard_normal(1, d, rng))
}

/// T19: mean and covariance of the Gaussian fitted by score matching; and those of the sample
/// (divided by n), which maximum likelihood takes.
///
/// Σ|terms| follows the error of the solve: |A⁻¹|(|A||θ̂| + |b|) in θ̂, and through
/// δΣ = −Σ δP Σ, δμ = Σ(δh − δP μ) in what is compared.
///
/// # Panics
/// If all the points of the sample lie in a hyperplane.
pub fn gaussian(x: &Matrix) -> OldSides {
    let (n, d) = x.shape();
    let features = Monomials::gaussian(d);
    let (k, degree) = (features.count(), features.degree());
    let family = ExponentialFamily::of_sample(&features, x);
    let cholesky = Cholesky::new(&family.a).expect("a sample in general position");
    let theta = -cholesky.solve(&family.b);
    let one = Matrix::from_fn(k, k, |i, j| f64::from(u8::from(i == j)));
    let terms = dominated(&family.a).nn(&magnitude(&theta)) + magnitude(&family.b);
    let theta_error = magnitude(&cholesky.solve(&one)).nn(&terms);

    let (h, p) = moment_form(&theta, d);
    let (h_error, p_error) = moment_form(&theta_error, d);
    let (h_error, p_error) = (magnitude(&h_error), magnitude(&p_error) + dominated(&p));
    let p = Cholesky::new(&p).expect("a concave exponent");
    let covariance = p.solve(&Matrix::from_fn(d, d, |i, j| f64::from(u8::from(i == j))));
    let mean = p.solve(&h);
    let spread = magnitude(&covariance);

    let sample_mean = x.clone().sum_over_samples().linear(Linear::Transpose) * (1.0 / n as f64);
    let centred = x.clone().add_row(&-sample_mean.clone().linear(Linear::Transpose));
    let mean_error = spread.nn(&(h_error + p_error.nn(&magnitude(&mean))));
    let moments = magnitude(x).tn(&magnitude(x)) * (1.0 / n as f64);
    OldSides {
        magnitude: vec![
            mean_error
                + magnitude(x).sum_over_samples().linear(Linear::Transpose) * (1.0 / n as f64),
            spread.nn(&p_error).nn(&spread) + moments,
        ],
        left: vec![mean, covariance],
        right: vec![sample_mean, centred.tn(&centred) * (1.0 / n as f64)],
        // The moments and both solves.
        roundings: (8 * degree + 2 * n * d + 8 + 3 * k + 1 + 3 * d + 1) as f64,
    }
}

/// h (d, 1) and P (d, d) of exp(hᵀx − ½ xᵀPx) from θ of [`Monomials::gaussian`].
///
/// # Panics
/// If θ has not d + d(d + 1)/2 rows.
pub fn moment_form(theta: &Matrix, d: usize) -> (Matrix, Matrix) {
    let mut pairs = (d..).map(|row| theta.at(row, 0));
    let mut p = Matrix::zeros(d, d);
    for i in 0..d {
        for j in i..d {
            let value = -pairs.next().expect("d(d + 1)/2 pairs");
            // xᵢxⱼ stands twice in xᵀPx, but xᵢ² once.
            let value = if i == j { 2.0 * value } else { value };
            p.data_mut()[i * d + j] = value;
            p.data_mut()[j * d + i] = value;
        }
    }
    (Matrix::from_fn(d, 1, |i, _| theta.at(i, 0)), p)
}
