//! T12, T13, T28: the divergence tr ∂ψ/∂x, exactly by many routes, and by random directions.
//!
//! Every route gives ψ, tr J, implicit score matching and its θ-gradient. Each is compared with
//! [`by_hand`], element by element: the routes share no code with it but the matrix product.

pub mod by_hand;
pub mod probes;

use super::{OldCheck, OldSides, OldTheorem, denoising_autoencoder};
use crate::{
    array::{Array, Function},
    autodiff::{Dual, Tape, Var},
    matrix::{
        Matrix,
        noise::{Generator, standard_normal},
    },
    model::{Autoencoder, Parameters, ScoreNetwork},
    objective::{self, trace},
};
use probes::Field;
use rand::{Rng, RngExt, SeedableRng};

/// The theorems of this page.
pub const THEOREMS: &[OldTheorem] = &[
    OldTheorem {
        number: 12,
        statement: "every route gives tr J = (Σⱼ aⱼ sⱼ(1 − sⱼ)‖Wⱼ‖² − d)/σ² and the same ∇_θ ISM",
        check: |rng| {
            let instance = denoising_autoencoder::Instance::any(rng);
            worst(AUTOENCODER.iter().map(|(_, route)| autoencoder(&instance, *route)))
        },
        false_statement: "the same divided by d",
        counterexample: |rng| {
            // With a ≤ 0 no term of the trace has another sign than −d, so nothing cancels.
            let mut instance = denoising_autoencoder::Instance::random((4, 3, 5), rng);
            instance.model.a = Some(-super::magnitude(&standard_normal(1, 5, rng)));
            let mut sides = autoencoder(&instance, AUTOENCODER[0].1);
            sides.right[1] = sides.right[1].clone() * (1.0 / 3.0);
            sides.check()
        },
    },
    OldTheorem {
        number: 13,
        statement: "𝔼 vᵀAv = tr A with variance 2(‖S‖² − Σ sᵢᵢ²) over random signs, S = (A + Aᵀ)/2",
        check: |rng| {
            let d = rng.random_range(1..=8);
            probes::exactly(&Field::whole(d, rng))
        },
        false_statement: "the same for directions of unit norm",
        counterexample: |rng| {
            let mut field = Field::whole(rng.random_range(2..=8), rng);
            let d = field.dimension();
            // tr A ≥ 12 d or so: the miss is (1 − 1/d) of it, a half at least.
            field.a = field.a + Matrix::from_fn(d, d, |i, j| if i == j { 20.0 } else { 0.0 });
            probes::with_unit_norm(&field)
        },
    },
    OldTheorem {
        number: 28,
        statement: "two hidden layers: tr J = s₂ᵀ[W₂ ∘ (W₁W₃)ᵀ]s₁, and the same ∇_θ ISM",
        check: |rng| {
            let instance = Instance::any(2, rng);
            worst(NETWORK.iter().map(|(_, route)| of_network(&instance, *route)))
        },
        false_statement: "the same without the transpose, for h₁ = h₂",
        counterexample: |_| {
            let mut rng = Generator::seed_from_u64(28);
            let instance = Instance::random((8, &[3, 5, 5, 3]), Function::Tanh, &mut rng);
            let mut sides = of_network(&instance, NETWORK[0].1);
            sides.right[1] = without_transpose(&instance);
            sides.check()
        },
    },
];

/// The check that comes nearest to failing.
fn worst(sides: impl Iterator<Item = OldSides>) -> OldCheck {
    sides.map(|sides| sides.check()).reduce(OldCheck::worse).expect("a route")
}

/// ψ and tr J of an autoencoder, from its parameters, x and σ.
pub type OfAutoencoder = for<'t> fn(&Autoencoder<Var<'t>>, &Var<'t>, f64) -> (Var<'t>, Var<'t>);

/// The routes for an autoencoder: from its score, and from its energy.
pub const AUTOENCODER: [(&str, OfAutoencoder); 7] = [
    ("closed form", |m, x, sigma| m.score_and_trace(x, sigma)),
    ("score, forward, all axes at once", |m, x, sigma| {
        let m = m.clone().map(|p| Dual::constant(&p));
        trace::of_score(|x| m.score(x, sigma), x)
    }),
    ("score, forward, column by column", |m, x, sigma| {
        let m = m.clone().map(|p| Dual::constant(&p));
        trace::of_score_by_columns(|x| m.score(x, sigma), x)
    }),
    ("score, reverse", |m, x, sigma| trace::of_score_by_reverse(|x| m.score(x, sigma), x)),
    ("energy, reverse over reverse", |m, x, sigma| {
        trace::of_energy_by_reverse(|x| m.energy(x, sigma), x)
    }),
    ("energy, reverse over forward", |m, x, sigma| {
        let m = m.clone().map(|p| Dual::constant(&p));
        trace::of_energy_by_mixing(|x| m.energy(x, sigma), x)
    }),
    ("energy, forward over forward", |m, x, sigma| {
        let m = m.clone().map(|p| Dual::constant(&Dual::constant(&p)));
        trace::of_energy_by_forward(|x| m.energy(x, sigma), x)
    }),
];

/// ψ and tr J of a network, from its parameters and x.
pub type OfNetwork = for<'t> fn(&ScoreNetwork<Var<'t>>, &Var<'t>) -> (Var<'t>, Var<'t>);

/// The routes for a network; the first is for one or two hidden layers.
pub const NETWORK: [(&str, OfNetwork); 4] = [
    ("closed form", |m, x| m.score_and_trace(x)),
    ("forward, all axes at once", |m, x| {
        let m = m.clone().map(|p| Dual::constant(&p));
        trace::of_score(|x| m.score(x), x)
    }),
    ("forward, column by column", |m, x| {
        let m = m.clone().map(|p| Dual::constant(&p));
        trace::of_score_by_columns(|x| m.score(x), x)
    }),
    ("reverse", |m, x| trace::of_score_by_reverse(|x| m.score(x), x)),
];

