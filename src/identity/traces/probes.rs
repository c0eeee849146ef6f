//! T13: random directions have the trace for their mean, and a known variance.
//!
//! Mean and variance are proved for every matrix A: vᵀAv is a polynomial in v, and each law replaces
//! its monomials by [`moment`]s. Nothing is drawn.

use crate::{
    array::{Array, Function},
    autodiff::Dual,
    grid::{
        Exact,
        polynomial::{Dyadic, pairings},
    },
    identity::{Claim, Sides, traces::NetworkBatch},
    matrix::Matrix,
    model::Parameters,
    objective::{
        implicit,
        sliced::{Probe, hutchinson, sliced},
        trace,
    },
};

/// What of T13 is checked.
pub(super) const CLAIMS: &[Claim] = &[
    Claim::one("random signs: mean and variance", EVERY, || moments(Probe::Rademacher)),
    Claim::one("Gaussian: mean, variance 2‖S‖²", EVERY, || moments(Probe::Gaussian)),
    Claim::one("sphere: mean, variance 2d/(d + 2) (‖S‖² − (tr S)²/d)", EVERY, || {
        moments(Probe::Sphere)
    }),
    Claim::one(
        "𝔼‖z‖⁴ = d(d + 2), which makes the factor of the sphere",
        "d = 1, …, 8",
        || {
            let fourth = |d: usize| {
                let z = Exact::named("z", 1, d);
                let square = z.squared_norm();
                (square.clone() * square).gaussian_mean(&z)
            };
            let number = |d: usize| {
                Matrix::from_rows([[(d * (d + 2)) as f64]]).lift(&Exact::named("z", 1, 1))
            };
            Sides::proof([(1..=8).map(fourth).collect(), (1..=8).map(number).collect()])
        },
    ),
    Claim::one("𝔼 of sliced score matching is ISM", "widths 3, 3, 3, 3, every θ, x", || {
        let NetworkBatch { network, x } = NetworkBatch::every((1, &[3, 3, 3, 3]), Function::Tanh);
        let (lifted, v) = (network.constants(), Exact::named("v", 1, 3));
        let both = [
            sliced(|x| lifted.score(x), &x, &v),
            implicit(hutchinson(|x| lifted.score(x), &x, &v)), // with the exact norm
        ];
        let right = implicit(network.score_and_trace(&x));
        let mean = |each: Exact| expectation(Probe::Rademacher, &each, &v);
        Sides::proof([both.map(mean).into(), vec![right.clone(), right]])
    }),
];

/// Its nearest false neighbours.
pub(super) const FALSE_STATEMENTS: &[Claim] = &[
    Claim::one("𝔼 vᵀAv = tr A for directions of unit norm", "d = 4, every A", || {
        let (field, v) = (AffineField::every(4), Exact::named("v", 1, 4));
        let unit = field.quadratic(&(v.clone() * 0.5)); // √d = 2
        Sides::proof([vec![expectation(Probe::Rademacher, &unit, &v)], vec![field.trace()]])
    }),
    Claim::one("the variance with A for S", "d = 6, every A", || {
        let (field, v) = (AffineField::every(6), Exact::named("v", 1, 6));
        let [_, variance] = mean_and_variance(Probe::Gaussian, &field.quadratic(&v), &v);
        Sides::proof([vec![variance], vec![field.a.squared_norm().sum() * 2.0]])
    }),
    Claim::one("the variance of the Gaussian for the sphere", "d = 6, every A", || {
        let (field, v) = (AffineField::every(6), Exact::named("v", 1, 6));
        let [_, variance] = mean_and_variance(Probe::Sphere, &field.quadratic(&v), &v);
        Sides::proof([vec![variance], vec![Probe::Gaussian.variance(&field.a)]])
    }),
    Claim::one("½(vᵀψ)² adds no variance", "d = 6, every A, p", || {
        let (field, v) = (AffineField::every(6), Exact::named("v", 1, 6));
        let [_, variance] = mean_and_variance(Probe::Rademacher, &field.sliced(&v), &v);
        Sides::proof([vec![variance], vec![Probe::Rademacher.variance(&field.a)]])
    }),
];

const EVERY: &str = "d = 2 and 6, every A, p";

