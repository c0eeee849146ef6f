//! T19: score matching fits an exponential family by one linear solve (Hyvärinen 2007).
//!
//! One side differentiates the energy −θᵀF on a tape, twice by x and once or twice by θ. The other
//! never builds a score: it reads ∇F and ΔF forward and solves a linear system.
//!
//! The page: `proofs/exponential_families.md`.

pub mod efficiency;

use super::{
    Claim, Evidence, Sides, Theorem, enclosed, magnitude, number, polynomial_score::PolynomialScore,
};
use crate::{
    array::Array,
    autodiff::Tape,
    grid::{Exact, Number, Polynomial},
    matrix::{Matrix, Real, noise::standard_normal},
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
        Claim::one("the same for features that are no polynomials", RIDGES, || {
            let [x, theta] = [Exact::named("x", 2, 2), Exact::named("θ", 3, 1)];
            Sides::proof(quadratic(&FamilyOnSample { features: Ridges, x, theta }))
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
        Claim::any("for exp(−θx⁴) itself θ̂ is θ", QUARTIC, efficiency::consistency),
        Claim::any("there the efficiency is 6 (Γ(¾)/Γ(¼))²", QUARTIC, |rng| {
            efficiency_is(efficiency::by_gamma(), efficiency::random_theta(rng))
        }),
    ],
    false_statements: &[
        Claim::one("ISM = θᵀAθ + bᵀθ", CUBIC, || {
            refuted(|f| ExponentialFamily { a: f.a * 2.0, ..f })
        }),
        Claim::one("the same with b = −𝔼[ΔF]", CUBIC, || {
            refuted(|f| ExponentialFamily { b: -f.b, ..f })
        }),
        Claim::one("the same with the trace divided by d", CUBIC, || {
            refuted(|f| ExponentialFamily { b: f.b * 0.5, ..f })
        }),
        Claim::one(
            "score matching is as efficient as maximum likelihood",
            "quartic, θ = 1",
            || efficiency_is(1.0, 1.0),
        ),
    ],
}];

const CUBIC: &str = "every cubic exponent and every two points in the plane";
const RIDGES: &str = "three fixed tanh ⟨w, x⟩ and every two points in the plane";
const QUARTIC: &str = "random θ from 0.1 to 10";
const ANY: &str = "up to four monomials of degree 4, random samples and θ";

/// A family, a sample and parameters.
#[derive(Clone, Debug)]
pub struct FamilyOnSample<A = Matrix, F = Monomials> {
    /// F
    pub features: F,
    /// The sample, (n, d).
    pub x: A,
    /// θ, (k, 1).
    pub theta: A,
}

impl<A, F> Parameters<A> for FamilyOnSample<A, F> {
    type With<B> = FamilyOnSample<B, F>;

    fn map<B>(self, mut f: impl FnMut(A) -> B) -> FamilyOnSample<B, F> {
        FamilyOnSample { features: self.features, x: f(self.x), theta: f(self.theta) }
    }
}

impl FamilyOnSample<Exact> {
    /// Every polynomial exponent of degree p in d variables, and every n points.
    pub fn every(n: usize, d: usize, p: usize) -> Self {
        let features = PolynomialScore::every(d, p).monomials;
        let theta = Exact::named("θ", features.count(), 1);
        Self { features, x: Exact::named("x", n, d), theta }
    }
}

impl FamilyOnSample {
    /// In one or two dimensions, with up to four different monomials of degree up to 4, and a
    /// Gaussian sample of more points than features.
    pub fn any(rng: &mut impl Rng) -> Self {
        let (d, k) = (rng.random_range(1..=2), rng.random_range(1..=4));
        let mut choice = PolynomialScore::every(d, 4).monomials.exponents().to_vec();
        let drawn = (0..k).map(|_| choice.swap_remove(rng.random_range(0..choice.len())));
        let features = Monomials::new(drawn.collect());
        let n = rng.random_range(k + 4..=k + 8);
        Self { features, x: standard_normal(n, d, rng), theta: standard_normal(k, 1, rng) }
    }
}

/// Fₖ(x) = tanh ⟨wₖ, x⟩ in the plane, w = (1, 2), (2, 3), (3, 4).
#[derive(Clone, Debug)]
struct Ridges;

impl Features for Ridges {
    fn of<A: Array>(&self, x: &A) -> A {
        x.nn(&x.constant(2, 3, |i, k| (i + k + 1) as f64)).tanh()
    }
}

/// The k axes of the space of θ, (k, 1) each.
fn axes<A: Array>(theta: &A) -> Vec<A> {
    let (k, _) = theta.shape();
    (0..k).map(|i| theta.constant(k, 1, |j, _| f64::from(u8::from(i == j)))).collect()
}

/// Value, gradient and columns of the Hessian in θ of implicit score matching, from the energy −θᵀF
/// by reverse mode.
pub fn by_differentiation<A: Array, F: Features + Clone>(
    instance: &FamilyOnSample<A, F>,
) -> Vec<A> {
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
pub fn quadratic<A: Array, F: Features + Clone>(instance: &FamilyOnSample<A, F>) -> [Vec<A>; 2] {
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
pub fn likelihood_equations(n: usize) -> [Vec<Exact>; 2] {
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
fn efficiency_is(claimed: f64, theta: f64) -> Sides {
    Sides::doubled(|fineness| {
        let steps = fineness * efficiency::STEPS;
        let sides = [number(efficiency::by_quadrature(theta, steps)), number(claimed)];
        // In 𝔼g² the terms 180 − 120 + 36 cancel to 96, in var x⁴ it is 5/16 − 1/16 to ¼, and 𝔼∂g/∂θ
        // enters squared: relative to the ratio 3.5 + 1.5 + 2, which is 0.685.
        Sides::integrals(sides, number(7.0), steps)
    })
}

/// T19: the gradient of ISM, by differentiation, at θ̂ = −A⁻¹b; and 0.
///
/// Intervals enclose it as they do Aθ̂ + b, and θ̂ solves exactly for a matrix that differs from A by
/// (3k + 1) u √(aᵢᵢaⱼⱼ) at most (Higham 2002, theorem 10.4), however ill-conditioned A is.
///
/// # Panics
/// Never, but with probability 0: different monomials on a Gaussian sample are independent.
pub fn stationarity(instance: &FamilyOnSample) -> Sides {
    let family = ExponentialFamily::of_sample(&instance.features, &instance.x);
    let theta = family.estimate().expect("different monomials on enough points");
    let (k, _) = theta.shape();
    let dominant = Matrix::from_fn(k, k, |i, j| (family.a.at(i, i) * family.a.at(j, j)).sqrt());
    let solve = dominant.nn(&magnitude(&theta)) * ((3 * k + 1) as f64 * f64::UNIT_ROUNDOFF);
    let at = FamilyOnSample { theta, ..instance.clone() };
    let [by_tape, by_moments] = quadratic(&enclosed(&at)).map(|side| side[1].widths());
    Sides::Numbers {
        evidence: Evidence::Rounding,
        left: vec![by_differentiation(&at).remove(1)],
        right: vec![Matrix::zeros(k, 1)],
        allowed: vec![by_tape + by_moments + solve],
    }
}
