//! T12, T13, T28: the divergence tr ∂ψ/∂x, exactly by many routes, and by random directions.
//!
//! A route gives ψ and tr J. From them follow implicit score matching (ISM) and its gradient by θ.
//! Every route is read with polynomials, so they are proved equal in all of that, and with intervals,
//! which say how far apart they may be as computed. The routes share no formula of a derivative with
//! the closed forms: they differentiate the score or the energy.
//!
//! How each route works stands in [`objective::trace`], the closed forms are methods of the models.
//!
//! The page: `proofs/traces.md`.

pub mod probes;
mod routes;

pub use routes::{
    OfAutoencoder, OfNetwork, autoencoder_routes, network_routes, of_autoencoder, of_network,
};

use super::{
    Claim, Sides, Theorem,
    denoising_autoencoder::{Instance, for_all_sigma},
    enclosed,
};
use crate::{
    array::{Array, Function},
    autodiff::Dual,
    grid::Exact,
    matrix::{
        Matrix,
        noise::{Generator, standard_normal},
    },
    model::{Parameters, ScoreNetwork, network},
    objective::{self, trace},
};
use rand::{Rng, RngExt};

/// The theorems of this page.
pub const THEOREMS: &[Theorem] = &[
    Theorem {
        number: 12,
        statement: "tr J = (Σⱼ aⱼ sⱼ(1 − sⱼ)‖Wⱼ‖² − d)/σ², by every route, and the same ∇_θ ISM",
        claims: &[
            Claim::one("ψ, tr J, ISM and ∇_θ ISM by seven routes", EVERY, || {
                for_all_sigma((2, 8, 8), |i| {
                    against_last(&autoencoder_routes().map(|(_, route)| of_autoencoder(i, route)))
                })
            }),
            Claim::one(
                "the same for W₂φ(W₁x + b₁) + b₂",
                "n = 2, widths 8, 8, 8, softplus",
                || network_routes_agree((2, &[8, 8, 8]), Function::Softplus),
            ),
            Claim::any("as computed", "random n, d, h up to 8, a random route", |rng| {
                let (i, k) = (Instance::any(rng), rng.random_range(0..6));
                let numbers = [k, 6].map(|k| of_autoencoder(&i, autoencoder_routes()[k].1));
                let i = enclosed(&i);
                let bounds = [k, 6].map(|k| of_autoencoder(&i, autoencoder_routes()[k].1));
                Sides::rounding(numbers, bounds)
            }),
        ],
        false_statements: &[
            Claim::one("the same with sⱼ for sⱼ(1 − sⱼ)", "4×4×4, every θ, x", || {
                trace_refuted(|i| {
                    let (s, d) = (i.model.encode(&i.noisy), i.noisy.shape().1 as f64);
                    (i.model.trace_of_slopes(&s) - d) * (1.0 / (i.sigma * i.sigma))
                })
            }),
            Claim::one("the same without −d", "4×4×4, every θ, x", || {
                trace_refuted(|i| {
                    let s = i.model.encode(&i.noisy);
                    let slopes = (-s.clone() + 1.0) * &s;
                    i.model.trace_of_slopes(&slopes) * (1.0 / (i.sigma * i.sigma))
                })
            }),
        ],
    },
    Theorem {
        number: 13,
        statement: "𝔼 vᵀAv = tr A with variance 2(‖S‖² − Σ sᵢᵢ²) over random signs, S = (A + Aᵀ)/2",
        claims: probes::CLAIMS,
        false_statements: probes::FALSE_STATEMENTS,
    },
    Theorem {
        number: 28,
        statement: "two hidden layers: tr J = s₂ᵀ[W₂ ∘ (W₁W₃)ᵀ]s₁, and the same ∇_θ ISM",
        claims: &[
            Claim::one("ψ, tr J, ISM and ∇_θ ISM by five routes", LARGE, || {
                network_routes_agree((1, &[8, 8, 8, 8]), Function::Softplus)
            }),
            Claim::one("ψ, tr J, ISM and ∇_θ ISM by five routes", SMALL, || {
                network_routes_agree((2, &[2, 3, 4, 2]), Function::Tanh)
            }),
            Claim::one("⟨∇_θ ISM, v⟩ is the slope of ISM along v", SMALL, || {
                let i = NetworkBatch::every((2, &[2, 3, 4, 2]), Function::Tanh);
                let mut names = "αβγδεζ".chars();
                let direction = i.network.clone().map(|p| {
                    let name = names.next().expect("three layers").to_string();
                    Exact::named(&name, p.shape().0, p.shape().1)
                });
                Sides::proof(along(&i, &direction))
            }),
            Claim::any("as computed", "random n and widths up to 8, a random route", |rng| {
                let (i, k) = (NetworkBatch::any(2, rng), rng.random_range(0..4));
                let numbers = [k, 4].map(|k| of_network(&i, network_routes()[k].1));
                let i = enclosed(&i);
                let bounds = [k, 4].map(|k| of_network(&i, network_routes()[k].1));
                Sides::rounding(
                    numbers.map(|all| differing(&all)),
                    bounds.map(|all| differing(&all)),
                )
            }),
        ],
        false_statements: &[
            Claim::one("the same without the transpose", "widths 3, 4, 4, 3, every θ, x", || {
                let i = NetworkBatch::every((1, &[3, 4, 4, 3]), Function::Tanh);
                let trace = i.network.score_and_trace(&i.x).1;
                Sides::proof([vec![trace], vec![without_transpose(&i)]])
            }),
            Claim::one(
                "three layers: the same with W₃W₂ for W₂",
                "widths 2, 2, 2, 2, 2, every θ, x",
                || {
                    let i = NetworkBatch::every((1, &[2, 2, 2, 2, 2]), Function::Tanh);
                    let deep = i.network.constants();
                    let (_, trace) = trace::of_score(|x| deep.score(x), &i.x);
                    Sides::proof([vec![trace], vec![with_inner_product(&i)]])
                },
            ),
        ],
    },
];

