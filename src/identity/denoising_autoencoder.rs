//! T8–T11: a denoising autoencoder is a score model (Vincent 2011).
//!
//! The two sides of every identity are computed by different code: one differentiates the energy
//! (or the log density of the kernel) on a tape, the other uses the reconstruction alone.

use super::{Check, Evidence, Sides, Theorem, magnitude};
use crate::{
    array::{Array, Linear},
    autodiff::{Dual, Tape, Var},
    corruption,
    matrix::{Matrix, Real, noise::standard_normal},
    model::{Autoencoder, Parameters},
    objective,
};
use rand::{Rng, RngExt};

/// The theorems of this page.
pub const THEOREMS: &[Theorem] = &[
    Theorem {
        number: 8,
        statement: "∇ log q_σ(x̃∣x) = (x − x̃)/σ²",
        check: |rng| kernel_score(&Instance::any(rng)).check(),
        false_statement: "∇ log q_σ(x̃∣x) = (x̃ − x)/σ²",
        counterexample: |rng| {
            let mut sides = kernel_score(&Instance::any(rng));
            sides.right = sides.right.into_iter().map(|r| -r).collect();
            sides.check()
        },
    },
    Theorem {
        number: 9,
        statement: "−∇E(x) = (Wᵀ sigmoid(Wx + b) + c − x)/σ²",
        check: |rng| energy_score(&Instance::any(rng)).check(),
        false_statement: "the same with another σ in the model than in the noise",
        counterexample: |rng| {
            let mut sides = energy_score(&Instance::any(rng));
            sides.right = sides.right.into_iter().map(|r| r * 4.0).collect(); // σ/2 for σ
            sides.check()
        },
    },
    Theorem {
        number: 10,
        statement: "DSM_σ = DAE_σ/(2σ⁴), and so its gradients",
        check: |rng| equivalence(&Instance::any(rng)).check(),
        false_statement: "DSM_σ = DAE_σ/(2σ²)",
        counterexample: |rng| {
            let mut instance = Instance::any(rng);
            instance.sigma = 0.5;
            let mut sides = equivalence(&instance);
            sides.right = sides.right.into_iter().map(|r| r * 0.25).collect();
            sides.check()
        },
    },
    Theorem {
        number: 11,
        statement: "tied weights and a linear decoder give a symmetric Jacobian",
        check: |rng| {
            let instance = Instance::any(rng);
            symmetry(&instance, &instance.model.w)
        },
        false_statement: "untied weights give a symmetric Jacobian",
        counterexample: |rng| {
            let instance = Instance::random((4, 8, 12), rng);
            symmetry(&instance, &standard_normal(12, 8, rng))
        },
    },
];

/// A model, a batch and its corruption, on which the identities are evaluated.
#[derive(Clone, Debug)]
pub struct Instance {
    /// θ.
    pub model: Autoencoder<Matrix>,
    /// Clean points x, (n, d).
    pub x: Matrix,
    /// Corrupted points x̃, (n, d).
    pub noisy: Matrix,
    /// σ.
    pub sigma: f64,
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

    /// An instance on which nothing rounds, through the real sigmoid.
    ///
    /// W and b are multiples of 1024 and x̃ is whole, so every pre-activation is 0 or beyond ±1024,
    /// where sigmoid is exactly 0, ½ or 1 and its derivative 0 or ¼. All other entries are small
    /// dyadic rationals (c in eighths, a in halves) and σ a power of two. So every sum and product
    /// on either side is a dyadic rational of few bits; choose n a power of two for the mean's sake.
    pub fn dyadic((n, d, h): (usize, usize, usize), rng: &mut impl Rng) -> Self {
        let mut whole = |rows, cols, largest: i32, unit: f64| {
            Matrix::from_fn(rows, cols, |_, _| {
                f64::from(rng.random_range(-largest..=largest)) * unit
            })
        };
        let model = Autoencoder {
            w: whole(h, d, 1, 1024.0),
            b: whole(1, h, 1, 1024.0),
            c: whole(1, d, 8, 0.125),
            a: Some(whole(1, h, 4, 0.5)),
        };
        let x = whole(n, d, 2, 1.0);
        let noisy = whole(n, d, 1, 1.0) + &x;
        let sigma = [0.25, 0.5, 1.0, 2.0][rng.random_range(0..4)];
        Self { model, x, noisy, sigma }
    }
}

