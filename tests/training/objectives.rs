//! Training: the steps of the optimisers, the batches, and that every objective trains every model.
//!
//! Whether a model has learned is asked of a quadrature, not of the loss: the Fisher divergence
//! ½𝔼_q‖ψ − ∇ log q‖², relative to ½I(q), which is what ψ = 0 would leave. A wrong sign or factor
//! in an objective has another minimiser and leaves a share far from 0.

use crate::bumps::{bumps, share};
use rand::SeedableRng;
use score_matching::{
    Array, Dual, Matrix, Tape, Var,
    array::Function,
    corruption::corrupt,
    density::{Density, Mixture},
    matrix::{Real, noise::Generator},
    model::{EnergyNetwork, Parameters, ScoreNetwork},
    objective::{
        denoising, denoising_with_control, explicit, implicit,
        sliced::{hutchinson, sliced},
        trace,
    },
    optimizer::{Adam, Optimizer, Quantity, Sgd},
    train::{Batches, NotFinite, fresh, train},
};
use std::cell::Cell;

const SIGMA: f64 = 0.3;

#[derive(Clone, Copy, Debug)]
enum Method {
    Explicit,
    Implicit,
    Sliced,
    SlicedWithoutReduction,
    Denoising,
    Controlled,
}

impl Method {
    const ALL: [Self; 6] = [
        Self::Explicit,
        Self::Implicit,
        Self::Sliced,
        Self::SlicedWithoutReduction,
        Self::Denoising,
        Self::Controlled,
    ];

    /// The density whose score it aims at.
    fn target(self) -> Mixture {
        match self {
            Self::Denoising | Self::Controlled => bumps().smoothed(SIGMA),
            _ => bumps(),
        }
    }
}

type Single<'t> = Var<'t, Matrix<f32>>;