/// A network and a batch.
#[derive(Clone, Debug)]
pub struct Instance {
    /// θ.
    pub network: ScoreNetwork<Matrix>,
    /// x, (n, d).
    pub x: Matrix,
}

impl Instance {
    /// Of a random shape up to 8 everywhere, with softplus or tanh.
    pub fn any(hidden: usize, rng: &mut impl Rng) -> Self {
        let mut size = || rng.random_range(1..=8);
        let (n, d) = (size(), size());
        let mut widths = vec![d; hidden + 2];
        widths[1..=hidden].fill_with(size);
        let activation = [Function::Softplus, Function::Tanh][rng.random_range(0..2)];
        Self::random((n, &widths), activation, rng)
    }

    /// n samples; everything Gaussian, the biases too.
    pub fn random(
        (n, widths): (usize, &[usize]),
        activation: Function,
        rng: &mut impl Rng,
    ) -> Self {
        let mut network = ScoreNetwork::random(widths, activation, rng);
        for layer in &mut network.layers {
            layer.b = standard_normal(1, layer.b.cols(), rng);
        }
        Self { x: standard_normal(n, widths[0], rng), network }
    }

    /// A tanh network on which nothing rounds, through the real tanh.
    ///
    /// x is whole and the hidden weights and biases are multiples of 1024, so every pre-activation
    /// is 0 or beyond ±1024, where tanh is exactly 0 or ±1 and its slope 1 or 0. The last layer is in
    /// halves. Choose n a power of two for the mean's sake.
    ///
    /// # Panics
    /// If there are fewer than two widths.
    pub fn dyadic((n, widths): (usize, &[usize]), rng: &mut impl Rng) -> Self {
        let mut instance = Self::random((n, widths), Function::Tanh, rng);
        let (last, hidden) = instance.network.layers.split_last_mut().expect("a layer");
        let mut whole = |m: &Matrix, largest: i32, unit: f64| {
            Matrix::from_fn(m.rows(), m.cols(), |_, _| {
                f64::from(rng.random_range(-largest..=largest)) * unit
            })
        };
        for layer in hidden {
            (layer.w, layer.b) = (whole(&layer.w, 1, 1024.0), whole(&layer.b, 1, 1024.0));
        }
        (last.w, last.b) = (whole(&last.w, 4, 0.5), whole(&last.b, 4, 0.5));
        instance.x = whole(&instance.x, 1, 1.0);
        instance
    }
}

/// ψ, tr J, ½‖ψ‖² + tr J of every sample, and the gradients of its mean.
fn evaluate<'t>((psi, trace): (Var<'t>, Var<'t>), theta: &[Var<'t>]) -> Vec<Matrix> {
    let each = objective::implicit((psi, trace));
    let mut all = vec![psi.value(), trace.value(), each.value()];
    all.extend(each.mean().gradient(theta));
    all
}

/// K for sums of the given lengths, over n samples: a term of the gradient passes through each layer
/// at most four times, with its value and its tangent, forward and back. An activation with its
/// slope and curvature rounds some 24 times, its kernels being good to 2 ulp = 4 u.
fn roundings(n: usize, sums: &[usize]) -> f64 {
    (n + 4 * sums.iter().map(|sum| sum + 24).sum::<usize>()) as f64
}

/// T12: one of the routes for an autoencoder, at x̃, against the formulas by hand.
pub fn autoencoder(instance: &denoising_autoencoder::Instance, route: OfAutoencoder) -> OldSides {
    let denoising_autoencoder::Instance { model, noisy: x, sigma, .. } = instance;
    let tape = Tape::new();
    let theta = model.clone().map(|p| tape.var(&p));
    let pair = route(&theta, &tape.var(x), *sigma);
    let [right, magnitude] = by_hand::autoencoder(model, x, *sigma);
    let roundings = roundings(x.rows(), &[x.cols(), model.w.rows()]);
    OldSides { left: evaluate(pair, &theta.into_list()), right, magnitude, roundings }
}

/// T12 and T28: one of the routes for a network of one or two hidden layers, against the formulas by
/// hand.
pub fn of_network(instance: &Instance, route: OfNetwork) -> OldSides {
    let Instance { network, x } = instance;
    let tape = Tape::new();
    let theta = network.clone().map(|p| tape.var(&p));
    let pair = route(&theta, &tape.var(x));
    let [right, magnitude] = by_hand::network(network, x);
    let sums: Vec<usize> = network.layers.iter().map(|layer| layer.w.cols()).collect();
    let roundings = roundings(x.rows(), &sums);
    OldSides { left: evaluate(pair, &theta.into_list()), right, magnitude, roundings }
}

/// s₂ᵀ[W₂ ∘ W₁W₃]s₁, which is what T28 becomes without its transpose if h₁ = h₂: (n, 1).
///
/// # Panics
/// If the hidden layers are not of one width.
pub fn without_transpose(instance: &Instance) -> Matrix {
    let Instance { network: ScoreNetwork { layers, activation }, x } = instance;
    let mut x = x.clone();
    let [s1, s2] = [0, 1].map(|i| {
        let u = x.nt(&layers[i].w).add_row(&layers[i].b);
        x = u.clone().apply(*activation);
        activation.derivative(&u, &x)
    });
    let m = layers[0].w.nn(&layers[2].w) * &layers[1].w;
    s1.nt(&m).inner(&s2)
}
