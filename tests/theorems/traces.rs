//! T12, T13, T28 for all shapes and parameters.
//!
//! ψ, the trace, implicit score matching and its θ-gradient by every route against formulas by hand,
//! element by element: to a derived bound, and by differences, which know no rule. Where nothing
//! rounds they agree bit for bit: tests/theorems/traces_exact.rs. Random directions: tests/theorems/probes.rs.

use crate::rounding::{ORDER, Rounded};
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use score_matching::{
    Array, Dual, Matrix, Tape,
    array::Function,
    identity::{
        denoising_autoencoder, fitted_order,
        traces::{self, AUTOENCODER, Instance, NETWORK, by_hand},
    },
    matrix::{Real, noise::Generator},
    model::{EnergyNetwork, Parameters, ScoreNetwork, network::Layer},
    objective::{implicit, trace},
};

#[allow(dead_code, reason = "what is compared there belongs to tests/theorems/formulas.rs")]

const SMOOTH: [(Function, f64); 2] = [
    (Function::Softplus, 0.096_225_044_864_937_63), // sup |φ‴| = 1/(6√3)
    (Function::Tanh, 2.0),
];

fn generator(seed: u64) -> Generator {
    Generator::seed_from_u64(seed)
}

proptest! {
    #![proptest_config(crate::common::config(300))]

    /// T12, from the score and from the energy, weighted hidden units or not.
    #[test]
    fn every_route_to_the_divergence_of_an_autoencoder_is_the_closed_form(seed: u64) {
        let instance = denoising_autoencoder::Instance::any(&mut generator(seed));
        for (name, route) in AUTOENCODER {
            let sides = traces::autoencoder(&instance, route);
            prop_assert!(sides.agree(), "{name}: {} > {}", sides.residual(), sides.tolerance());
        }
    }

    /// T12 for a network of one hidden layer, T28 for one of two.
    #[test]
    fn every_route_to_the_divergence_of_a_network_is_the_closed_form(seed: u64) {
        for hidden in [1, 2] {
            let instance = Instance::any(hidden, &mut generator(seed));
            for (name, route) in NETWORK {
                let sides = traces::of_network(&instance, route);
                prop_assert!(sides.agree(), "{name}: {} > {}", sides.residual(), sides.tolerance());
            }
        }
    }

    /// The routes without a closed form go on where it ends: any depth, score or energy.
    #[test]
    fn the_routes_agree_at_any_depth(seed: u64, hidden in 1..=4_usize) {
        let Instance { network, x } = Instance::any(hidden, &mut generator(seed));
        let bound = network.clone().map(|p| lift(&Rounded::exact(&p)));
        let (psi, divergence) = trace::of_score(|x| bound.score(x), &Rounded::exact(&x));
        let tape = Tape::new();
        let (m, x_var) = (network.clone().map(|p| tape.var(&p)), tape.var(&x));
        for (name, route) in &NETWORK[1..] {
            let pair = route(&m, &x_var);
            prop_assert!(within(&pair.0.value(), &psi) && within(&pair.1.value(), &divergence), "{name}");
        }

        let mut energy = EnergyNetwork { network, width: 1.5 };
        let last = energy.network.layers.pop().expect("a layer");
        let first = |m: &Matrix| Matrix::from_vec(1, m.cols(), m.row(0).to_vec());
        energy.network.layers.push(Layer { w: first(&last.w), b: Matrix::from_rows([[0.5]]) });
        let bound = energy.clone().map(|p| lift(&lift(&Rounded::exact(&p))));
        let (psi, divergence) =
            trace::of_energy_by_forward(|x| bound.energy(x), &Rounded::exact(&x));
        let m = energy.map(|p| tape.var(&p));
        let (once, twice) = (m.clone().map(|p| lift(&p)), m.clone().map(|p| lift(&lift(&p))));
        for (name, pair) in [
            ("reverse over reverse", trace::of_energy_by_reverse(|x| m.energy(x), &x_var)),
            ("reverse over forward", trace::of_energy_by_mixing(|x| once.energy(x), &x_var)),
            ("forward over forward", trace::of_energy_by_forward(|x| twice.energy(x), &x_var)),
        ] {
            prop_assert!(within(&pair.0.value(), &psi) && within(&pair.1.value(), &divergence), "{name}");
        }
    }
}

/// A constant of forward mode.
fn lift<A: Array>(p: &A) -> Dual<A> {
    Dual::constant(p)
}