/// What any method needs of a model: its score, its score along tangents, its score with trace.
fn objective<'t>(
    method: Method,
    score: impl Fn(&Single<'t>) -> Single<'t>,
    moving: impl Fn(&Dual<Single<'t>>) -> Dual<Single<'t>>,
    with_trace: impl Fn(&Single<'t>) -> (Single<'t>, Single<'t>),
    [x, z]: [&Single<'t>; 2],
) -> Single<'t> {
    match method {
        Method::Explicit => explicit(score(x), &bumps().score(&x.value().cast()).lift(x)),
        Method::Implicit => implicit(with_trace(x)),
        Method::Sliced => implicit(hutchinson(moving, x, z)),
        Method::SlicedWithoutReduction => sliced(moving, x, z),
        Method::Denoising => denoising(score, x, &corrupt(x, z, SIGMA), SIGMA),
        Method::Controlled => denoising_with_control(score, x, z, SIGMA),
    }
}

const STEPS: usize = 500;

/// A short training of an energy network, whose score and trace follow by differentiation alone.
fn trained(method: Method) -> EnergyNetwork<Matrix> {
    let mut rng = Generator::seed_from_u64(1);
    let network =
        ScoreNetwork::<Matrix<f32>>::random(&[1, 24, 24, 1], Function::Softplus, &mut rng);
    let trained = train(
        EnergyNetwork { network, width: 2.0 },
        &mut Adam::annealed(0.02, STEPS),
        fresh(&bumps(), 256, rng).take(STEPS),
        |model, x, z| {
            let once = model.constants();
            let thrice = once.clone().map(|p| Dual::constant(&Dual::constant(&p)));
            objective(
                method,
                |x| -model.energy(x).sum().grad(&[*x])[0],
                |x| trace::of_energy_by_forward(|x| thrice.energy(x), x).0,
                |x| trace::of_energy_by_mixing(|x| once.energy(x), x),
                [x, z],
            )
        },
        |_| {},
    );
    trained.expect("a finite loss").map(|p| p.cast())
}

/// With the share ½𝔼‖ψ − ψ′‖²/½I as the distance, what was learned is nearer to the right score than
/// to the nearest wrong one, that of the other density: q for q_σ, q_σ for q.
#[test]
fn every_objective_trains_an_energy_network() {
    for method in Method::ALL {
        let (model, target) = (trained(method), method.target());
        let score = |x: &Matrix| {
            let tape = Tape::new();
            let (x, model) = (tape.var(x), model.clone().map(|p| tape.var(&p)));
            -model.energy(&x).sum().grad(&[x])[0].value()
        };
        let left = share(&target, score);
        for other in [bumps(), bumps().smoothed(SIGMA)] {
            let apart = |x: &Matrix| target.score(x) - other.score(x);
            if share(&target, |x| other.score(x)) > 0.0 {
                let wrong = share(&target, |x| score(x) + apart(x));
                assert!(
                    left < wrong,
                    "{method:?}: {left} from the right one, {wrong} from the other"
                );
            }
        }
    }
}

#[test]
fn sgd_subtracts_the_rate_times_the_gradient() {
    let mut parameter = Matrix::<f64>::from_rows([[1.0, -2.0]]);
    let gradient = Matrix::from_rows([[4.0, 0.5]]);
    Sgd { rate: 0.25 }.update(0, &mut parameter, &gradient).expect("finite");
    assert_eq!(parameter, Matrix::from_rows([[0.0, -2.125]])); // dyadic: exact
}

/// With β₁ = ½, β₂ = ¾, ε = 0 and gradients 1, −1, 2 everything but the roots is dyadic or a small
/// fraction:
///
/// ```text
/// t    m        v         m̂ = m/(1 − 2⁻ᵗ)    v̂ = v/(1 − (3/4)ᵗ)
/// 1    1/2      1/4       1                   1
/// 2    −1/4     7/16      −1/3                1
/// 3    7/8      85/64     1                   85/37
/// ```
#[test]
fn three_steps_of_adam_are_those_computed_by_hand() {
    let mut adam = Adam::<f64>::new(0.1);
    (adam.beta1, adam.beta2, adam.epsilon) = (0.5, 0.75, 0.0);
    let steps = [(1.0, 1.0), (-1.0, -1.0 / 3.0), (2.0, (37.0_f64 / 85.0).sqrt())];
    let mut parameter = Matrix::from_rows([[3.0]]);
    let mut by_hand = 3.0;
    for (gradient, direction) in steps {
        adam.update(0, &mut parameter, &Matrix::from_rows([[gradient]])).expect("finite");
        by_hand -= 0.1 * direction;
        // A dozen operations on numbers up to 3, each rounded by at most u.
        let gap = (parameter.item() - by_hand).abs();
        assert!(gap <= 12.0 * 3.0 * f64::UNIT_ROUNDOFF, "{gap:e}");
    }
}

/// A constant gradient keeps m̂/√v̂ at 1, so a step moves by the rate alone: h, h − 1, … 1 times
/// rate/h, and then not at all.
#[test]
fn an_annealed_rate_falls_linearly_and_ends_at_zero() {
    const HORIZON: usize = 5;
    let mut adam = Adam::<f64>::annealed(0.5, HORIZON);
    adam.epsilon = 0.0;
    let mut parameter = Matrix::from_rows([[0.0]]);
    for step in 0..HORIZON + 2 {
        let before = parameter.item();
        adam.update(0, &mut parameter, &Matrix::from_rows([[1.0]])).expect("finite");
        let left = HORIZON.saturating_sub(step) as f64 / HORIZON as f64;
        let gap = (before - parameter.item() - 0.5 * left).abs();
        // 1 − β₂ᵗ cancels all but ten bits: u/(1 − 0.999) relative, halved by the root.
        assert!(gap <= 4.0 * f64::UNIT_ROUNDOFF / 0.001, "step {step}: {gap:e}");
        assert!(left > 0.0 || before == parameter.item(), "at the end it rests");
    }
}

#[test]
fn a_loss_that_is_not_a_number_stops_the_training_at_its_step() {
    let mut rng = Generator::seed_from_u64(1);
    let model = ScoreNetwork::<Matrix>::random(&[1, 2, 1], Function::Tanh, &mut rng);
    for (bad, poison) in [(1, f64::NAN), (4, f64::NAN), (3, f64::INFINITY)] {
        let (asked, told) = (Cell::new(0), Cell::new(0));
        let result = train(
            model.clone(),
            &mut Sgd { rate: 0.01 },
            fresh(&bumps(), 8, rng.clone()).take(10),
            |model, x, _| {
                asked.set(asked.get() + 1);
                let loss = model.score(x).squared_norm();
                if asked.get() == bad { loss * poison } else { loss }
            },
            |step| told.set(step.number),
        );
        let NotFinite { step, loss, what, .. } = result.expect_err("a poisoned loss");
        assert_eq!((step, told.get(), asked.get()), (bad, bad - 1, bad));
        assert_eq!(what, Quantity::Loss);
        assert!(!loss.is_finite());
    }
    // The last step leaves no finite parameters, and no loss comes after it.
    let (mut leap, q) = (Sgd { rate: f64::MAX }, bumps());
    let batch = fresh(&q, 8, rng).take(1);
    let lost =
        train(model, &mut leap, batch, |model, x, _| model.score(x).squared_norm() * 100.0, |_| ());
    let NotFinite { step, loss, what, .. } = lost.expect_err("infinite parameters");
    assert!(step == 1 && loss.is_finite() && what == Quantity::Parameter);
}

/// The value of every entry is its place, so that a row shows where it is from.
#[test]
fn an_epoch_of_batches_is_a_permutation_without_what_does_not_fill_a_batch() {
    let (rows, size) = (14, 4);
    let data = Matrix::<f64>::from_fn(rows, 2, |i, j| (2 * i + j) as f64);
    let mut batches = Batches::new(data, size, Generator::seed_from_u64(1));
    assert_eq!(batches.per_epoch(), 3);
    let (mut orders, mut noises) = (Vec::new(), Vec::new());
    for _ in 0..5 {
        let mut order = Vec::new();
        for (x, z) in batches.by_ref().take(3) {
            assert_eq!((x.shape(), z.shape()), ((size, 2), (size, 2)));
            for i in 0..size {
                assert_eq!(x.at(i, 1), x.at(i, 0) + 1.0, "a row stays together");
                order.push(x.at(i, 0) as usize);
            }
            noises.extend_from_slice(z.data());
        }
        assert!(are_distinct(order.clone()), "{order:?}");
        orders.push(order);
    }
    // 14!/2! orders: that two of five coincide has a probability of 2·10⁻¹⁰.
    assert!(are_distinct(orders), "a new order in every epoch");
    assert!(are_distinct(noises), "one noise used again");
}

#[test]
fn fresh_batches_never_repeat_a_point_or_a_noise() {
    let q = bumps();
    let batches = fresh::<f64>(&q, 16, Generator::seed_from_u64(1)).take(20);
    assert!(are_distinct(batches.flat_map(|(x, z)| [x.data(), z.data()].concat()).collect()));
}

fn are_distinct<T: PartialOrd>(mut values: Vec<T>) -> bool {
    values.sort_by(|a, b| a.partial_cmp(b).expect("numbers"));
    values.windows(2).all(|pair| pair[0] != pair[1])
}
