//! One digit through the pipeline: each number is what its formula says, and depends on the seed.

use rand::SeedableRng;
use score_matching::{
    Array, Matrix,
    dataset::Digits,
    experiment::{
        Pipeline,
        digits::SIGMA,
        pipeline::{EPSILON, RATE, STEPS},
        stream,
    },
    matrix::noise::Generator,
    model::{Autoencoder, Parameters},
    objective::denoising,
    sampler::{Sampler, Step, langevin},
};

/// A small model, not trained: the formulas hold for every θ.
fn model() -> Autoencoder<Matrix> {
    Autoencoder::random(64, 16, &mut Generator::seed_from_u64(3))
}

fn pipeline(seed: u64) -> Pipeline {
    Pipeline::of(&Digits::load(), &model(), seed).expect("finite numbers")
}

/// How far two matrices are apart, in units of the largest element.
fn gap(left: &Matrix, right: &Matrix) -> f64 {
    let largest = |m: &Matrix| m.data().iter().fold(0.0_f64, |max, x| max.max(x.abs()));
    largest(&(left.clone() - right)) / largest(right)
}

fn squares(theta: Autoencoder<Matrix>) -> f64 {
    theta.into_list().into_iter().map(|p| p.squared_norm().sum().item()).sum()
}

#[test]
fn each_arrow_is_its_formula() {
    let (p, model) = (pipeline(1), model());
    assert_eq!(p.clean, Digits::load().held_out.select(&[p.row]));
    assert_eq!(p.label, Digits::load().held_out_labels[p.row]);
    // The sums of 64 and of 16 terms, and what the differences after them lose.
    let rounding = 64.0 * f64::EPSILON;
    assert!(gap(&(p.noisy.clone() - &p.clean), &(p.noise.clone() * SIGMA)) < rounding);
    let inside = p.noisy.nt(&model.w) + &model.b;
    let by_hand = Matrix::from_fn(1, 16, |_, j| 1.0 / (1.0 + (-inside.at(0, j)).exp()));
    assert!(gap(&p.hidden, &by_hand) < rounding);
    assert!(gap(&p.reconstruction, &(p.hidden.nn(&model.w) + &model.c)) < rounding);
    let psi = (p.reconstruction.clone() - &p.noisy) * (1.0 / (SIGMA * SIGMA));
    assert!(gap(&p.score, &psi) < rounding);
    assert!(gap(&p.sample, &p.moved.reconstruct(&p.walk[3])) < rounding);
}

#[test]
fn the_two_objectives_are_one_number() {
    for seed in 1..20 {
        let p = pipeline(seed);
        let [dsm, dae] = [p.loss.denoising, p.loss.reconstruction];
        assert_eq!(dae, p.squared_error * 128.0, "1/(2σ⁴) = 128 at σ = ¼");
        // Each of the 64 residuals passes through sums of 16 + 64 terms; twice that for its square.
        assert!((dsm - dae).abs() < 200.0 * f64::EPSILON * dae, "{dsm} and {dae}");
        let target = (p.clean.clone() - &p.noisy) * (1.0 / (SIGMA * SIGMA));
        let by_hand = 0.5 * (p.score - &target).squared_norm().item();
        assert!((by_hand - dsm).abs() < 200.0 * f64::EPSILON * dsm);
    }
}

#[test]
fn the_gradient_is_the_slope_of_the_loss() {
    let (p, model) = (pipeline(1), model());
    let at = |h: f64| {
        let mut gradient = p.gradient.clone().into_list().into_iter();
        let theta = model.clone().map(|p| p + gradient.next().expect("as many") * h);
        denoising(|x| theta.score(x, SIGMA), &p.clean, &p.noisy, SIGMA).item()
    };
    let h = 1e-8;
    let slope = (at(h) - at(-h)) / (2.0 * h);
    let expected = squares(p.gradient.clone()); // along the gradient itself
    assert!((slope - expected).abs() < 1e-5 * expected, "{slope} and {expected}");
}

#[test]
fn the_loss_after_the_step_is_the_loss_at_the_moved_parameters() {
    let (p, model) = (pipeline(1), model());
    let loss = |theta: &Autoencoder<Matrix>| {
        denoising(|x| theta.score(x, SIGMA), &p.clean, &p.noisy, SIGMA).item()
    };
    assert_eq!(p.moved_loss, loss(&p.moved));
    assert!(p.moved_loss < loss(&model), "a short step goes downhill");
    // The first step of Adam is rate · g/(|g| + ε): all numbers move by the rate, against their slope.
    let lists = [model, p.moved, p.gradient].map(Autoencoder::into_list);
    let [from, to, slopes] = &lists;
    for ((from, to), slopes) in from.iter().zip(to).zip(slopes) {
        for ((from, to), slope) in from.data().iter().zip(to.data()).zip(slopes.data()) {
            let expected = -RATE * slope / (slope.abs() + 1e-8);
            assert!((to - from - expected).abs() < 1e-12, "{} and {expected}", to - from);
        }
    }
}

#[test]
fn the_walk_is_a_langevin_chain_from_the_corrupted_digit() {
    let p = pipeline(1);
    // The states are those of the chain after the given number of steps, by the score of the moved parameters.
    let score = |y: &Matrix| p.moved.score(y, SIGMA);
    let mut rng = stream(1, "pipeline: chain");
    let chain = langevin(score, p.noisy.clone(), Step::halved(EPSILON), &mut rng);
    let states: Vec<Matrix> = chain.take(STEPS[3]).map(|state| state.expect("finite")).collect();
    for (step, state) in STEPS.iter().zip(&p.walk) {
        assert_eq!(*state, states[step - 1], "after {step} steps");
    }
    // What the first step adds to the drift is √ε z: ‖z‖² has the mean 64 and the deviation √128.
    assert_eq!(STEPS[0], 1);
    let drifted = p.noisy.clone() + score(&p.noisy) * (0.5 * EPSILON);
    let squared = (p.walk[0].clone() - drifted).squared_norm().item() / EPSILON;
    assert!((squared - 64.0).abs() < 6.0 * 128.0_f64.sqrt(), "{squared}");
    // The later ones are not the first once more, and another chain from there goes elsewhere.
    let mut rng = Generator::seed_from_u64(1);
    let other = langevin(score, p.walk[0].clone(), Step::halved(EPSILON), &mut rng);
    assert!(gap(&other.after(STEPS[1] - 1).expect("finite"), &p.walk[1]) > 0.01);
}

#[test]
fn another_seed_changes_every_number() {
    let numbers = |seed: u64| {
        let p = pipeline(seed);
        let rows = [p.clean, p.noise, p.noisy, p.hidden, p.reconstruction, p.score, p.sample];
        let rows = rows.into_iter().chain(p.walk);
        let mut numbers: Vec<f64> = rows.map(|row| row.squared_norm().item()).collect();
        numbers.extend([p.squared_error, p.loss.denoising, p.loss.reconstruction, p.moved_loss]);
        numbers.extend([p.gradient, p.moved].map(squares));
        numbers.extend([p.row as f64, p.neighbour.distance]);
        numbers
    };
    let (one, again, other) = (numbers(1), numbers(1), numbers(2));
    assert_eq!(one, again);
    assert!(one.iter().zip(&other).all(|(a, b)| a != b), "{one:?} and {other:?}");
}
