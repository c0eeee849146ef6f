//! T19: score matching fits an exponential family by one linear solve (Hyvärinen 2007).
//!
//! One side differentiates the energy −θᵀF on a tape, twice by x and once or twice by θ. The other
//! never builds a score: it reads ∇F and ΔF forward and solves a linear system.

pub mod efficiency;
mod gaussian;

pub use gaussian::{gaussian, gaussian_sample, moment_form};

use super::{Claim, Sides, Theorem, enclosed, magnitude, number};
use crate::{
    array::Array,
    autodiff::Tape,
    grid::{Exact, Number, Polynomial},
    matrix::{Matrix, noise::standard_normal},
    model::{ExponentialFamily, Features, Monomials, Parameters},
    objective::{self, trace},
};
use rand::{Rng, RngExt};

/// The theorem of this page.
pub const THEOREMS: &[Theorem] = &[Theorem {
    number: 19,
    statement: "exponential families: ISM = ½ θᵀAθ + bᵀθ; for a Gaussian θ̂ is maximum likelihood",
    claims: &[
        Claim::one("value, gradient and Hessian in θ", CUBIC, || {
            Sides::proof(quadratic(&FamilyOnSample::every(2, 2, 3)))
        }),
        Claim::one("value, gradient and Hessian in θ", QUARTIC, || {
            Sides::proof(quadratic(&FamilyOnSample::every(2, 1, 4)))
        }),
        Claim::one(
            "Aθ = −b for the Gaussian with the mean and the covariance S of the sample, times det S",
            "every four points of the plane",
            || Sides::proof(likelihood_equations(4)),
        ),
        Claim::any("value, gradient and Hessian, as computed", ANY, |rng| {
            let i = FamilyOnSample::any(rng);
            Sides::rounding(quadratic(&i), quadratic(&enclosed(&i)))
        }),
        Claim::any("∇ISM(θ̂) = 0", ANY, |rng| stationarity(&FamilyOnSample::any(rng))),
        Claim::any("the Gaussian's mean and covariance are the sample's", SAMPLES, |rng| {
            gaussian(&gaussian_sample(rng))
        }),
        Claim::one("for exp(−θx⁴) the efficiency is 6 (Γ(¾)/Γ(¼))²", "θ = 1", || {
            efficiency_is(efficiency::by_gamma())
        }),
    ],
    false_statements: &[
        Claim::one("ISM = θᵀAθ + bᵀθ", CUBIC, || {
            refuted(|f| ExponentialFamily { a: f.a * 2.0, b: f.b })
        }),
        Claim::one("the same with b = −𝔼[ΔF]", CUBIC, || {
            refuted(|f| ExponentialFamily { a: f.a, b: -f.b })
        }),
        Claim::one("the same with the trace divided by d", CUBIC, || {
            refuted(|f| ExponentialFamily { a: f.a, b: f.b * 0.5 })
        }),
        Claim::one(
            "score matching is as efficient as maximum likelihood",
            "quartic, θ = 1",
            || efficiency_is(1.0),
        ),
    ],
}];

const CUBIC: &str = "every cubic exponent and every two points in the plane";
const QUARTIC: &str = "every quartic exponent and every two points on the line";
const ANY: &str = "up to four monomials of degree 4, random samples and θ";
const SAMPLES: &str = "random samples in up to three dimensions, with heavy tails";

/// A family with polynomial features, a sample and parameters.
#[derive(Clone, Debug)]
pub struct FamilyOnSample<A = Matrix> {
    /// F
    pub features: Monomials,
    /// The sample, (n, d).
    pub x: A,
    /// θ, (k, 1).
    pub theta: A,
}

impl<A> Parameters<A> for FamilyOnSample<A> {
    type With<B> = FamilyOnSample<B>;

    fn map<B>(self, mut f: impl FnMut(A) -> B) -> FamilyOnSample<B> {
        FamilyOnSample { features: self.features, x: f(self.x), theta: f(self.theta) }
    }
}

/// All exponents of monomials in one variable or two, of degree 1 to p.
fn exponents(d: usize, p: usize) -> Vec<Vec<usize>> {
    let of = |p: usize| -> Vec<_> {
        if d == 1 { vec![vec![p]] } else { (0..=p).map(|i| vec![i, p - i]).collect() }
    };
    (1..=p).flat_map(of).collect()
}

impl FamilyOnSample<Exact> {
    /// Every polynomial exponent of degree p, and every n points, in one dimension or two.
    pub fn every(n: usize, d: usize, p: usize) -> Self {
        let features = Monomials::new(exponents(d, p));
        let theta = Exact::named("θ", features.count(), 1);
        Self { features, x: Exact::named("x", n, d), theta }
    }
}

