//! The samplers as software: what they draw, when they stop, and what their adaptors may skip.
//!
//! What they sample is the business of the theorems (T21–T24); the Metropolis rule has `metropolis.rs`.

use crate::callers::refused;
use proptest::prelude::*;
use rand::SeedableRng;
use score_matching::{
    Array, Matrix, Tape,
    corruption::NoiseScales,
    density::{Density, shapes},
    matrix::{
        Real,
        noise::{Generator, standard_normal},
    },
    sampler::{Escaped, Level, Negatives, Sampler, Step, annealed, langevin, levels, metropolis},
};
use std::sync::Mutex;

pub fn generator(seed: u64) -> Generator {
    Generator::seed_from_u64(seed)
}

pub fn states<T: Real>(
    chains: impl Iterator<Item = Result<Matrix<T>, Escaped>>,
    count: usize,
) -> Vec<Matrix<T>> {
    chains.take(count).collect::<Result<_, _>>().expect("finite")
}

proptest! {
    #![proptest_config(crate::common::config(50))]

    #[test]
    fn a_step_is_its_formula_with_the_noise_of_the_generator(seed: u64, epsilon in 0.001..0.5_f64) {
        let p = shapes::two_moons();
        let start: Matrix = standard_normal(4, 2, &mut generator(seed));
        let [first, second] = states(
            langevin(|x| p.score(x), start.clone(), Step::halved(epsilon), &mut generator(seed)), 2
        ).try_into().expect("two states");
        let mut rng = generator(seed);
        let mut next = |x: &Matrix| {
            let z: Matrix = standard_normal(4, 2, &mut rng);
            p.score(x) * (0.5 * epsilon) + x + z * epsilon.sqrt()
        };
        prop_assert_eq!(&first, &next(&start));
        prop_assert_eq!(&second, &next(&first)); // from new noise
    }

    #[test]
    fn thinning_gives_every_kth_state(seed: u64, k in 1..7_usize) {
        let p = shapes::two_moons();
        let [one, two, three] = &mut [(); 3].map(|()| generator(seed));
        let chains = |rng| langevin(|x| p.score(x), Matrix::zeros(3, 2), Step::halved(0.1), rng);
        let all = states(chains(one), 30);
        // step_by begins with the first state: what is skipped stands in front of it.
        let thinned = states(chains(two).skip(k - 1).step_by(k), 30 / k);
        let expected: Vec<_> = (1..=30 / k).map(|i| all[i * k - 1].clone()).collect();
        prop_assert_eq!(thinned, expected);
        let last = chains(three).after(k);
        prop_assert_eq!(last.expect("finite"), all[k - 1].clone());
    }
}

#[test]
fn an_annealed_chain_takes_t_steps_on_every_level_and_ends() {
    let scales = NoiseScales::geometric(3.0, 0.2, 4);
    let epsilon = 0.03;
    let schedule = levels(&scales, epsilon);
    for (level, &sigma) in schedule.iter().zip(scales.sigmas()) {
        let right = Step::halved(epsilon * (sigma * sigma) / (0.2 * 0.2));
        let off = |a: f64, b: f64| (a / b - 1.0).abs() / f64::UNIT_ROUNDOFF;
        assert_eq!(level.sigma, sigma);
        // five roundings on one side and five on the other
        assert!(off(level.step.drift, right.drift) <= 10.0);
        assert!(off(level.step.noise, right.noise) <= 10.0);
    }
    assert_eq!(schedule[3].step, Step::halved(epsilon), "ε is the step of the last level");

    let seen = Mutex::new(Vec::new());
    let score = |x: &Matrix, sigma: f64| {
        seen.lock().expect("no panic").push(sigma);
        x.clone() * (-1.0 / (1.0 + sigma * sigma))
    };
    let count =
        annealed(score, Matrix::zeros(2, 1), schedule.clone(), 7, &mut generator(1)).count();
    assert_eq!(count, 4 * 7);
    let expected: Vec<f64> = scales.sigmas().iter().flat_map(|s| [*s; 7]).collect();
    assert_eq!(*seen.lock().expect("no panic"), expected);

    let mut rng = generator(1);
    let none = annealed(|x: &Matrix, _| x.clone(), Matrix::zeros(2, 1), schedule, 0, &mut rng);
    assert_eq!(none.count(), 0, "no steps at all");
    let start = || Matrix::from_rows([[0.5]]);
    let one = Level { sigma: 1.0, step: Step::halved(0.1) };
    let score = |x: &Matrix| -x.clone();
    assert_eq!(
        states(annealed(|x, _| score(x), start(), vec![one], 9, &mut generator(3)), 9),
        states(langevin(score, start(), one.step, &mut generator(3)), 9),
        "one level is Langevin"
    );
}

