//! What T12 and T28 have beyond their claims: routes at any depth, and central differences, which know
//! no rule of differentiation.

use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use score_matching::{
    Array, Matrix, Tape,
    array::Function,
    grid::{Enclosed, Exact},
    identity::{
        Evidence, Sides, enclosed, fitted_order,
        traces::{NetworkBatch, network_routes, of_network},
    },
    matrix::{Real, noise::Generator},
    model::{EnergyNetwork, Parameters, network::Layer},
    objective::{implicit, trace},
};

const SMOOTH: [(Function, f64); 2] = [
    (Function::Softplus, 0.096_225_044_864_937_63), // sup |φ‴| = 1/(6√3)
    (Function::Tanh, 2.0),
];

fn generator(seed: u64) -> Generator {
    Generator::seed_from_u64(seed)
}

/// The routes without a closed form go on where it ends, for scores and for energies: proved for three
/// hidden layers.
#[test]
fn the_routes_are_one_formula_at_greater_depth() {
    for activation in SMOOTH.map(|(activation, _)| activation) {
        let i = NetworkBatch::every((2, &[2, 3, 2, 2, 2]), activation);
        let [_, forward, others @ ..] = network_routes();
        for (name, route) in others {
            let sides = Sides::proof([of_network(&i, forward.1), of_network(&i, route)]);
            assert_eq!(sides.agree(), Ok(()), "{name}");
        }

        let NetworkBatch { mut network, x } = i;
        network.layers[3] = Layer { w: Exact::named("y", 1, 2), b: Exact::named("y₀", 1, 1) };
        let energy = EnergyNetwork { network, width: 0.5 };
        let tape = Tape::new();
        let (m, x) = (energy.on(&tape), tape.var(&x));
        let (once, twice) = (m.constants(), m.constants().constants());
        let [mixed, reverse, forward] = [
            trace::of_energy_by_mixing(|x| once.energy(x), &x),
            trace::of_energy_by_reverse(|x| m.energy(x), &x),
            trace::of_energy_by_forward(|x| twice.energy(x), &x),
        ]
        .map(|(psi, trace)| vec![psi.value(), trace.value()]);
        for (name, other) in [("reverse over reverse", reverse), ("forward over forward", forward)]
        {
            assert_eq!(Sides::proof([mixed.clone(), other]).agree(), Ok(()), "{name}");
        }
    }
}

/// tr J of a network by central differences, and the θ-gradient of ISM through them.
fn by_differences(NetworkBatch { network, x }: &NetworkBatch, step: f64) -> Vec<Matrix> {
    let tape = Tape::new();
    let (theta, x) = (network.on(&tape), tape.var(x));
    let pair = trace::of_score_by_differences(|x| theta.score(x), &x, step);
    let mut all = vec![pair.1.value()];
    all.extend(implicit(pair).mean().gradient(&theta.into_list()));
    all
}

/// max |a − b|
fn gap(a: &Matrix, b: &Matrix) -> f64 {
    (a.clone() - b).data().iter().fold(0.0, |m: f64, x| m.max(x.abs()))
}

/// The error of central differences falls with the square of the step, in the trace and in every
/// gradient, for one and for two hidden layers. (The gradient by the last bias is 𝔼ψ, in which no
/// difference occurs.)
#[test]
fn central_differences_approach_the_trace_with_the_square_of_the_step() {
    let steps = [3, 4, 5, 6, 7].map(|k| 0.5_f64.powi(k));
    for (activation, _) in SMOOTH {
        for widths in [&[3, 6, 3][..], &[3, 6, 5, 3]] {
            let i = NetworkBatch::random((4, widths), activation, &mut generator(12));
            let all = of_network(&i, network_routes()[0].1);
            let exact = [&all[1..2], &all[3..]].concat(); // neither ψ nor ISM of every sample
            let found = steps.map(|h| by_differences(&i, h));
            for (which, exact) in exact.iter().enumerate().take(exact.len() - 1) {
                let errors = found.iter().map(|f| gap(&f[which], exact));
                let points: Vec<_> = steps.into_iter().zip(errors).map(|(h, e)| [h, e]).collect();
                let slope = fitted_order(&points);
                println!("{activation:?} {widths:?} quantity {which}: slope {slope:.3}");
                assert!((slope - 2.0).abs() < 0.1, "{activation:?} {widths:?} {which}: {slope}");
            }
        }
    }
}