impl FamilyOnSample {
    /// In one or two dimensions, with up to four different monomials of degree up to 4, and a
    /// Gaussian sample of more points than features.
    pub fn any(rng: &mut impl Rng) -> Self {
        let d = rng.random_range(1..=2);
        let (mut choice, k) = (exponents(d, 4), rng.random_range(1..=4));
        let drawn = (0..k).map(|_| choice.swap_remove(rng.random_range(0..choice.len())));
        let features = Monomials::new(drawn.collect());
        let n = rng.random_range(k + 4..=k + 8);
        Self { features, x: standard_normal(n, d, rng), theta: standard_normal(k, 1, rng) }
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

/// The k axes of the space of θ, (k, 1) each.
fn axes<A: Array>(theta: &A) -> Vec<A> {
    let (k, _) = theta.shape();
    (0..k).map(|i| theta.constant(k, 1, |j, _| f64::from(u8::from(i == j)))).collect()
}

/// Value, gradient and columns of the Hessian in θ of implicit score matching, from the energy −θᵀF
/// by reverse mode.
pub fn by_differentiation<A: Array>(instance: &FamilyOnSample<A>) -> Vec<A> {
    let tape = Tape::new();
    let FamilyOnSample { features, x, theta } = instance.on(&tape);
    let pair = trace::of_energy_by_reverse(|x| -features.exponent(x, &theta), &x);
    let ism = objective::implicit(pair).mean();
    let gradient = ism.grad(&[theta])[0];
    let column = |axis| gradient.inner(&axis).sum().gradient(&[theta]).remove(0);
    let hessian = axes(&theta).into_iter().map(column);
    [ism.value(), gradient.value()].into_iter().chain(hessian).collect()
}

/// The same from A and b alone: ½ θᵀAθ + bᵀθ, Aθ + b, and the columns of A.
fn from_moments<A: Array>(family: &ExponentialFamily<A>, theta: &A) -> Vec<A> {
    let columns = axes(theta).into_iter().map(|axis| family.a.nn(&axis));
    [family.objective(theta), family.gradient(theta)].into_iter().chain(columns).collect()
}

/// T19: value, gradient and Hessian of ISM by differentiation; and from A and b.
pub fn quadratic<A: Array>(instance: &FamilyOnSample<A>) -> [Vec<A>; 2] {
    let family = ExponentialFamily::of_sample(&instance.features, &instance.x);
    [by_differentiation(instance), from_moments(&family, &instance.theta)]
}

/// ISM by differentiation against A and b made wrong.
fn refuted(wrong: fn(ExponentialFamily<Exact>) -> ExponentialFamily<Exact>) -> Sides {
    let i = FamilyOnSample::every(2, 2, 3);
    let family = wrong(ExponentialFamily::of_sample(&i.features, &i.x));
    Sides::proof([by_differentiation(&i), from_moments(&family, &i.theta)])
}

/// T19 for the Gaussian in the plane: Aθ det S, and −b det S, where θ det S has P det S = adj S and
/// h = P m from the mean m and the covariance S of n points, n a power of two.
fn likelihood_equations(n: usize) -> [Vec<Exact>; 2] {
    let x = Exact::named("x", n, 2);
    let share = 1.0 / n as f64;
    let mean = x.clone().sum_over_samples() * share;
    let centred = x.clone().add_row(&-mean.clone());
    let s = centred.tn(&centred) * share;
    let minus = |p: &Polynomial| p.times(&Polynomial::of(-1.0));
    let adjugate =
        Exact::from_fn(
            2,
            2,
            |i, j| {
                if i == j { s.at(1 - i, 1 - i).clone() } else { minus(s.at(i, j)) }
            },
        );
    let product = adjugate.nn(&s);
    let determinant = Exact::from_fn(1, 1, |_, _| product.at(0, 0).clone());
    let (h, halved) = (mean.nn(&adjugate), adjugate.clone() * -0.5);
    // In the order of Monomials::gaussian: x₁, x₂, x₁², x₁x₂, x₂².
    let theta = Exact::from_fn(5, 1, |k, _| match k {
        0 | 1 => h.at(0, k).clone(),
        2 => halved.at(0, 0).clone(),
        3 => minus(adjugate.at(0, 1)),
        _ => halved.at(1, 1).clone(),
    });
    let family = ExponentialFamily::of_sample(&Monomials::gaussian(2), &x);
    [vec![family.a.nn(&theta)], vec![-family.b.nn(&determinant)]]
}

/// The efficiency of score matching for exp(−θx⁴) by quadrature, and a number.
fn efficiency_is(claimed: f64) -> Sides {
    Sides::doubled(|fineness| {
        let steps = fineness * efficiency::STEPS;
        let sides = [number(efficiency::by_quadrature(1.0, steps)), number(claimed)];
        // In 𝔼g² the terms 180 − 120 + 36 cancel to 96, in var x⁴ it is 5/16 − 1/16 to ¼, and 𝔼∂g/∂θ
        // enters squared: relative to the ratio 3.5 + 1.5 + 2, which is 0.685.
        Sides::integrals(sides, number(7.0), steps)
    })
}

/// T19: the gradient of ISM, by differentiation, at θ̂ = −A⁻¹b; and 0.
///
/// Σ|terms| takes √(aᵢᵢaⱼⱼ) for |aᵢⱼ|: the solve by Cholesky is exact for a matrix that differs from
/// A by (3k + 1) u √(aᵢᵢaⱼⱼ) at most (Higham 2002, theorem 10.4), however ill-conditioned A is.
///
/// # Panics
/// If A is singular, which for different monomials on a Gaussian sample has probability 0.
pub fn stationarity(instance: &FamilyOnSample) -> Sides {
    let family = ExponentialFamily::of_sample(&instance.features, &instance.x);
    let estimate = family.estimate().expect("different monomials on enough points");
    let absolute = instance.absolute();
    let k = instance.features.count();
    let terms = dominated(&absolute.a).nn(&magnitude(&estimate)) + absolute.b;
    let gradient =
        by_differentiation(&FamilyOnSample { theta: estimate, ..instance.clone() }).remove(1);
    let sides = [vec![gradient], vec![Matrix::zeros(k, 1)]];
    Sides::rounded(sides, vec![terms], instance.roundings() + (3 * k + 1) as f64)
}

/// √(aᵢᵢaⱼⱼ) ≥ |aᵢⱼ| of a positive semidefinite matrix.
fn dominated(a: &Matrix) -> Matrix {
    let k = a.rows();
    Matrix::from_fn(k, k, |i, j| (a.at(i, i) * a.at(j, j)).sqrt())
}
