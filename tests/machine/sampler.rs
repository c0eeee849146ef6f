//! The samplers as software: what they draw, when they stop, and what their adaptors may skip.
//!
//! What they sample is the business of the theorems (T21–T24).

use proptest::prelude::*;
use rand::SeedableRng;
use score_matching::{
    Array, Matrix,
    corruption::NoiseScales,
    density::{Density, Mixture, shapes},
    matrix::{
        Real,
        noise::{Generator, standard_normal},
    },
    sampler::{Escaped, Level, Sampler, Step, annealed, langevin, levels, metropolis},
};

fn generator(seed: u64) -> Generator {
    Generator::seed_from_u64(seed)
}

fn states<T: Real>(
    chains: impl Iterator<Item = Result<Matrix<T>, Escaped>>,
    count: usize,
) -> Vec<Matrix<T>> {
    chains.take(count).collect::<Result<_, _>>().expect("finite")
}

/// The pinwheel's energy and score.
fn pinwheel(x: &Matrix) -> (Matrix, Matrix) {
    let p = shapes::pinwheel();
    (-p.log_density(x), p.score(x))
}

/// So many states from 3000 starts in the plane of each sampler; large enough for noise to be drawn
/// in several chunks.
fn every_sampler(seed: u64) -> [Vec<Matrix>; 3] {
    let start: Matrix = standard_normal(3000, 2, &mut generator(seed + 100));
    let p = shapes::pinwheel();
    let schedule = levels(&NoiseScales::geometric(2.0, 0.5, 3), 0.05);
    [
        states(
            langevin(|x| p.score(x), start.clone(), Step::halved(0.05), &mut generator(seed)),
            4,
        ),
        states(
            annealed(
                |x, s| p.smoothed(s).score(x),
                start.clone(),
                schedule,
                2,
                &mut generator(seed),
            ),
            4,
        ),
        states(metropolis(pinwheel, start, 0.05, &mut generator(seed)), 4),
    ]
}

#[test]
fn the_same_seed_gives_the_same_bits_on_any_number_of_threads() {
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        pool.install(|| every_sampler(1))
    };
    let one = run(1);
    assert!(run(2) == one && run(3) == one);
    assert!(every_sampler(2).iter().zip(&one).all(|(other, one)| other != one));
}

proptest! {
    #![proptest_config(crate::common::config(50))]

    #[test]
    fn both_conventions_draw_the_same_paths(seed: u64, epsilon in 0.001..0.5_f64) {
        let p = shapes::two_moons();
        let path = |step| {
            let start = standard_normal(5, 2, &mut generator(seed));
            states(langevin(|x| p.score(x), start, step, &mut generator(seed)), 5)
        };
        prop_assert_eq!(path(Step::halved(epsilon)), path(Step::doubled(0.5 * epsilon)));
        prop_assert_ne!(path(Step::halved(epsilon)), path(Step::doubled(epsilon)));
    }

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
        let path = |seed| {
            let start = Matrix::zeros(3, 2);
            let p = shapes::two_moons();
            (p, start, generator(seed))
        };
        let (p, start, mut rng) = path(seed);
        let all = states(langevin(|x| p.score(x), start, Step::halved(0.1), &mut rng), 30);
        let (p, start, mut rng) = path(seed);
        let chains = langevin(|x| p.score(x), start, Step::halved(0.1), &mut rng);
        // step_by begins with the first state: what is skipped stands in front of it.
        let thinned = states(chains.skip(k - 1).step_by(k), 30 / k);
        let expected: Vec<_> = (1..=30 / k).map(|i| all[i * k - 1].clone()).collect();
        prop_assert_eq!(thinned, expected);
        let (p, start, mut rng) = path(seed);
        let last = langevin(|x| p.score(x), start, Step::halved(0.1), &mut rng).after(k);
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

    let seen = std::cell::RefCell::new(Vec::new());
    let score = |x: &Matrix, sigma: f64| {
        seen.borrow_mut().push(sigma);
        x.clone() * (-1.0 / (1.0 + sigma * sigma))
    };
    let count =
        annealed(score, Matrix::zeros(2, 1), schedule.clone(), 7, &mut generator(1)).count();
    assert_eq!(count, 4 * 7);
    let expected: Vec<f64> = scales.sigmas().iter().flat_map(|s| [*s; 7]).collect();
    assert_eq!(*seen.borrow(), expected);

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
    let level = Level { sigma: 1.0, step: Step::halved(0.1) };
    _ = annealed(
        |x: &Matrix, _| -x.clone(),
        Matrix::zeros(1, 1),
        vec![level],
        2,
        &mut generator(1),
    )
    .after(3);
}