/// Whether a result lies within the distance of a bounded one that rounding allows.
fn within(found: &Matrix, bounded: &Rounded) -> bool {
    let allowed = |i: usize| ORDER * f64::UNIT_ROUNDOFF * bounded.error.data()[i];
    let gaps = found.data().iter().zip(bounded.value.data()).map(|(a, b)| (a - b).abs());
    gaps.enumerate().all(|(i, gap)| gap <= allowed(i))
}

/// ψ and tr J of a network by central differences, and the θ-gradient of ISM through them.
fn by_differences(Instance { network, x }: &Instance, step: f64) -> Vec<Matrix> {
    let tape = Tape::new();
    let (theta, x) = (network.clone().map(|p| tape.var(&p)), tape.var(x));
    let pair = trace::of_score_by_differences(|x| theta.score(x), &x, step);
    let mut all = vec![pair.0.value(), pair.1.value()];
    all.extend(implicit(pair).mean().gradient(&theta.into_list()));
    all
}

/// max |a − b|
fn gap(a: &Matrix, b: &Matrix) -> f64 {
    (a.clone() - b).data().iter().fold(0.0, |m: f64, x| m.max(x.abs()))
}

/// The sixth route knows no rule of differentiation: its error falls with the square of the step,
/// in the trace and in every gradient, for one and for two hidden layers.
#[test]
fn central_differences_approach_the_trace_with_the_square_of_the_step() {
    let steps = [3, 4, 5, 6, 7].map(|k| 0.5_f64.powi(k));
    for (activation, _) in SMOOTH {
        for widths in [&[3, 6, 3][..], &[3, 6, 5, 3]] {
            let instance = Instance::random((4, widths), activation, &mut generator(12));
            let [mut exact, _] = by_hand::network(&instance.network, &instance.x);
            exact.remove(2); // ISM of every sample
            let found = steps.map(|h| by_differences(&instance, h));
            for (which, exact) in exact.iter().enumerate().skip(1) {
                if which == exact_bias(widths) {
                    continue;
                }
                let errors = found.iter().map(|f| gap(&f[which], exact));
                let points: Vec<_> = steps.into_iter().zip(errors).map(|(h, e)| [h, e]).collect();
                let slope = fitted_order(&points);
                println!("{activation:?} {widths:?} quantity {which}: slope {slope:.3}");
                assert!((slope - 2.0).abs() < 0.1, "{activation:?} {widths:?} {which}: {slope}");
            }
        }
    }
}

/// The gradient by the last bias is 𝔼ψ, in which no difference occurs.
fn exact_bias(widths: &[usize]) -> usize {
    1 + 2 * (widths.len() - 1)
}

proptest! {
    #![proptest_config(crate::common::config(300))]

    /// Taylor: |error| ≤ h²/6 Σᵢ sup|∂³ψᵢ/∂xᵢ³|, and for one layer the supremum is at most
    /// Σⱼ |(W₂)ᵢⱼ (W₁)ⱼᵢ³| sup|φ‴|. Rounding of ψ comes on top, divided by the step.
    #[test]
    fn central_differences_are_within_their_remainder(seed: u64, which in 0..2_usize, power in 4..=9) {
        let mut rng = generator(seed);
        let (activation, third) = SMOOTH[which];
        let [n, d, hidden] = [(); 3].map(|()| rng.random_range(1..=8));
        let instance = Instance::random((n, &[d, hidden, d]), activation, &mut rng);
        let Instance { network, x } = &instance;
        let [exact, terms] = by_hand::network(network, x);
        let step = 0.5_f64.powi(power);
        let (_, found) = trace::of_score_by_differences(|x| network.score(x), x, step);
        let (w1, w2) = (&network.layers[0].w, &network.layers[1].w);
        let cubes: f64 = (0..d)
            .flat_map(|i| (0..hidden).map(move |j| (i, j)))
            .map(|(i, j)| (w2.at(i, j) * w1.at(j, i).powi(3)).abs())
            .sum();
        let remainder = step * step / 6.0 * third * cubes;
        for i in 0..n {
            // ψ rounds d + h + 24 times, as in the identities; x ± h moves its terms by a step.
            let size: f64 = (0..d).map(|k| terms[0].at(i, k) * (1.0 + step)).sum();
            let rounding = 2.0 * (d + hidden + 24) as f64 * f64::UNIT_ROUNDOFF * size / step;
            let error = (found.at(i, 0) - exact[1].at(i, 0)).abs();
            prop_assert!(error <= remainder + rounding, "{error} > {remainder} + {rounding}");
        }
    }
}

