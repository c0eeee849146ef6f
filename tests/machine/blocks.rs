//! Chains move in blocks: each sampler asks for a few hundred at a time, and nothing else changes.

use crate::{callers::refused, sampler::generator};
use rand::RngExt;
use score_matching::{
    Array, Matrix,
    matrix::{door::Door, noise::standard_normal},
    sampler::{
        Level, Sampler, Step, annealed, langevin, metropolis,
        metropolis::{Place, log_acceptance},
    },
};
use std::sync::Mutex;

/// More than three blocks of 512.
const CHAINS: usize = 3 * 512 + 1;

/// How many chains a score has been asked for at a time.
#[derive(Default)]
struct Asked(Mutex<Vec<usize>>);

impl Asked {
    /// ψ of N(0, I), operation by operation, so that its bits do not depend on blocks.
    fn score(&self, x: &Matrix) -> Matrix {
        self.0.lock().expect("no panic").push(x.rows());
        -x.clone()
    }

    /// Four blocks, alike up to one row, at each of the steps; and the next is counted anew.
    fn assert_blocks(self, steps: usize) {
        let mut asked = self.0.into_inner().expect("no panic");
        asked.sort_unstable();
        assert_eq!(asked, [vec![384; 3 * steps], vec![385; steps]].concat());
    }
}

/// What `run` gives on that many threads.
fn on<R: Send>(threads: usize, run: impl FnOnce() -> R + Send) -> R {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
    pool.install(run)
}

fn start() -> Matrix {
    Matrix::from_fn(CHAINS, 2, |i, j| (2 * i + j) as f64 * 1e-3 - 1.0)
}

/// The steps of all chains at once, as in a sampler that knows no blocks.
fn by_hand(step: Step) -> Vec<Matrix> {
    let (mut rng, mut x) = (generator(4), start());
    (0..3)
        .map(|_| {
            let noise = standard_normal(CHAINS, 2, &mut rng);
            x = step.take(&x, -x.clone(), noise);
            x.clone()
        })
        .collect()
}

#[test]
fn blocks_change_no_bit_on_any_number_of_threads() {
    let step = Step::halved(0.1);
    let expected = by_hand(step);
    for threads in [1, 2, 5] {
        let asked = Asked::default();
        let states: Vec<Matrix> = on(threads, || {
            let mut rng = generator(4);
            let chains = langevin(|x| asked.score(x), start(), step, &mut rng);
            chains.take(3).collect::<Result<_, _>>().expect("finite")
        });
        assert_eq!(states, expected, "langevin on {threads} threads");
        asked.assert_blocks(3);

        let asked = Asked::default();
        let states: Vec<Matrix> = on(threads, || {
            let (mut rng, level) = (generator(4), Level { sigma: 1.0, step });
            let score = |x: &Matrix, sigma: f64| asked.score(x) * sigma;
            let chains = annealed(score, start(), vec![level], 3, &mut rng);
            chains.collect::<Result<_, _>>().expect("finite")
        });
        assert_eq!(states, expected, "annealed on {threads} threads");
        asked.assert_blocks(3);
    }
}

/// The same for Metropolis, whose uniforms come after the noise.
fn metropolis_by_hand(epsilon: f64) -> Vec<Matrix> {
    let place = |x: Matrix| Place { energy: x.squared_norm() * 0.5, score: -x.clone(), x };
    let (mut rng, mut here) = (generator(4), place(start()));
    (0..3)
        .map(|_| {
            let noise = standard_normal(CHAINS, 2, &mut rng);
            let there = place(Step::halved(epsilon).take(&here.x, here.score.clone(), noise));
            let ratio = log_acceptance(&here, &there, epsilon);
            let accepted: Vec<bool> =
                (0..CHAINS).map(|i| rng.random::<f64>().ln() < ratio.at(i, 0)).collect();
            let chosen = |i, j| if accepted[i] { there.x.at(i, j) } else { here.x.at(i, j) };
            here = place(Matrix::from_fn(CHAINS, 2, chosen));
            here.x.clone()
        })
        .collect()
}

#[test]
fn blocks_of_metropolis_are_all_chains_at_once() {
    let expected = metropolis_by_hand(0.5);
    for threads in [1, 2, 5] {
        let asked = Asked::default();
        let states: Vec<Matrix> = on(threads, || {
            let mut rng = generator(4);
            let potential = |x: &Matrix| (x.squared_norm() * 0.5, asked.score(x));
            let chains = metropolis(potential, start(), 0.5, &mut rng);
            chains.take(3).collect::<Result<_, _>>().expect("finite")
        });
        assert_eq!(states, expected, "on {threads} threads");
        asked.assert_blocks(4); // the start as well
    }
}

/// The door that is forced on a thread is also the door of the blocks.
#[test]
fn blocks_go_through_the_door_of_the_caller() {
    for door in Door::available() {
        let doors = Mutex::new(vec![]);
        on(2, || {
            door.within(|| {
                let score = |x: &Matrix| {
                    doors.lock().expect("no panic").push(Door::current());
                    -x.clone()
                };
                let mut rng = generator(6);
                vec![
                    langevin(score, start(), Step::halved(0.1), &mut rng).after(1).expect("finite"),
                ]
            })
        });
        assert_eq!(*doors.lock().expect("no panic"), [door; 4]);
    }
}

#[test]
fn a_score_of_another_shape_is_refused_in_blocks_too() {
    let step = Step::halved(0.1);
    refused("the score of (1537, 2) is (1537, 1)", || {
        _ = langevin(|x: &Matrix| x.squared_norm(), start(), step, &mut generator(1)).next();
    });
    refused("the score of (1537, 2) is (1152, 384)", || {
        let uneven = |x: &Matrix| Matrix::zeros(x.rows(), x.rows());
        _ = langevin(uneven, start(), step, &mut generator(1)).next();
    });
}