proptest! {
    #![proptest_config(crate::common::config(300))]

    /// Taylor: |error| ≤ h²/6 Σᵢ sup|∂³ψᵢ/∂xᵢ³|, and for one layer the supremum is at most
    /// Σⱼ |(W₂)ᵢⱼ (W₁)ⱼᵢ³| sup|φ‴|. The intervals of both sides say what rounding adds.
    #[test]
    fn central_differences_are_within_their_remainder(seed: u64, which in 0..2_usize, power in 4..=9) {
        let mut rng = generator(seed);
        let (activation, third) = SMOOTH[which];
        let [n, d, hidden] = [(); 3].map(|()| rng.random_range(1..=8));
        let i = NetworkBatch::random((n, &[d, hidden, d]), activation, &mut rng);
        let step = 0.5_f64.powi(power);
        let (w1, w2) = (&i.network.layers[0].w, &i.network.layers[1].w);
        let cubes: f64 = (0..d)
            .flat_map(|i| (0..hidden).map(move |j| (i, j)))
            .map(|(i, j)| (w2.at(i, j) * w1.at(j, i).powi(3)).abs())
            .sum();
        let remainder = step * step / 6.0 * third * cubes;
        let traces = |NetworkBatch { network, x }: &NetworkBatch<_>| {
            let (_, found) = trace::of_score_by_differences(|x| network.score(x), x, step);
            [found, network.score_and_trace(x).1]
        };
        let NetworkBatch { network, x } = &i;
        let (_, found) = trace::of_score_by_differences(|x| network.score(x), x, step);
        let (_, exact) = network.score_and_trace(x);
        let rounding = traces(&enclosed(&i)).map(|side: Enclosed| side.widths());
        for k in 0..n {
            let error = (found.at(k, 0) - exact.at(k, 0)).abs();
            let allowed = remainder + rounding[0].at(k, 0) + rounding[1].at(k, 0);
            prop_assert!(error <= allowed, "{error} > {allowed}");
        }
    }
}

#[test]
#[should_panic(expected = "closed forms are for 1 or 2 hidden layers, not 3")]
fn the_closed_form_refuses_three_layers() {
    let NetworkBatch { network, x } =
        NetworkBatch::random((2, &[2, 3, 3, 3, 2]), Function::Tanh, &mut generator(1));
    let _ = network.score_and_trace(&x);
}

/// A batch in chunks gives the numbers of the whole batch, in both precisions.
#[test]
fn chunks_give_the_numbers_of_the_whole_batch() {
    let i = NetworkBatch::random((130, &[40, 8, 8, 40]), Function::Tanh, &mut generator(3));
    // Numbers that f32 has too.
    let single = i.map(|p| p.cast::<f32>());
    let double = single.clone().map(|p| p.cast::<f64>());
    let (psi, trace) = double.network.score_and_trace(&double.x);
    let bounds = enclosed(&double);
    let lifted = bounds.network.constants();
    let closed = bounds.network.score_and_trace(&bounds.x);
    let forward = trace::of_score(|x| lifted.score(x), &bounds.x);
    let check = |found: (Matrix, Matrix), unit: f64| {
        let units = unit / f64::UNIT_ROUNDOFF; // to first order, bounds are proportional to it
        let sides = Sides::Numbers {
            evidence: Evidence::Rounding,
            left: vec![found.0, found.1],
            right: vec![psi.clone(), trace.clone()],
            allowed: vec![
                (closed.0.widths() + forward.0.widths()) * units,
                (closed.1.widths() + forward.1.widths()) * units,
            ],
        };
        assert_eq!(sides.agree(), Ok(()));
    };
    let lifted = double.network.constants();
    check(trace::of_score_in_chunks(|x| lifted.score(x), &double.x), f64::UNIT_ROUNDOFF);
    let lifted = single.network.constants();
    let (psi, t) = trace::of_score_in_chunks(|x| lifted.score(x), &single.x);
    check((psi.cast(), t.cast()), f32::UNIT_ROUNDOFF);
}