const EVERY: &str = "n = 2, d, h = 8, every θ, x, σ";
const LARGE: &str = "n = 1, widths 8, 8, 8, 8, softplus, every θ, x";
const SMALL: &str = "n = 2, widths 2, 3, 4, 2, tanh, every θ, x";
const SMOOTH: [Function; 2] = [Function::Softplus, Function::Tanh];

/// A network and a batch.
#[derive(Clone, Debug)]
pub struct NetworkBatch<A = Matrix> {
    /// θ.
    pub network: ScoreNetwork<A>,
    /// x, (n, d).
    pub x: A,
}

impl<A> Parameters<A> for NetworkBatch<A> {
    type With<B> = NetworkBatch<B>;

    fn map<B>(self, mut f: impl FnMut(A) -> B) -> NetworkBatch<B> {
        let x = f(self.x);
        NetworkBatch { x, network: self.network.map(f) }
    }
}

impl NetworkBatch<Exact> {
    /// Everything an indeterminate: the weights u of the first layer with the biases u₀, then v and v₀,
    /// w, y.
    pub fn every((n, widths): (usize, &[usize]), activation: Function) -> Self {
        let layers = widths.windows(2).zip("uvwy".chars()).map(|(w, name)| network::Layer {
            w: Exact::named(&name.to_string(), w[1], w[0]),
            b: Exact::named(&format!("{name}₀"), 1, w[1]),
        });
        let network = ScoreNetwork { layers: layers.collect(), activation };
        Self { x: Exact::named("x", n, widths[0]), network }
    }
}