#[test]
#[should_panic(expected = "the schedule has fewer than 3 steps")]
fn a_schedule_is_not_exceeded() {
    let (score, level) =
        (|x: &Matrix, _| -x.clone(), Level { sigma: 1.0, step: Step::halved(0.1) });
    _ = annealed(score, Matrix::zeros(1, 1), vec![level], 2, &mut generator(1)).after(3);
}

#[test]
#[should_panic(expected = "after 0 steps there is the start")]
fn no_steps_are_not_asked_for() {
    let (score, step) = (|x: &Matrix| -x.clone(), Step::halved(0.1));
    _ = langevin(score, Matrix::zeros(1, 1), step, &mut generator(1)).after(0);
}

/// A lost chain in numbers: `chain`, `step`, `lost` and `of`.
pub fn in_numbers<T>(result: Result<T, Escaped>) -> Result<T, [usize; 4]> {
    result.map_err(|e| [e.chain, e.step, e.lost, e.of])
}

/// Of a sampler that loses its chain 1 at step 4, whatever adaptor is asked.
pub fn nothing_steps_over(
    name: &str,
    sampler: impl Fn(&mut Generator) -> Box<dyn Iterator<Item = Result<Matrix, Escaped>> + '_>,
) {
    let path: Vec<_> = sampler(&mut generator(1)).take(8).map(in_numbers).collect();
    assert!(path[..3].iter().all(Result::is_ok), "{name} {path:?}");
    let numbers = [1, 4, 1, 3];
    assert!(path[3..].iter().all(|state| *state == Err(numbers)), "{name} {path:?}");
    let lost = Some(Err(numbers));
    assert_eq!(
        sampler(&mut generator(1)).step_by(3).nth(2).map(in_numbers),
        lost,
        "{name}: thinned"
    );
    assert_eq!(sampler(&mut generator(1)).nth(11).map(in_numbers), lost, "{name}: nth");
    assert_eq!(sampler(&mut generator(1)).take(20).last().map(in_numbers), lost, "{name}: last");
    assert_eq!(in_numbers(sampler(&mut generator(1)).after(10)), Err(numbers), "{name}: after");
}

#[test]
fn a_chain_that_leaves_the_finite_numbers_is_an_error_that_nothing_steps_over() {
    // Two quiet chains, and one that doubles from where there is room for three times: with a drift
    // of ½ the score 2x makes 2x of x.
    let start = Matrix::from_rows([[0.0], [f64::MAX / 8.0 * 0.9], [0.0]]);
    let score = |x: &Matrix| {
        let far = |x: f64| if x > 1e10 { 2.0 * x } else { 0.0 };
        Matrix::from_fn(x.rows(), 1, |i, _| far(x.at(i, 0)))
    };
    let one = Level { sigma: 1.0, step: Step::halved(1.0) };
    nothing_steps_over("langevin", |rng| Box::new(langevin(score, start.clone(), one.step, rng)));
    nothing_steps_over("annealed", |rng| {
        Box::new(annealed(move |x, _| score(x), start.clone(), vec![one; 5], 4, rng))
    });
    nothing_steps_over("ascent", |rng| {
        Box::new(langevin(score, start.clone(), Step::ascent(0.5), rng))
    });
    let last = langevin(score, start, one.step, &mut generator(1)).after(4);
    let said = last.expect_err("a chain is lost").to_string();
    let parts = ["chain 1", "step 4", "1 of 3"];
    assert!(parts.iter().all(|part| said.contains(part)), "{said}");
}

#[test]
fn a_start_that_is_lost_already_is_told_from_a_step_that_loses_it() {
    let start = Matrix::from_rows([[0.0], [f64::NAN]]);
    let lost = Some(Err([1, 0, 1, 2]));
    let p = |x: &Matrix| (x.squared_norm() * 0.5, -x.clone());
    let one = Level { sigma: 1.0, step: Step::halved(0.1) };
    let mut rng = generator(1);
    assert_eq!(
        langevin(|x| p(x).1, start.clone(), one.step, &mut rng).next().map(in_numbers),
        lost
    );
    let level = vec![one];
    assert_eq!(
        annealed(|x, _| p(x).1, start.clone(), level, 1, &mut rng).next().map(in_numbers),
        lost
    );
    assert_eq!(metropolis(p, start, 0.1, &mut rng).next().map(in_numbers), lost);
}

#[test]
fn a_step_without_a_length_is_refused() {
    for bad in [0.0, -0.1, f64::NAN, f64::INFINITY] {
        for step in [Step::halved, Step::doubled, Step::ascent] {
            assert!(std::panic::catch_unwind(|| step(bad)).is_err(), "{bad}");
        }
    }
}