/// The wrong rules that have been shipped, on one fixed network: value and gradient are off.
#[test]
fn wrong_factors_and_signs_in_implicit_score_matching_are_caught() {
    let instance = Instance::random((16, &[4, 6, 5, 4]), Function::Softplus, &mut generator(5));
    let [right, _] = by_hand::network(&instance.network, &instance.x);
    let wrong = |norm: f64, factor: f64| {
        let tape = Tape::new();
        let theta = instance.network.clone().map(|p| tape.var(&p));
        let (psi, trace) = theta.score_and_trace(&tape.var(&instance.x));
        let each = psi.squared_norm() * norm + trace * factor;
        let mut all = vec![each.value()];
        all.extend(each.mean().gradient(&theta.into_list()));
        all
    };
    // how far off, of the largest element; the last bias does not see the trace
    let off = |found: &[Matrix]| {
        let relative = |(a, b): (&Matrix, &Matrix)| gap(a, b) / gap(b, &(b.clone() * 0.0));
        let each: Vec<f64> = found.iter().zip(&right[2..]).map(relative).collect();
        each[..each.len() - 1].iter().fold(f64::INFINITY, |least: f64, e| least.min(*e))
    };
    assert!(off(&wrong(0.5, 1.0)) < 1e-12, "the rule itself: {:e}", off(&wrong(0.5, 1.0)));
    for (name, norm, factor) in [
        ("without the ½", 1.0, 1.0),
        ("the trace with the wrong sign", 0.5, -1.0),
        ("the trace divided by d, the norm not", 0.5, 0.25),
        ("both divided by d", 0.125, 0.25),
        ("without the trace", 0.5, 0.0),
    ] {
        let off = off(&wrong(norm, factor));
        println!("{name}: off by {off:.2} at least");
        assert!(off > 0.05, "{name}: {off}");
    }
}

/// T28 without its transpose (which h₁ = h₂ hides from the shapes), and used for three layers.
#[test]
fn two_layers_need_the_transpose_and_three_another_formula() {
    let widths = [3, 5, 5, 3];
    let instance = Instance::random((8, &widths), Function::Tanh, &mut generator(28));
    let (_, right) = instance.network.score_and_trace(&instance.x);
    let miss =
        gap(&traces::without_transpose(&instance), &right) / gap(&right, &(right.clone() * 0.0));
    println!("without the transpose: off by {miss:.2}");
    assert!(miss > 0.1, "{miss}");

    // Three layers, of which the middle one is passed over, as if it changed nothing.
    let Instance { network, x } =
        Instance::random((8, &[3, 5, 5, 5, 3]), Function::Tanh, &mut generator(29));
    let deep = network.clone().map(|p| Dual::constant(&p));
    let (_, right) = trace::of_score(|x| deep.score(x), &x);
    let mut layers = network.layers;
    layers.remove(2);
    let (_, wrong) = ScoreNetwork { layers, activation: Function::Tanh }.score_and_trace(&x);
    let miss = gap(&wrong, &right) / gap(&right, &(right.clone() * 0.0));
    println!("three layers by the formula for two: off by {miss:.2}");
    assert!(miss > 0.1, "{miss}");
}

#[test]
#[should_panic(expected = "closed forms are for 1 or 2 hidden layers, not 3")]
fn the_closed_form_refuses_three_layers() {
    let Instance { network, x } =
        Instance::random((2, &[2, 3, 3, 3, 2]), Function::Tanh, &mut generator(1));
    let _ = network.score_and_trace(&x);
}

/// A batch in chunks gives the numbers of the whole batch, in both precisions.
#[test]
fn chunks_give_the_numbers_of_the_whole_batch() {
    let instance = Instance::random((130, &[40, 8, 8, 40]), Function::Tanh, &mut generator(3));
    let check = |chunked: (Matrix, Matrix), unit: f64| {
        let [right, terms] = by_hand::network(&instance.network, &instance.x);
        for (which, found) in [chunked.0, chunked.1].iter().enumerate() {
            let residual = gap(found, &right[which]) / gap(&terms[which], &(found.clone() * 0.0));
            // as in the identities: four passes through three layers, here in this precision
            let allowed = 2.0 * 4.0 * f64::from(40 + 8 + 8 + 3 * 24) * unit;
            assert!(residual <= allowed, "{residual:e} > {allowed:e}");
        }
    };
    let double = instance.network.clone().map(|p| lift(&p));
    check(trace::of_score_in_chunks(|x| double.score(x), &instance.x), f64::UNIT_ROUNDOFF);
    let single = instance.network.clone().map(|p| lift(&p.cast::<f32>()));
    let (psi, t) = trace::of_score_in_chunks(|x| single.score(x), &instance.x.cast::<f32>());
    check((psi.cast(), t.cast()), f32::UNIT_ROUNDOFF);
}