#[test]
#[should_panic(expected = "after 0 steps there is the start")]
fn no_steps_are_not_asked_for() {
    _ = langevin(
        |x: &Matrix| -x.clone(),
        Matrix::zeros(1, 1),
        Step::halved(0.1),
        &mut generator(1),
    )
    .after(0);
}

const LOST: Escaped = Escaped { chain: 1, step: 4 };

/// Of a sampler that loses its chain 1 at step 4, whatever adaptor is asked.
macro_rules! nothing_steps_over {
    ($name:literal, $rng:ident => $sampler:expr) => {{
        let $rng = &mut generator(1);
        let path: Vec<_> = $sampler.take(8).collect();
        assert!(path[..3].iter().all(Result::is_ok), "{} {path:?}", $name);
        assert!(path[3..].iter().all(|state| *state == Err(LOST)), "{} {path:?}", $name);
        let $rng = &mut generator(1);
        assert_eq!($sampler.step_by(3).nth(2), Some(Err(LOST)), "{}: thinned", $name);
        let $rng = &mut generator(1);
        assert_eq!($sampler.nth(11), Some(Err(LOST)), "{}: nth", $name);
        let $rng = &mut generator(1);
        assert_eq!($sampler.take(20).last(), Some(Err(LOST)), "{}: last", $name);
        let $rng = &mut generator(1);
        assert_eq!($sampler.after(10), Err(LOST), "{}: after", $name);
    }};
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
    nothing_steps_over!("langevin", rng => langevin(score, start.clone(), one.step, rng));
    nothing_steps_over!(
        "annealed", rng => annealed(|x, _| score(x), start.clone(), vec![one; 5], 4, rng)
    );
    nothing_steps_over!(
        "ascent", rng => langevin(score, start.clone(), Step::ascent(0.5), rng)
    );
    // The Metropolis rule goes nowhere without a way back. Here the energy ends.
    for energy in [f64::NAN, f64::NEG_INFINITY] {
        nothing_steps_over!(
            "metropolis",
            rng => metropolis(from_step_four(second(energy)), Matrix::zeros(3, 1), 0.1, rng)
        );
    }
    let said = LOST.to_string();
    assert!(said.contains("chain 1") && said.contains("step 4"), "{said}");
}

/// The energy of chain 1 is this, of the others 0.
fn second(energy: f64) -> impl Fn(&Matrix) -> (Matrix, Matrix) {
    move |x: &Matrix| {
        let energy = Matrix::from_fn(x.rows(), 1, |i, _| if i == 1 { energy } else { 0.0 });
        (energy, -x.clone())
    }
}

/// What f does from the fourth evaluation after the start on.
fn from_step_four(f: impl Fn(&Matrix) -> (Matrix, Matrix)) -> impl Fn(&Matrix) -> (Matrix, Matrix) {
    let calls = std::cell::Cell::new(0);
    move |x: &Matrix| {
        calls.set(calls.get() + 1);
        let quiet = (x.squared_norm() * 0.5, -x.clone());
        if calls.get() <= 4 { quiet } else { f(x) }
    }
}

#[test]
fn what_is_no_number_in_metropolis_is_an_error() {
    for energy in [f64::NAN, f64::NEG_INFINITY] {
        let mut rng = generator(1);
        let first = metropolis(second(energy), Matrix::zeros(3, 1), 0.1, &mut rng).next();
        assert_eq!(first, Some(Err(Escaped { chain: 1, step: 1 })), "from the start");

        let potential = from_step_four(second(energy));
        let mut chains = metropolis(potential, Matrix::zeros(3, 1), 0.1, &mut rng);
        assert!(chains.by_ref().take(3).all(|state| state.is_ok()));
        let before = chains.acceptance();
        assert_eq!(chains.next(), Some(Err(LOST)));
        assert_eq!(chains.acceptance(), before, "a step that failed has decided nothing");
    }
    let mut rng = generator(1);
    // A proposal that is not finite, and a place whose way back is no number.
    let steep = |x: &Matrix| (Matrix::zeros(x.rows(), 1), x.clone() * 0.0 + f64::MAX);
    let lost = metropolis(steep, Matrix::zeros(1, 1), 4.0, &mut rng).next();
    assert_eq!(lost, Some(Err(Escaped { chain: 0, step: 1 })));
    let broken = from_step_four(|x| (Matrix::zeros(x.rows(), 1), x.clone() * f64::NAN));
    let lost = metropolis(broken, Matrix::zeros(1, 1), 0.1, &mut rng).take(9).last();
    assert_eq!(lost, Some(Err(Escaped { chain: 0, step: 4 })));
}