fn no_chains<T: Real>() {
    let nobody = || Matrix::<T>::zeros(0, 2);
    let p = |x: &Matrix<T>| (Matrix::zeros(x.rows(), 1), -x.clone());
    let (step, mut rng) = (Step::halved(0.1), generator(1));
    assert_eq!(langevin(|x| p(x).1, nobody(), step, &mut rng).after(3), Ok(nobody()));
    let level = vec![Level { sigma: 1.0, step }];
    assert_eq!(annealed(|x, _| p(x).1, nobody(), level, 3, &mut rng).after(3), Ok(nobody()));
    let mut chains = metropolis(p, nobody(), 0.1, &mut rng);
    assert_eq!(chains.by_ref().after(3), Ok(nobody()));
    assert_eq!((chains.acceptance(), chains.survivors()), (1.0, (vec![], nobody())));
}

#[test]
fn no_chains_at_all_are_chains_as_well() {
    no_chains::<f32>();
    no_chains::<f64>();
}

#[test]
fn scores_and_energies_of_another_shape_are_refused_at_the_call() {
    let (start, step) = (|| Matrix::<f64>::zeros(3, 2), Step::halved(0.1));
    let thin = |x: &Matrix| Matrix::zeros(x.rows(), 1);
    refused("the score of (3, 2) is (3, 1)", || {
        _ = langevin(thin, start(), step, &mut generator(1)).next();
    });
    refused("the score of (3, 2) is (3, 1)", || {
        _ = langevin(thin, start(), step, &mut generator(1)).after(2);
    });
    refused("the score of (3, 2) is (3, 1)", || {
        let level = vec![Level { sigma: 1.0, step }];
        _ = annealed(|x, _| thin(x), start(), level, 2, &mut generator(1)).after(2);
    });
    let expected = "energy and score are [(3, 1), (3, 1)], expected [(3, 1), (3, 2)]";
    refused(expected, || {
        _ = metropolis(|x| (thin(x), thin(x)), start(), 0.1, &mut generator(1));
    });
    let expected = "energy and score are [(3, 2), (3, 2)], expected [(3, 1), (3, 2)]";
    refused(expected, || {
        _ = metropolis(|x| (x.clone(), x.clone()), start(), 0.1, &mut generator(1));
    });
}

/// A step that this precision cannot take would leave the chains where they are.
fn steps_are_refused<T: Real>(bad: &[f64]) {
    let start = || Matrix::<T>::zeros(1, 1);
    let p = |x: &Matrix<T>| (x.squared_norm(), -x.clone());
    for &epsilon in bad {
        let (step, mut rng) = (Step::halved(epsilon), generator(1));
        let expected = "numbers from 0 that this precision has";
        refused(expected, || _ = langevin(|x| p(x).1, start(), step, &mut rng));
        refused(expected, || _ = metropolis(p, start(), epsilon, &mut generator(1)));
        let level = vec![Level { sigma: 1.0, step }];
        refused(expected, || _ = annealed(|x, _| p(x).1, start(), level, 1, &mut generator(1)));
        refused(expected, || _ = Negatives::<T>::from_data(1, epsilon, generator(1)));
        refused(expected, || _ = Negatives::persistent(start(), 1, epsilon, generator(1)));
    }
    for step in [
        Step { drift: f64::NAN, noise: 1.0 },
        Step { drift: -1.0, noise: 1.0 },
        Step { drift: 1.0, noise: f64::INFINITY },
    ] {
        refused("numbers from 0", || _ = langevin(|x| p(x).1, start(), step, &mut generator(1)));
    }
}

#[test]
fn a_step_that_a_precision_cannot_take_is_refused() {
    steps_are_refused::<f32>(&[1e-50, 1e-200, 1e39, 1e300]);
    steps_are_refused::<f64>(&[]);
    refused("a step of length 5e-324", || _ = Step::halved(5e-324)); // half of it is 0
    refused("a step of length 1e308", || _ = Step::doubled(1e308));
    refused("after 0 steps the negatives are the data", || {
        _ = Negatives::<f64>::from_data(0, 0.1, generator(1));
    });
    refused("after 0 steps the negatives are the data", || {
        _ = Negatives::persistent(Matrix::<f64>::zeros(1, 1), 0, 0.1, generator(1));
    });
    refused("chains of (1, 1) · a batch of (2, 1)", || {
        let mut negatives = Negatives::persistent(Matrix::zeros(1, 1), 1, 0.1, generator(1));
        let tape = Tape::new();
        _ = negatives.draw(Array::squared_norm, &tape.var(&Matrix::<f64>::zeros(2, 1)));
    });
}

#[test]
fn a_schedule_whose_steps_are_no_numbers_is_refused() {
    let huge = NoiseScales::geometric(1e160, 1.0, 3);
    refused("levels: ε = 1e0 makes a step of inf at σ = 1e160", || _ = levels(&huge, 1.0));
    // The square of the quotient alone would overflow; the steps are numbers.
    let steps = levels(&huge, 1e-200);
    assert!((steps[0].step.drift / 0.5e120 - 1.0).abs() < 1e-12, "{steps:?}");
    for bad in [0.0, -0.1, f64::NAN, f64::INFINITY] {
        refused("levels: ε = ", || _ = levels(&huge, bad));
    }
}