/// T8: ∇_x̃ log q_σ(x̃|x), by differentiating the log density, and (x − x̃)/σ².
pub fn kernel_score(instance: &Instance) -> Sides {
    let Instance { x, noisy, sigma, .. } = instance;
    let tape = Tape::new();
    let (x_var, noisy_var) = (tape.var(x), tape.var(noisy));
    let log_density = corruption::log_density(&x_var, &noisy_var, *sigma).sum();
    let terms = (magnitude(x) + magnitude(noisy)) * (1.0 / (sigma * sigma));
    Sides {
        left: log_density.gradient(&[noisy_var]),
        right: vec![corruption::score(x, noisy, *sigma)],
        magnitude: vec![terms],
        roundings: 0.0, // both round x − x̃, σ², 1/σ² and the product; the rest is halves
    }
}

/// T9: −∇E(x̃), by differentiating the energy, and ψ(x̃) = (r(x̃) − x̃)/σ².
pub fn energy_score(instance: &Instance) -> Sides {
    let Instance { model, noisy, sigma, .. } = instance;
    let tape = Tape::new();
    let x = tape.var(noisy);
    let energy = model.clone().map(|p| tape.var(&p)).energy(&x, *sigma).sum();
    let (h, _) = model.w.shape();
    let absolute = model.clone().map(|p| magnitude(&p));
    let terms = absolute.decode(model.encode(noisy)) + magnitude(noisy);
    let terms = terms * (1.0 / (sigma * sigma));
    Sides {
        left: energy.gradient(&[x]).into_iter().map(|g| -g).collect(),
        right: vec![model.score(noisy, *sigma)],
        magnitude: vec![terms],
        // h − 1 sums over the units, and one rounding each for the factor a, the product with W,
        // the sums with c and x̃, σ², 1/σ² and the product with it; one to spare.
        roundings: h as f64 + 8.0,
    }
}

/// T10: DSM_σ with the score −∇E, and DAE_σ/(2σ⁴) with the reconstruction r; the loss first, then
/// its gradients by W, b, c (and a).
///
/// The left side differentiates the energy twice and never sees r.
pub fn equivalence(instance: &Instance) -> Sides {
    let Instance { model, x, sigma, .. } = instance;
    let sigma = *sigma;

    let tape = Tape::new();
    let (theta, x_var, noisy_var) = lift(instance, &tape);
    let left = objective::denoising(
        |x| -theta.energy(x, sigma).sum().grad(&[*x])[0],
        &x_var,
        &noisy_var,
        sigma,
    );
    let left = with_gradients(left.mean(), theta);

    let tape = Tape::new();
    let (theta, x_var, noisy_var) = lift(instance, &tape);
    let right = objective::reconstruction(|x| theta.reconstruct(x), &x_var, &noisy_var).mean();
    let right = with_gradients(right * (0.5 / (sigma * sigma * sigma * sigma)), theta);

    let ((n, d), (h, _)) = (x.shape(), model.w.shape());
    Sides {
        left,
        right,
        magnitude: equivalence_terms(instance),
        // The residual ρ passes through the h sums over the hidden units and some eight single
        // operations, and in the loss it is squared: twice h + 8. Then d sums over the dimensions
        // (also those of Wρ), n over the samples, and a few for σ⁴ and 1/n.
        roundings: (2 * (h + 8) + d + n + 8) as f64,
    }
}

/// The model, x and x̃ of an instance as variables.
fn lift<'t>(instance: &Instance, tape: &'t Tape) -> (Autoencoder<Var<'t>>, Var<'t>, Var<'t>) {
    let model = instance.model.clone().map(|p| tape.var(&p));
    (model, tape.var(&instance.x), tape.var(&instance.noisy))
}

/// A loss and its gradients by the parameters.
fn with_gradients<'t>(loss: Var<'t>, parameters: Autoencoder<Var<'t>>) -> Vec<Matrix> {
    let mut all = vec![loss.value()];
    all.extend(loss.gradient(&parameters.into_list()));
    all
}

/// Σ|terms| of the residual: of r(x̃) − x on one side and of σ²ψ(x̃) − (x − x̃) on the other, which
/// adds x̃ twice; the larger of the two serves both. (n, d)
fn residual_terms(instance: &Instance) -> Matrix {
    let Instance { model, x, noisy, .. } = instance;
    let absolute = model.clone().map(|p| magnitude(&p));
    absolute.decode(model.encode(noisy)) + magnitude(noisy) * 2.0 + magnitude(x)
}

