//! T8–T11: a denoising autoencoder is a score model (Vincent 2011).
//!
//! Each identity is two formulas of an [`Instance`], over any reading. Read with polynomials it is
//! proved, read with numbers it is a point in a figure, read with intervals it has its tolerance.
//! The two sides share no step: one differentiates the energy (or the log density of the kernel) on
//! a tape, the other uses the reconstruction alone.
//!
//! The page: `proofs/denoising_autoencoder.md`.

mod potential;

pub use potential::path_integral;

use super::{Claim, Sides, Theorem, enclosed, number};
use crate::{
    array::{Array, Linear},
    autodiff::{Dual, Tape, Var},
    corruption,
    grid::Exact,
    matrix::{Matrix, noise::standard_normal},
    model::{Autoencoder, Parameters},
    objective,
};
use rand::{Rng, RngExt};

/// The theorems of this page.
pub const THEOREMS: &[Theorem] = &[
    Theorem {
        number: 8,
        statement: "∇ log q_σ(x̃∣x) = (x − x̃)/σ²",
        claims: &[Claim::one("by differentiating log q_σ", EVERY, || {
            for_all_sigma(SHAPE, kernel_score)
        })],
        false_statements: &[Claim::one("∇ log q_σ(x̃∣x) = (x̃ − x)/σ²", EVERY, || {
            for_all_sigma(SHAPE, |i| {
                let [left, right] = kernel_score(i);
                [left, right.into_iter().map(|r| -r).collect()]
            })
        })],
    },
    Theorem {
        number: 9,
        statement: "−∇E(x) = (Wᵀ sigmoid(Wx + b) + c − x)/σ²",
        claims: &[
            Claim::one("by differentiating E", EVERY, || for_all_sigma(SHAPE, energy_score)),
            Claim::any("as computed", UP_TO_8, |rng| {
                let i = Instance::any(rng);
                Sides::rounding(energy_score(&i), energy_score(&enclosed(&i)))
            }),
        ],
        false_statements: &[
            Claim::one("the same with another σ in the energy", EVERY, || {
                for_all_sigma(SHAPE, |i| {
                    energy_score_by(i, &Instance { sigma: 2.0 * i.sigma, ..i.clone() })
                })
            }),
            Claim::one("the same without the outer Wᵀ", EVERY, || {
                for_all_sigma(SHAPE, |i| {
                    let one = i.x.constant(8, 8, |j, k| f64::from(u8::from(j == k)));
                    let without = Autoencoder { w: one, ..i.model.clone() };
                    let psi = without.decode(i.model.encode(&i.noisy)) - &i.noisy;
                    [energy_score(i)[0].clone(), vec![psi * (1.0 / (i.sigma * i.sigma))]]
                })
            }),
        ],
    },
    Theorem {
        number: 10,
        statement: "DSM_σ = DAE_σ/(2σ⁴), and so its gradients",
        claims: &[
            Claim::one("loss and gradients by W, b, c, a", EVERY, || {
                for_all_sigma(SHAPE, equivalence)
            }),
            Claim::any("as computed", UP_TO_8, |rng| {
                let i = Instance::any(rng);
                Sides::rounding(equivalence(&i), equivalence(&enclosed(&i)))
            }),
        ],
        false_statements: &[
            Claim::one("DSM_σ = DAE_σ/(2σ²)", "4×4×4, σ = ½", || {
                refuted(|i| reconstruction(i, 0.5 / (i.sigma * i.sigma), |m, x| m.reconstruct(x)))
            }),
            Claim::one("the same with a sigmoid in the decoder", "4×4×4, σ = ½", || {
                refuted(|i| {
                    reconstruction(i, over_two_sigma_4(i), |m, x| m.reconstruct(x).sigmoid())
                })
            }),
            Claim::one("the same with untied weights in the decoder", "4×4×4, σ = ½", || {
                refuted(|i| {
                    reconstruction(i, over_two_sigma_4(i), |m, x| {
                        let w = m.w.linear(Linear::Transpose); // another (h, d) matrix
                        Autoencoder { w, ..m.clone() }.decode(m.encode(x))
                    })
                })
            }),
        ],
    },
    Theorem {
        number: 11,
        statement: "tied weights and a linear decoder give a symmetric Jacobian, and so an energy",
        claims: &[
            Claim::one("J = Jᵀ, also for V = diag(a)W", "d, h = 8, every θ, x", || {
                symmetry((8, 8), |m, x| m.reconstruct(x))
            }),
            Claim::any("E falls by ∫⟨ψ, dx⟩ along a segment", UP_TO_8, |rng| {
                potential::fall(&Instance::any(rng).map(Array::tanh)) // no number is beyond ±1
            }),
        ],
        false_statements: &[
            Claim::one("untied weights give one", "d, h = 4, every θ, x", || {
                let v = Dual::constant(&Exact::named("v", 4, 4));
                symmetry((4, 4), |m, x| m.encode(x).nn(&v).add_row(&m.c))
            }),
            Claim::one("a sigmoid in the decoder gives one", "d, h = 4, every θ, x", || {
                symmetry((4, 4), |m, x| m.reconstruct(x).sigmoid())
            }),
            Claim::one(
                "∮⟨ψ, dx⟩ = 0 with untied weights",
                "W = I, V a quarter turn",
                || {
                    let turn = Matrix::from_rows([[0.0, 1.0], [-1.0, 0.0]]);
                    let corners =
                        Matrix::from_rows([[1.0, 1.0], [-1.0, 1.0], [-1.0, -1.0], [1.0, -1.0]]);
                    let next = corners.select(&[1, 2, 3, 0]);
                    let field = |x: &Matrix| x.clone().sigmoid().nn(&turn);
                    Sides::doubled(|fineness| {
                        let nodes = 16 * fineness;
                        let around = path_integral(field, [&corners, &next], nodes).sum();
                        // Four sides of length 2, and each |ψᵢ| ≤ 1.
                        Sides::integrals([vec![around], number(0.0)], number(8.0), nodes)
                    })
                },
            ),
        ],
    },
];

