//! T7, T14 and T18 for every polynomial score: there an expectation is a polynomial again.

use crate::{
    array::Array,
    autodiff::{Dual, Tape},
    corruption::corrupt,
    grid::{
        Exact,
        polynomial::{Dyadic, pairings},
    },
    identity::{Sides, polynomial_score::PolynomialScore},
    model::Parameters,
    objective::{self, trace},
};

/// Clean points x = σw with w ~ N(0, rI), and their corruption x̃ = σ(w + z): so q is N(0, rσ²I) and
/// q_σ is N(0, (1 + r)σ²I).
pub(super) struct GaussianData {
    pub psi: PolynomialScore<Exact>,
    pub sigma: f64,
    /// r
    pub ratio: u8,
    w: Exact,
    z: Exact,
}

impl GaussianData {
    pub fn new(psi: PolynomialScore<Exact>, sigma: f64, ratio: u8) -> Self {
        let [w, z] = ["w", "z"].map(|name| Exact::named(name, 1, psi.dimension()));
        Self { psi, sigma, ratio, w, z }
    }

    fn clean(&self) -> Exact {
        self.w.clone() * self.sigma
    }

    fn noisy(&self) -> Exact {
        corrupt(&self.clean(), &self.z, self.sigma)
    }

    /// 𝔼 over z and w. A power 2k of a coordinate of w has rᵏ times the moment of z.
    fn mean(&self, x: &Exact) -> Exact {
        let moment = |&a: &i32| {
            let a = usize::try_from(a).expect("a power of w");
            let r = i128::from(self.ratio).pow(u32::try_from(a / 2).expect("a small power"));
            pairings(a).expect("a small moment") * r
        };
        let moments = |powers: &[i32]| Dyadic::whole(powers.iter().map(moment).product());
        x.gaussian_mean(&self.z).mean_by(&self.w, moments)
    }

    /// DSM_σ, which never sees q_σ.
    pub fn denoising(&self) -> Exact {
        let (x, noisy) = (self.clean(), self.noisy());
        self.mean(&objective::denoising(|x| self.psi.score(x), &x, &noisy, self.sigma))
    }

    /// ESM of the law N(0, v I) of `x`.
    fn explicit(&self, x: &Exact, v: f64) -> Exact {
        self.mean(&objective::explicit(self.psi.score(x), &(x.clone() * (-1.0 / v))))
    }

    /// v for q_σ
    fn smoothed_variance(&self) -> f64 {
        (1.0 + f64::from(self.ratio)) * self.sigma * self.sigma
    }

    /// ESM(q_σ), which never sees a clean point.
    pub fn explicit_on_the_smoothed(&self) -> Exact {
        self.explicit(&self.noisy(), self.smoothed_variance())
    }

    /// ESM(q)
    pub fn explicit_on_the_data(&self) -> Exact {
        self.explicit(&self.clean(), f64::from(self.ratio) * self.sigma * self.sigma)
    }

    /// d/(2σ²) − ½ I(q_σ)
    pub fn floor(&self) -> f64 {
        let d = self.psi.dimension();
        objective::noise_floor(d, self.sigma, d as f64 / self.smoothed_variance())
    }
}

/// Every cubic score on the line, and every quadratic one in the plane.
pub(super) fn fields() -> [PolynomialScore<Exact>; 2] {
    [PolynomialScore::every(1, 3), PolynomialScore::every(2, 2)]
}

/// Five powers of two, on which nothing rounds.
pub(super) const SIGMAS: [f64; 5] = [0.25, 0.5, 1.0, 2.0, 4.0];

/// T7 for every ψ of degree k ≤ 3, σ and r, and so for every Gaussian q with a covariance v I (with
/// the mean 0, as a moved polynomial is one). A mean of squares has even powers of σ alone, from −2
/// to 2k: k + 2 values of σ decide. In r both sides are of degree k: k + 1 values decide, here four
/// for which 1 + r is a power of two.
pub(super) fn for_every_gaussian(identity: fn(&GaussianData) -> [Vec<Exact>; 2]) -> Sides {
    let data = fields().into_iter().flat_map(|psi| {
        let pairs = SIGMAS.iter().flat_map(|&sigma| [1, 3, 7, 15].map(|ratio| (sigma, ratio)));
        pairs.map(move |(sigma, ratio)| GaussianData::new(psi.clone(), sigma, ratio))
    });
    Sides::proofs(data.map(|data| identity(&data)))
}