impl NetworkBatch {
    /// Of a random shape up to 8 everywhere, with softplus or tanh.
    pub fn any(hidden: usize, rng: &mut Generator) -> Self {
        let mut size = || rng.random_range(1..=8);
        let (n, d) = (size(), size());
        let mut widths = vec![d; hidden + 2];
        widths[1..=hidden].fill_with(size);
        let activation = SMOOTH[rng.random_range(0..2)];
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
}

/// The quantities without the first and the last, ψ and the gradient by the last bias, which is its
/// mean: of a network, all routes compute them alike.
fn differing<A: Clone>(all: &[A]) -> Vec<A> {
    all[1..all.len() - 1].to_vec()
}

/// All lists but the last, one after the other, and the last as often.
fn against_last<A: Clone>(lists: &[Vec<A>]) -> [Vec<A>; 2] {
    let (last, others) = lists.split_last().expect("a route");
    [others.concat(), others.iter().flat_map(|_| last.clone()).collect()]
}

/// All routes for a network of that shape.
fn network_routes_agree(shape: (usize, &[usize]), activation: Function) -> Sides {
    let i = NetworkBatch::every(shape, activation);
    Sides::proof(against_last(&network_routes().map(|(_, route)| of_network(&i, route))))
}

/// The trace of an autoencoder's score by forward mode, against a false claim of what it is.
fn trace_refuted(claim: fn(&Instance<Exact>) -> Exact) -> Sides {
    let i = Instance::every((4, 4, 4), 0.5);
    let m = i.model.constants();
    let (_, trace) = trace::of_score(|x| m.score(x, i.sigma), &i.noisy);
    Sides::proof([vec![trace], vec![claim(&i)]])
}

/// ⟨∇_θ ISM, v⟩ with the gradient by reverse mode, and the slope of ISM along v by forward mode: two
/// readings of the rule book, of which the second has no pullback.
fn along<A: Array>(i: &NetworkBatch<A>, v: &ScoreNetwork<A>) -> [Vec<A>; 2] {
    let v = v.clone().into_list();
    let gradient = of_network(i, network_routes()[0].1).split_off(3);
    let slope = gradient.iter().zip(&v).map(|(g, v)| g.inner(v).sum()).reduce(|a, b| a + b);
    let mut directions = v.iter();
    let moving = i.network.clone().map(|p| {
        let v = directions.next().expect("one direction a parameter");
        Dual::along(&p, v)
    });
    let ism = objective::implicit(moving.score_and_trace(&Dual::constant(&i.x))).mean();
    [vec![slope.expect("a parameter")], vec![ism.tangents_or_zero(1)]]
}

/// The slopes φ′ of all hidden layers.
fn slopes<A: Array>(NetworkBatch { network, x }: &NetworkBatch<A>) -> Vec<A> {
    let (_, hidden) = network.layers.split_last().expect("a layer");
    let mut x = x.clone();
    let slope = |layer: &network::Layer<A>| {
        let u = x.nt(&layer.w).add_row(&layer.b);
        x = u.clone().apply(network.activation);
        network.activation.derivative(&u, &x)
    };
    hidden.iter().map(slope).collect()
}

/// s₂ᵀ[W₂ ∘ W₁W₃]s₁, which is what T28 becomes without its transpose if h₁ = h₂: (n, 1).
///
/// # Panics
/// If there are not two hidden layers of one width.
#[track_caller]
pub fn without_transpose<A: Array>(i: &NetworkBatch<A>) -> A {
    let ([first, second, third], [s1, s2]) = (&i.network.layers[..], &slopes(i)[..]) else {
        panic!("two hidden layers expected")
    };
    let m = first.w.nn(&third.w) * &second.w;
    s1.nt(&m).inner(s2)
}

/// s₃ᵀ[W₃W₂ ∘ (W₁W₄)ᵀ]s₁: T28 for three hidden layers, as if the middle one had no φ. The slopes s₂
/// stand between W₃ and W₂, so no matrix that is the same for all samples can take their place.
///
/// # Panics
/// If there are not three hidden layers.
#[track_caller]
pub fn with_inner_product<A: Array>(i: &NetworkBatch<A>) -> A {
    let ([w1, w2, w3, w4], [s1, _, s3]) = (&i.network.layers[..], &slopes(i)[..]) else {
        panic!("three hidden layers expected")
    };
    network::trace_of_two([&w1.w, &w3.w.nn(&w2.w), &w4.w], [s1, s3])
}