const SHAPE: (usize, usize, usize) = (8, 8, 8);
const EVERY: &str = "n, d, h = 8, every θ, x, x̃, σ";
const UP_TO_8: &str = "random n, d, h up to 8, σ from 0.05 to 2";

/// A model, a batch and its corruption, on which the identities are evaluated.
#[derive(Clone, Debug)]
pub struct Instance<A = Matrix> {
    /// θ.
    pub model: Autoencoder<A>,
    /// Clean points x, (n, d).
    pub x: A,
    /// Corrupted points x̃, (n, d).
    pub noisy: A,
    /// σ.
    pub sigma: f64,
}

impl<A> Parameters<A> for Instance<A> {
    type With<B> = Instance<B>;

    fn map<B>(self, mut f: impl FnMut(A) -> B) -> Instance<B> {
        let (x, noisy) = (f(self.x), f(self.noisy));
        Instance { x, noisy, model: self.model.map(f), sigma: self.sigma }
    }
}

impl Instance<Exact> {
    /// Everything an indeterminate: n samples in d dimensions, h hidden units with weights a.
    pub fn every((n, d, h): (usize, usize, usize), sigma: f64) -> Self {
        let named = Exact::named;
        let (w, b, c) = (named("w", h, d), named("b", 1, h), named("c", 1, d));
        let model = Autoencoder { w, b, c, a: Some(named("a", 1, h)) };
        Self { model, x: named("x", n, d), noisy: named("x̃", n, d), sigma }
    }
}

impl Instance {
    /// Of a random shape up to 8 × 8 × 8.
    pub fn any(rng: &mut impl Rng) -> Self {
        let shape = [(); 3].map(|()| rng.random_range(1..=8));
        Self::random(shape.into(), rng)
    }

    /// n samples in d dimensions, h hidden units, everything Gaussian, σ from 0.05 to 2; half of
    /// the instances, at random, weight their hidden units.
    pub fn random((n, d, h): (usize, usize, usize), rng: &mut impl Rng) -> Self {
        let sigma = 0.05 * 40.0_f64.powf(rng.random());
        let x = standard_normal(n, d, rng);
        let noisy = corruption::corrupt(&x, &standard_normal(n, d, rng), sigma);
        let mut model = Autoencoder::random(d, h, rng);
        model.b = standard_normal(1, h, rng);
        model.c = standard_normal(1, d, rng);
        model.a = rng.random::<bool>().then(|| standard_normal(1, h, rng));
        Self { model, x, noisy, sigma }
    }
}

/// An identity for every σ. The sides are polynomials in 1/σ², of degree 2 at most, and polynomials of
/// degree 2 that agree at three points agree everywhere: here at three where 1/σ² rounds nothing.
pub(super) fn for_all_sigma(
    shape: (usize, usize, usize),
    identity: fn(&Instance<Exact>) -> [Vec<Exact>; 2],
) -> Sides {
    Sides::proofs([0.5, 1.0, 2.0].map(|sigma| identity(&Instance::every(shape, sigma))))
}

