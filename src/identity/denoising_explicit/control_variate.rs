//! T14: the terms that make denoising blow up as σ → 0 have known means, and can be taken off.

use super::polynomial::{self, SIGMAS};
use crate::identity::polynomial_score::PolynomialScore;
use crate::{
    array::{Array, Function},
    autodiff::{Dual, Tape},
    corruption::corrupt,
    grid::Exact,
    identity::{Claim, Sides, Theorem, enclosed},
    matrix::{Matrix, noise::standard_normal},
    model::{Features, Parameters, ScoreNetwork, network::Layer},
    objective::{self, Weight, sliced::hutchinson},
};
use rand::{Rng, RngExt};

pub(super) const THEOREM: Theorem = Theorem {
    number: 14,
    statement: "½‖ψ(x̃) + z/σ‖² − ⟨ψ(x), z⟩/σ − ‖z‖²/(2σ²) = ½‖ψ(x̃)‖² + ⟨ψ(x̃) − ψ(x), z⟩/σ",
    claims: &[
        Claim::one("sample by sample", "n = 2, d, h = 8, every network, x, z, σ", || {
            // Polynomials of degree 2 in 1/σ, as soon as ψ(x̃) stands for itself.
            Sides::proofs(SIGMAS.map(|sigma| control_variate(&Corrupted::every(sigma))))
        }),
        Claim::one("what is taken off has the means 0 and d/(2σ²)", POLYNOMIALS, || {
            polynomial::at_every_point(|psi, [x, z], sigma| {
                let known = objective::noise_floor(psi.dimension(), sigma, 0.0);
                [plain(psi, x, z, sigma), corrected(psi, x, z, sigma) + known]
            })
        }),
        Claim::one(
            "it is ½‖ψ‖² + zᵀJz + O(σ), in the mean + O(σ²)",
            POLYNOMIALS,
            || Sides::proofs(polynomial::fields().map(|psi| expansion(&psi))),
        ),
        Claim::one(
            "Var = d/(2σ⁴) + …, Var ∂θ = 𝔼F²/σ² + …, both O(1) with it",
            LAWS,
            || Sides::proofs(small_fields().map(|psi| variances(&psi, 0.5))),
        ),
        Claim::any("as computed", "random n, d, h up to 8, σ from 0.001 to 2", |rng| {
            let i = Corrupted::any(rng);
            Sides::rounding(control_variate(&i), control_variate(&enclosed(&i)))
        }),
    ],
    false_statements: &[
        Claim::one("⟨ψ(x̃), z⟩/σ has the mean 0 too", POLYNOMIALS, || {
            polynomial::at_every_point(|psi, [x, z], sigma| {
                let noisy = corrupt(x, z, sigma);
                let known = objective::noise_floor(psi.dimension(), sigma, 0.0);
                let without = psi.score(&noisy).squared_norm() * 0.5;
                [plain(psi, x, z, sigma), without + known]
            })
        }),
        Claim::one("Var = d/σ⁴ + …", LAWS, || {
            Sides::proofs(small_fields().map(|psi| variances(&psi, 1.0)))
        }),
    ],
};

const POLYNOMIALS: &str = "every cubic ψ on the line and quadratic ψ in the plane, every x, σ";
const LAWS: &str = "every quadratic ψ on the line and affine ψ in the plane, q = N(0, I), every σ";

fn small_fields() -> [PolynomialScore<Exact>; 2] {
    [PolynomialScore::every(1, 2), PolynomialScore::every(2, 1)]
}

/// A score network of any shape, a batch and its noise.
#[derive(Clone, Debug)]
pub struct Corrupted<A = Matrix> {
    /// ψ.
    pub network: ScoreNetwork<A>,
    /// Clean points x, (n, d).
    pub x: A,
    /// z, (n, d).
    pub noise: A,
    /// σ.
    pub sigma: f64,
}

impl<A> Parameters<A> for Corrupted<A> {
    type With<B> = Corrupted<B>;

    fn map<B>(self, mut f: impl FnMut(A) -> B) -> Corrupted<B> {
        let (x, noise) = (f(self.x), f(self.noise));
        Corrupted { x, noise, network: self.network.map(f), sigma: self.sigma }
    }
}

impl Corrupted {
    /// Up to eight points in up to eight dimensions, everything Gaussian, σ from 0.001 to 2.
    pub fn any(rng: &mut impl Rng) -> Self {
        let [n, d, h] = [(); 3].map(|()| rng.random_range(1..=8));
        let shape = ScoreNetwork::<Matrix>::random(&[d, h, h, d], Function::Softplus, rng);
        Self {
            network: shape.map(|p| standard_normal(p.rows(), p.cols(), rng)),
            x: standard_normal(n, d, rng),
            noise: standard_normal(n, d, rng),
            sigma: 0.001 * 2000.0_f64.powf(rng.random()),
        }
    }
}

impl Corrupted<Exact> {
    /// Everything an indeterminate: two samples in eight dimensions, two layers of eight units.
    fn every(sigma: f64) -> Self {
        let (n, d, h) = (2, 8, 8);
        let layer = |name: &str, out, into| Layer {
            w: Exact::named(name, out, into),
            b: Exact::named(&format!("{name}₀"), 1, out),
        };
        let layers = vec![layer("u", h, d), layer("v", h, h), layer("w", d, h)];
        let network = ScoreNetwork { layers, activation: Function::Softplus };
        Self { network, x: Exact::named("x", n, d), noise: Exact::named("z", n, d), sigma }
    }
}