/// Two functions of one clean point x, of a field and of σ, each a mean over z: what holds at every x
/// holds in the mean over any law q. They too have even powers of σ alone, from −2 to 2k.
pub(super) fn at_every_point(
    identity: fn(&PolynomialScore<Exact>, &[Exact; 2], f64) -> [Exact; 2],
) -> Sides {
    Sides::proofs(fields().iter().flat_map(|psi| {
        let [x, z] = ["x", "z"].map(|name| Exact::named(name, 1, psi.dimension()));
        SIGMAS.map(|sigma| {
            let sides = identity(psi, &[x.clone(), z.clone()], sigma);
            sides.map(|side| vec![side.gaussian_mean(&z)])
        })
    }))
}

/// T18: denoising, and implicit score matching at `at`, plus d/(2σ²).
pub(super) fn implicit_at(
    psi: &PolynomialScore<Exact>,
    [x, z]: &[Exact; 2],
    sigma: f64,
    at: &Exact,
) -> [Exact; 2] {
    let noisy = corrupt(x, z, sigma);
    let constants = psi.constants();
    let pair = trace::of_score(|x: &Dual<Exact>| constants.score(x), at);
    let constant = objective::noise_floor(psi.dimension(), sigma, 0.0);
    let denoising = objective::denoising(|x| psi.score(x), x, &noisy, sigma);
    [denoising, objective::implicit(pair) + constant]
}

/// T18: n Var(1/â) of implicit score matching over n independent samples in the plane, each coordinate
/// from ½N(−1, ¼) + ½N(1, ¼), and (𝔼x⁴ − (𝔼x²)²)/d of one coordinate.
pub(super) fn variance_of_the_estimate(n: usize) -> [Exact; 2] {
    // 𝔼x⁰ … 𝔼x⁴ = 1, 0, 5/4, 0, 43/16
    let zero = Dyadic::ZERO;
    let moments = [Dyadic::whole(1), zero, Dyadic::new(5, 2), zero, Dyadic::new(43, 4)];
    let moment = |&a: &i32| moments[usize::try_from(a).expect("a power of x")];
    let all = |powers: &[i32]| powers.iter().map(moment).fold(moments[0], Dyadic::times);
    let variance = |e: &Exact, x: &Exact| {
        let mean = e.mean_by(x, all);
        (e.clone() * e).mean_by(x, all) - mean.clone() * mean
    };
    let (sample, x) = (Exact::named("x", n, 2), Exact::named("x", 1, 1));
    let estimate = super::implicit_variance(&sample);
    [variance(&estimate, &sample) * n as f64, variance(&x.squared_norm(), &x) * 0.5]
}

/// T18: V⁴ times the sandwich Σ/H² of denoising for ψ = −ax on N(0, v), with V = v + σ², and V²v/σ². It is
/// the limit of n Var(1/â), since 1/â has the slope −1/a² = −V² there. Both are polynomials in √v and, for
/// the degrees 6 to −2 in σ, decided by five of its values.
///
/// The estimating function s = ∂DSM/∂a is linear in a, s = aA + B. At the limit a = 1/V, where 𝔼s = 0, it is
/// (A + VB)/V, and H = 𝔼A.
pub(super) fn sandwich_of_denoising(sigma: f64) -> [Exact; 2] {
    let [a, x, z, root] = ["a", "x", "z", "r"].map(|name| Exact::named(name, 1, 1));
    let mean = |f: &Exact| f.gaussian_mean(&z).gaussian_mean(&x);
    let clean = x.clone() * &root;
    let noisy = corrupt(&clean, &z, sigma);
    let tape = Tape::new();
    let slope = tape.var(&a);
    let [clean, noisy] = [&clean, &noisy].map(|letters| tape.var(letters));
    let loss = objective::denoising(|x| -(*x * slope), &clean, &noisy, sigma);
    let s = loss.gradient(&[slope]).remove(0);
    let [b, multiple] = [0, 1].map(|power| s.coefficient(&a, power));
    let v = root.clone() * &root;
    let whole = v.clone() + sigma * sigma; // V
    let at_the_limit = multiple.clone() + b * &whole;
    // V⁴ Σ/H² = V² 𝔼(A + VB)²/(𝔼A)²: both sides times (𝔼A)²
    let h = mean(&multiple);
    let left = mean(&at_the_limit.squared_norm()) * &whole * &whole;
    let right = whole.clone() * whole * v * (1.0 / (sigma * sigma)) * &h * h;
    [left, right]
}