/// DSM_σ against a false claim of what it is.
fn refuted(claim: fn(&Instance<Exact>) -> Vec<Exact>) -> Sides {
    let i = Instance::every((4, 4, 4), 0.5);
    Sides::proof([denoising(&i), claim(&i)])
}

/// T8: ∇_x̃ log q_σ(x̃|x), by differentiating the log density, and (x − x̃)/σ².
pub fn kernel_score<A: Array>(i: &Instance<A>) -> [Vec<A>; 2] {
    let tape = Tape::new();
    let (x, noisy) = (tape.var(&i.x), tape.var(&i.noisy));
    let log_density = corruption::log_density(&x, &noisy, i.sigma).sum();
    [log_density.gradient(&[noisy]), vec![corruption::score(&i.x, &i.noisy, i.sigma)]]
}

/// T9: −∇E(x̃), by differentiating the energy, and ψ(x̃) = (r(x̃) − x̃)/σ².
pub fn energy_score<A: Array>(i: &Instance<A>) -> [Vec<A>; 2] {
    energy_score_by(i, i)
}

/// The same, the energy that of another instance.
fn energy_score_by<A: Array>(i: &Instance<A>, of: &Instance<A>) -> [Vec<A>; 2] {
    let tape = Tape::new();
    let x = tape.var(&of.noisy);
    let energy = of.model.on(&tape).energy(&x, of.sigma).sum();
    [vec![-energy.gradient(&[x]).remove(0)], vec![i.model.score(&i.noisy, i.sigma)]]
}

/// T10: [`denoising`], which differentiates the energy twice and never sees r, and
/// [`reconstruction`] over 2σ⁴, which never sees an energy or a score.
pub fn equivalence<A: Array>(i: &Instance<A>) -> [Vec<A>; 2] {
    [denoising(i), reconstruction(i, over_two_sigma_4(i), |m, x| m.reconstruct(x))]
}

/// DSM_σ with the score −∇E, and its gradients by W, b, c (and a).
pub fn denoising<A: Array>(i: &Instance<A>) -> Vec<A> {
    let tape = Tape::new();
    let Instance { model, x, noisy, sigma } = i.on(&tape);
    let score = |x: &_| -model.energy(x, sigma).sum().grad(&[*x])[0];
    let loss = objective::denoising(score, &x, &noisy, sigma).mean();
    loss.with_gradient(&model.clone().into_list())
}

/// a DAE_σ with the reconstruction r, and its gradients by W, b, c (and a).
pub fn reconstruction<A: Array>(
    i: &Instance<A>,
    a: f64,
    r: impl for<'t> Fn(&Autoencoder<Var<'t, A>>, &Var<'t, A>) -> Var<'t, A>,
) -> Vec<A> {
    let tape = Tape::new();
    let Instance { model, x, noisy, .. } = i.on(&tape);
    let loss = objective::reconstruction(|x| r(&model, x), &x, &noisy).mean() * a;
    loss.with_gradient(&model.into_list())
}

/// 1/(2σ⁴)
fn over_two_sigma_4<A>(i: &Instance<A>) -> f64 {
    0.5 / (i.sigma * i.sigma * i.sigma * i.sigma)
}

/// ∂f/∂x at every row of x (n, d), stacked: (n·d, d), row i·d + j holding ∂f/∂xⱼ of sample i.
///
/// T11: for the score of an energy each (d, d) block is symmetric, being minus a Hessian.
pub fn jacobian<A: Array>(f: impl Fn(&Dual<A>) -> Dual<A>, x: &A) -> A {
    let (_, d) = x.shape();
    f(&Dual::axes(x)).tangents_or_zero(d)
}

/// T11: J and Jᵀ of a field made of an autoencoder, at any point.
fn symmetry(
    (d, h): (usize, usize),
    field: impl Fn(&Autoencoder<Dual<Exact>>, &Dual<Exact>) -> Dual<Exact>,
) -> Sides {
    let Instance { model, x, .. } = Instance::every((1, d, h), 1.0);
    let model = model.constants();
    let j = jacobian(|x| field(&model, x), &x);
    Sides::proof([vec![j.clone()], vec![j.linear(Linear::Transpose)]])
}