/// T14: plain denoising less ⟨ψ(x), z⟩/σ and ‖z‖²/(2σ²), and its cancelled form, per sample.
pub fn control_variate<A: Array>(i: &Corrupted<A>) -> [Vec<A>; 2] {
    let Corrupted { network, x, noise, sigma } = i;
    let score = |x: &A| network.score(x);
    let plain = objective::denoising(score, x, &corrupt(x, noise, *sigma), *sigma);
    let at_clean = score(x).inner(noise) * (1.0 / sigma);
    let square = noise.squared_norm() * (0.5 / (sigma * sigma));
    let corrected = objective::denoising_with_control(score, x, noise, *sigma);
    [vec![plain - at_clean - square], vec![corrected]]
}

fn plain(psi: &PolynomialScore<Exact>, x: &Exact, z: &Exact, sigma: f64) -> Exact {
    objective::denoising(|x| psi.score(x), x, &corrupt(x, z, sigma), sigma)
}

fn corrected(psi: &PolynomialScore<Exact>, x: &Exact, z: &Exact, sigma: f64) -> Exact {
    objective::denoising_with_control(|x| psi.score(x), x, z, sigma)
}

/// Plain and corrected denoising, σ an indeterminate as well: the first is [`objective::noise_conditional`]
/// with λ = 1, and the second is what the first claim of T14 says it is.
fn in_powers_of_sigma<A: Array>(psi: &PolynomialScore<A>, [x, z, sigma]: &[A; 3]) -> [A; 2] {
    let plain = objective::noise_conditional(|x, _| psi.score(x), x, z, sigma, Weight::One);
    let inverse = sigma.clone().reciprocal();
    let known = psi.score(x).inner(z) + z.squared_norm() * 0.5 * &inverse;
    [plain.clone(), plain - known * inverse]
}

fn letters(d: usize) -> [Exact; 3] {
    [Exact::named("x", 1, d), Exact::named("z", 1, d), Exact::named("σ", 1, 1)]
}

/// The coefficients of corrected denoising at σ⁻², σ⁻¹, 1 and σ, and the mean of the last; and 0, 0,
/// sliced score matching with the noise for a direction, ⟨ψ, Jz⟩ + ½⟨z, ∂²ψ[z, z]⟩, and 0.
fn expansion(psi: &PolynomialScore<Exact>) -> [Vec<Exact>; 2] {
    let letters = letters(psi.dimension());
    let [x, z, sigma] = &letters;
    let [_, corrected] = in_powers_of_sigma(psi, &letters);
    let mut left = [-2, -1, 0, 1].map(|power| corrected.coefficient(sigma, power)).to_vec();
    left.push(left[3].gaussian_mean(z));

    let (once, twice) = (psi.constants(), psi.constants().constants());
    let limit = objective::implicit(hutchinson(|x| once.score(x), x, z));
    let line = Dual::along(&Dual::along(x, z), &Dual::constant(z));
    let along = twice.score(&line);
    let slopes = along.tangents_or_zero(1);
    let j_z = slopes.value.clone();
    let first = psi.score(x).inner(&j_z) + slopes.tangents_or_zero(1).inner(z) * 0.5;
    let zero = first.clone() * 0.0;
    [left, vec![zero.clone(), zero.clone(), limit, first, zero]]
}

/// With x ~ N(0, I): the variance of a sample's loss at σ⁻⁴ and of its gradient by θ and c at σ⁻²,
/// and what the same coefficients and σ⁻¹ are for the corrected one; and a d, 𝔼F², 1 and zeros.
fn variances(psi: &PolynomialScore<Exact>, a: f64) -> [Vec<Exact>; 2] {
    let d = psi.dimension();
    let [x, z, sigma] = &letters(d);
    let mean = |e: &Exact| e.gaussian_mean(z).gaussian_mean(x);
    let variance = |e: &Exact| mean(&(e.clone() * e)) - (mean(e) * mean(e));
    let tape = Tape::new();
    let variables = psi.on(&tape);
    let on_tape = [x, z, sigma].map(|letter| tape.var(letter));
    let [plain, corrected] = in_powers_of_sigma(&variables, &on_tape);
    let wrt = variables.into_list();
    let [plain, corrected] = [plain, corrected].map(|loss| loss.with_gradient(&wrt));

    let mut left = vec![variance(&plain[0]).coefficient(sigma, -4)];
    left.extend(plain[1..].iter().map(|g| variance(g).coefficient(sigma, -2)));
    let features = psi.monomials.of(x);
    let squares = mean(&(features.clone() * &features)); // 𝔼F², (1, k)
    let row = x.constant(1, d, |_, _| 1.0);
    let mut right = vec![x.constant(1, 1, |_, _| a * d as f64), squares.tn(&row), row];
    for power in [-4, -3, -2, -1] {
        left.extend(corrected.iter().map(|e| variance(e).coefficient(sigma, power)));
        right.extend(corrected.iter().map(|e| e.clone() * 0.0));
    }
    [left, right]
}