/// N(0, 1) on x > 0: E = +∞ elsewhere, where the score may be anything.
#[test]
fn a_place_of_infinite_energy_is_never_entered() {
    for outside in [f64::NAN, f64::INFINITY, 0.0] {
        let half = |x: &Matrix| {
            let inside = |i: usize| x.at(i, 0) > 0.0;
            let of = |f: &dyn Fn(f64) -> f64, else_: f64| {
                Matrix::from_fn(x.rows(), 1, |i, _| if inside(i) { f(x.at(i, 0)) } else { else_ })
            };
            (of(&|x| 0.5 * x * x, f64::INFINITY), of(&|x| -x, outside))
        };
        let mut rng = generator(5);
        let mut chains = metropolis(half, Matrix::from_fn(20_000, 1, |_, _| 1.0), 0.5, &mut rng);
        let path = states(chains.by_ref(), 60);
        assert!(path.iter().all(|x| x.data().iter().all(|x| *x > 0.0)), "{outside}");
        let accepted = chains.acceptance();
        assert!(accepted > 0.5 && accepted < 0.95, "{accepted}");
        // 𝔼x² = 1 on half a Gaussian as well: within 6 standard errors √(2/n)
        let mean = path[59].squared_norm().mean().item();
        assert!((mean - 1.0).abs() < 6.0 * (2.0_f64 / 20_000.0).sqrt(), "{mean}");
    }
}

#[test]
fn acceptance_counts_the_moves() {
    let p = Mixture::isotropic(2, 1.0);
    let potential = |x: &Matrix| (-p.log_density(x), p.score(x));
    let mut rng = generator(6);
    let start: Matrix = standard_normal(50, 2, &mut rng);
    let mut chains = metropolis(potential, start.clone(), 2.0, &mut rng);
    assert_eq!(chains.acceptance(), 1.0, "before the first step");
    let (mut here, mut moved) = (start, 0);
    for step in 1..=20 {
        let next = chains.next().expect("without end").expect("finite");
        moved += (0..50).filter(|&i| next.row(i) != here.row(i)).count();
        assert_eq!(chains.acceptance(), moved as f64 / f64::from(50 * step));
        here = next;
    }
    assert!(moved > 100 && moved < 1000, "{moved}");
}

#[test]
fn in_single_precision_the_samplers_are_the_same() {
    let p = |x: &Matrix<f32>| (x.squared_norm() * 0.5, -x.clone());
    let start: Matrix<f32> = Matrix::zeros(20_000, 1);
    let mut rng = generator(7);
    let plain = langevin(|x| p(x).1, start.clone(), Step::halved(1.0), &mut rng).after(20);
    let adjusted = metropolis(p, start, 1.0, &mut rng).after(40);
    for (found, expected) in [(plain, 4.0 / 3.0), (adjusted, 1.0)] {
        let variance = found.expect("finite").cast::<f64>().squared_norm().mean().item();
        let error = expected * (2.0_f64 / 20_000.0).sqrt();
        assert!((variance - expected).abs() <= 6.0 * error, "{variance} {expected}");
    }
}

#[test]
fn a_start_that_is_lost_already_is_told_from_a_step_that_loses_it() {
    let start = Matrix::from_rows([[0.0], [f64::NAN]]);
    let mut rng = Generator::seed_from_u64(1);
    let mut chains = langevin(|x: &Matrix| -x.clone(), start, Step::halved(0.1), &mut rng);
    assert_eq!(chains.next(), Some(Err(Escaped { chain: 1, step: 0 })));
}

#[test]
fn a_step_without_a_length_is_refused() {
    for bad in [0.0, -0.1, f64::NAN, f64::INFINITY] {
        for step in [Step::halved, Step::doubled, Step::ascent] {
            assert!(std::panic::catch_unwind(|| step(bad)).is_err(), "{bad}");
        }
    }
}