/// Σ|terms| of the loss and of its gradients, from the formulas of the gradient by hand with every
/// sign made positive:
///
/// ```text
/// ρ = r(x̃) − x,  h = sigmoid(Wx̃ + b),  δ = a ∘ h ∘ (1 − h) ∘ Wρ
/// loss = ‖ρ‖²/(2σ⁴)    ∂W = (δ x̃ᵀ + (a ∘ h) ρᵀ)/σ⁴    ∂b = δ/σ⁴    ∂c = ρ/σ⁴    ∂a = h ∘ Wρ/σ⁴
/// ```
fn equivalence_terms(instance: &Instance) -> Vec<Matrix> {
    let Instance { model, noisy, sigma, .. } = instance;
    let (n, _) = noisy.shape();
    let scale = 1.0 / (n as f64 * sigma * sigma * sigma * sigma);
    let absolute = model.clone().map(|p| magnitude(&p));
    let rho = residual_terms(instance);
    let hidden = model.encode(noisy);
    let back = rho.nt(&absolute.w); // |W||ρ|
    let weighted = |hidden: Matrix| match &absolute.a {
        None => hidden,
        Some(a) => hidden * a.clone().linear(Linear::Tile(n)),
    };
    let delta = weighted(hidden.clone() * (-hidden.clone() + 1.0) * &back);
    let mut terms = vec![
        rho.squared_norm().sum_over_samples() * (0.5 * scale),
        (delta.tn(&magnitude(noisy)) + weighted(hidden.clone()).tn(&rho)) * scale,
        delta.sum_over_samples() * scale,
        rho.sum_over_samples() * scale,
    ];
    if absolute.a.is_some() {
        terms.push((hidden * back).sum_over_samples() * scale);
    }
    terms
}

/// ∂f/∂x at every row of x (n, d), stacked: (n·d, d), row i·d + j holding ∂f/∂xⱼ of sample i.
///
/// T11: for the score of an energy each (d, d) block is symmetric, being minus a Hessian.
pub fn jacobian(f: impl Fn(&Dual<Matrix>) -> Dual<Matrix>, x: &Matrix) -> Matrix {
    let (_, d) = x.shape();
    f(&Dual::axes(x)).tangents_or_zero(d)
}

/// T11: J and Jᵀ of x ↦ Vᵀ (a ∘ sigmoid(W x + b)) + c, at the sample and entry where they differ
/// most, relative to Σⱼ |vⱼᵢ aⱼ wⱼₖ| ≥ Σ|terms|.
fn symmetry(instance: &Instance, v: &Matrix) -> Check {
    let lifted = instance.model.clone().map(|p| Dual::constant(&p));
    let decoder = Autoencoder { w: Dual::constant(v), ..lifted.clone() };
    let j = jacobian(|x| decoder.decode(lifted.encode(x)), &instance.noisy);
    let absolute = instance.model.clone().map(|p| magnitude(&p));
    let (h, d) = v.shape();
    let weights = absolute.a.unwrap_or_else(|| Matrix::from_fn(1, h, |_, _| 1.0));
    let weighted = weights.linear(Linear::Transpose).linear(Linear::Spread(d)) * magnitude(v);
    let terms = weighted.tn(&absolute.w); // (d, d)
    let mut worst: f64 = 0.0;
    for row in 0..j.rows() {
        let (block, i) = (row - row % d, row % d);
        for k in 0..i {
            let gap = (j.at(row, k) - j.at(block + k, i)).abs();
            worst = worst.max(gap / terms.at(i, k).max(terms.at(k, i)));
        }
    }
    // h terms, each of five factors with the slope of the sigmoid.
    let tolerance = 2.0 * (h as f64 + 8.0) * f64::UNIT_ROUNDOFF;
    Check { evidence: Evidence::Rounding, residual: worst, tolerance }
}

/// The largest |J − Jᵀ| of the blocks of [`jacobian`], relative to the largest |J|.
pub fn asymmetry(jacobian: &Matrix) -> f64 {
    let d = jacobian.cols();
    let largest = jacobian.data().iter().fold(0.0, |m: f64, x| m.max(x.abs()));
    let mut gap: f64 = 0.0;
    for block in (0..jacobian.rows()).step_by(d) {
        for i in 0..d {
            for j in 0..i {
                gap = gap.max((jacobian.at(block + i, j) - jacobian.at(block + j, i)).abs());
            }
        }
    }
    gap / largest
}