/// A field ψ(x) = A x + p: at 0 its value is p, its Jacobian A.
#[derive(Clone, Debug)]
pub struct AffineField<A = Matrix> {
    /// A, (d, d).
    pub a: A,
    /// p, (1, d).
    pub p: A,
}

impl AffineField<Exact> {
    /// Every field in d dimensions.
    pub fn every(d: usize) -> Self {
        Self { a: Exact::named("a", d, d), p: Exact::named("p", 1, d) }
    }
}

impl<A: Array> AffineField<A> {
    /// A x + p, forward.
    fn read(&self, x: &Dual<A>) -> Dual<A> {
        x.nt(&Dual::constant(&self.a)).add_row(&Dual::constant(&self.p))
    }

    /// vᵀ A v for every row of `v`, (m, d) → (m, 1), through [`hutchinson`] at 0.
    pub fn quadratic(&self, v: &A) -> A {
        hutchinson(|x| self.read(x), &(v.clone() * 0.0), v).1
    }

    /// ½(vᵀψ)² + vᵀ A v for every row of `v`, through [`sliced`] at 0.
    pub fn sliced(&self, v: &A) -> A {
        sliced(|x| self.read(x), &(v.clone() * 0.0), v)
    }

    /// ψ and tr J at 0, by forward mode along all axes: p and tr A.
    fn at_0(&self) -> (A, A) {
        trace::of_score(|x| self.read(x), &(self.p.clone() * 0.0))
    }

    /// tr A.
    pub fn trace(&self) -> A {
        self.at_0().1
    }

    /// A + ½ p pᵀ, whose quadratic form [`sliced`] is.
    pub fn with_square(&self) -> A {
        self.a.clone() + self.p.tn(&self.p) * 0.5
    }
}

/// 𝔼 v₁ᵃ v₂ᵇ … in d dimensions, from the exponents that are not 0.
///
/// A Gaussian is a direction on the sphere of radius √d times an independent length r/√d, r = ‖z‖. So
/// for exponents of sum 2m the moment of the sphere is the Gaussian one times dᵐ/𝔼r²ᵐ: with 𝔼r² = d
/// and 𝔼r⁴ = d(d + 2), nothing changes for m = 1, and for m = 2 there is a factor d/(d + 2).
///
/// # Panics
/// If that is needed for m > 2, or d/(d + 2) has no finite binary expansion.
#[track_caller]
pub fn moment(law: Probe, d: usize, powers: &[i32]) -> Dyadic {
    let gaussian = powers.iter().map(|&a| pairings(a.unsigned_abs() as usize).expect("small"));
    let gaussian = Dyadic::whole(gaussian.product());
    let degree: i32 = powers.iter().sum();
    match law {
        Probe::Rademacher => Dyadic::whole(powers.iter().all(|a| a % 2 == 0).into()),
        Probe::Gaussian => gaussian,
        Probe::Sphere if degree < 4 => gaussian,
        Probe::Sphere => {
            assert!(degree == 4 && (d + 2).is_power_of_two(), "degree {degree}, d = {d}");
            gaussian.times(Dyadic::of(d as f64 / (d as f64 + 2.0)))
        }
    }
}

/// 𝔼 over the directions v.
fn expectation(law: Probe, each: &Exact, v: &Exact) -> Exact {
    let (_, d) = v.shape();
    each.mean_by(v, |powers| moment(law, d, powers))
}

fn mean_and_variance(law: Probe, each: &Exact, v: &Exact) -> [Exact; 2] {
    let mean = expectation(law, each, v);
    let variance = expectation(law, &each.squared_norm(), v) - mean.squared_norm();
    [mean, variance]
}

/// Mean and variance of vᵀAv and of ½(vᵀp)² + vᵀAv, against tr A, ISM and [`Probe::variance`].
fn moments(law: Probe) -> Sides {
    let (mut left, mut right) = (vec![], vec![]);
    for d in [2, 6] {
        let (field, v) = (AffineField::every(d), Exact::named("v", 1, d));
        left.extend(mean_and_variance(law, &field.quadratic(&v), &v));
        right.extend([field.trace(), law.variance(&field.a)]);
        left.extend(mean_and_variance(law, &field.sliced(&v), &v));
        right.extend([implicit(field.at_0()), law.variance(&field.with_square())]);
    }
    Sides::proof([left, right])
}
