//! What T12 and T28 have beyond their claims: routes at greater depth, a batch in chunks, and central
//! differences, which know no rule of differentiation.

use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use score_matching::{
    Matrix,
    array::Function,
    identity::{
        Evidence, Sides, enclosed,
        traces::{NetworkBatch, network_routes, of_network},
    },
    matrix::{Real, noise::Generator},
    model::Parameters,
    objective::trace,
};

const SMOOTH: [(Function, f64); 2] = [
    (Function::Softplus, 0.096_225_044_864_937_63), // sup |φ‴| = 1/(6√3)
    (Function::Tanh, 2.0),
];

fn generator(seed: u64) -> Generator {
    Generator::seed_from_u64(seed)
}

/// The routes without a closed form go on where it ends: proved for three hidden layers.
#[test]
fn the_routes_are_one_formula_at_greater_depth() {
    for activation in SMOOTH.map(|(activation, _)| activation) {
        let i = NetworkBatch::every((2, &[2, 3, 2, 2, 2]), activation);
        let [_, forward, others @ ..] = network_routes();
        for (name, route) in others {
            let sides = Sides::proof([of_network(&i, forward.1), of_network(&i, route)]);
            assert_eq!(sides.agree(), Ok(()), "{name}");
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
        let (_, found) = trace::of_score_by_differences(|x| i.network.score(x), &i.x, step);
        let (_, exact) = i.network.score_and_trace(&i.x);
        let NetworkBatch { network, x } = enclosed(&i);
        let (_, near) = trace::of_score_by_differences(|x| network.score(x), &x, step);
        let rounding = near.widths() + network.score_and_trace(&x).1.widths();
        for k in 0..n {
            let error = (found.at(k, 0) - exact.at(k, 0)).abs();
            let allowed = remainder + rounding.at(k, 0);
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
