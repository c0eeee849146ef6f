//! The experiments as software: what they refuse, and the errors of what they run.

use crate::{callers::refused, sampler::generator};
use score_matching::{
    Array, Matrix, Tape,
    array::Function,
    corruption::NoiseScales,
    density::{Density, Mixture, shapes},
    experiment::{
        LearnedShape, ModeWeights,
        mode_weights::Ends,
        noise_conditional::{Course, Network, Walk, sample},
        stream,
    },
    model::Parameters,
    objective::Weight,
    optimizer::Quantity,
    train::fresh,
};

fn course() -> Course {
    let scales = NoiseScales::geometric(2.0, 0.5, 3);
    Course { scales, weight: Weight::Variance, steps: 4, rate: 1e-3 }
}

fn network() -> Network {
    Network::random(&[2, 4, 2], Function::Tanh, 1.0, &mut generator(1))
}

fn broken() -> Network {
    network().map(|p| p * f64::NAN)
}

#[test]
fn every_level_has_the_same_share_of_a_batch() {
    let tape = Tape::new();
    let (model, x) = (network().on(&tape), tape.var(&Matrix::zeros(7, 2)));
    refused("a batch of 7 for 3 levels", || _ = course().objective(&model, &x, &x));
}

#[test]
fn states_are_kept_at_steps_that_divide_a_level() {
    let walk = Walk { chains: 2, steps_per_level: 5, step: 0.1, every: 3 };
    refused("every 3 of 5 steps", || {
        _ = sample(&network(), &course().scales, walk, &mut generator(1));
    });
}

#[test]
fn a_schedule_that_was_not_run_is_not_found() {
    let plain = Ends { states: Matrix::zeros(1, 2), share: 0.0 };
    let run = ModeWeights { plain, annealed: vec![] };
    refused("a schedule of the table", || _ = run.annealed(3, 3));
}

#[test]
fn a_network_of_no_numbers_neither_trains_nor_samples() {
    let q = shapes::two_moons();
    let trained = course().train(broken(), fresh(&q, 6, generator(1)), |_| ());
    let lost = trained.expect_err("no loss");
    assert_eq!((lost.step, lost.what), (1, Quantity::Loss));
    let scales = course().scales;
    let shape = LearnedShape { density: q, scales, model: broken() };
    let lost = shape.held_out(3, 2, 1).expect_err("no score");
    assert_eq!((lost.chain, lost.step, lost.lost, lost.of), (0, 1, 3, 3));
    refused("1 noise levels: two expected", || _ = shape.held_out(3, 0, 1));
    let escaped = shape.descend(3, 50, &mut generator(1)).expect_err("no score");
    assert_eq!((escaped.chain, escaped.step, escaped.lost, escaped.of), (0, 1, 3, 3));
}

/// A network before its training has the score of N(0, (s² + σ²) I): its likelihood is known.
#[test]
fn the_likelihood_of_held_out_points_is_that_of_the_model() {
    let (density, scales) = (shapes::two_moons(), course().scales);
    let law = density.smoothed(scales.smallest());
    let learned = LearnedShape { density, scales, model: network() };
    let found = learned.held_out(200, 20, 7).expect("finite");
    let x = law.sample(200, &mut stream(7, "shapes: held out"));
    let known = law.log_density(&x).mean().item();
    let model = Mixture::isotropic(2, 1.25).log_density(&x).mean().item();
    // Means of 200 numbers of size 10.
    assert!((found.known.mean - known).abs() < 1e-12, "{found:?}");
    assert!((found.learned.mean - model).abs() < found.change, "{found:?} {model}");
    assert!((found.gap.mean - (known - found.learned.mean)).abs() < 1e-12, "{found:?}");
    assert!(found.change < 1e-5, "{found:?}");
    // With q_σ₁ at the end in the place of the Gaussian the law is nearer.
    assert!(found.gap_from_known_end.mean < found.gap.mean - 0.01, "{found:?}");
}
