//! Training by rows finds what training with whole batches finds, on any number of threads, and
//! notices an objective that is not by rows.

use crate::callers::refused;
use rand::SeedableRng;
use score_matching::{
    Array, Matrix, Var,
    array::{Function, Linear},
    corruption::corrupt,
    matrix::{
        Real,
        door::Door,
        noise::{Generator, standard_normal},
    },
    model::{Parameters, ScoreNetwork},
    objective::{denoising, implicit},
    optimizer::Sgd,
    train::{Batch, train, train_by_rows},
};
use std::cell::RefCell;

type Network<T> = ScoreNetwork<Matrix<T>>;
type OnTape<'t, T> = Var<'t, Matrix<T>>;

fn denoised<'t, T: Real>(
    psi: &ScoreNetwork<OnTape<'t, T>>,
    x: &OnTape<'t, T>,
    z: &OnTape<'t, T>,
) -> OnTape<'t, T> {
    denoising(|x| psi.score(x), x, &corrupt(x, z, 0.5), 0.5)
}

fn exact<'t, T: Real>(
    psi: &ScoreNetwork<OnTape<'t, T>>,
    x: &OnTape<'t, T>,
    _: &OnTape<'t, T>,
) -> OnTape<'t, T> {
    implicit(psi.score_and_trace_at_any_depth(x))
}

fn start<T: Real>(widths: &[usize], n: usize) -> (Network<T>, Batch<T>) {
    let mut rng = Generator::seed_from_u64(1);
    let network = ScoreNetwork::random(widths, Function::Softplus, &mut rng);
    let d = widths[0];
    (network, (standard_normal(n, d, &mut rng), standard_normal(n, d, &mut rng)))
}

/// One step at the rate 1 moves a parameter by its gradient: the largest difference between the two
/// trainings, and the largest gradient.
macro_rules! one_step {
    ($T:ty, $objective:ident, $widths:expr, $n:expr) => {{
        let (network, batch) = start::<$T>(&$widths, $n);
        let (losses, batches) = (RefCell::new(vec![]), || [batch.clone()].into_iter());
        let sgd = || Sgd { rate: 1.0 };
        let [whole, rows] = [
            train(network.clone(), &mut sgd(), batches(), $objective::<$T>, |s| {
                losses.borrow_mut().push(s.loss);
            }),
            train_by_rows(network.clone(), &mut sgd(), batches(), $objective::<$T>, |s| {
                losses.borrow_mut().push(s.loss);
            }),
        ]
        .map(|trained| trained.expect("finite").into_list());
        let largest = |a: &[Matrix<$T>], b: &[Matrix<$T>]| {
            let pairs = a.iter().zip(b).flat_map(|(a, b)| a.data().iter().zip(b.data()));
            pairs.map(|(a, b)| (a.to_f64() - b.to_f64()).abs()).fold(0.0, f64::max)
        };
        (largest(&whole, &rows), largest(&whole, &network.into_list()), losses.into_inner())
    }};
}

/// Both sum the same n terms for each number, each term a product of a few sums of at most 256: some
/// n + 1000 roundings, relative to terms that are not much larger than the largest gradient. A row that
/// is lost or met twice is 1/n of it: that is seen in f64; f32 shows that nothing else goes wrong.
macro_rules! agree {
    ($T:ty, $objective:ident, $widths:expr, $n:expr) => {{
        let (gap, size, losses) = one_step!($T, $objective, $widths, $n);
        let n: usize = $n;
        let rounding = (n as f64 + 1000.0) * <$T>::UNIT_ROUNDOFF;
        assert!(gap <= rounding * size.max(1.0), "{gap:e} of {size:e}");
        assert!((losses[0] - losses[1]).abs() <= rounding * losses[0].abs().max(1.0), "{losses:?}");
        (gap, losses)
    }};
}

#[test]
fn pieces_have_the_loss_and_the_gradient_of_the_batch() {
    for n in [17, 1000, 1024, 5003] {
        agree!(f64, denoised, [2, 128, 2], n);
        agree!(f32, denoised, [2, 128, 2], n);
    }
    let (gap, _) = agree!(f64, denoised, [2, 128, 2], 5003);
    assert!(gap > 0.0, "these were not cut");
    for n in [17, 100, 331] {
        agree!(f64, exact, [16, 32, 32, 16], n);
        agree!(f32, exact, [16, 32, 32, 16], n);
    }
    let (gap, _) = agree!(f64, exact, [16, 32, 32, 16], 331);
    assert!(gap > 0.0, "nor was this");
}

#[test]
fn an_objective_without_noise_needs_none() {
    let (network, (x, z)) = start::<f64>(&[2, 64, 2], 5003);
    let [without, with] = [(x.clone(), Matrix::zeros(1, 1)), (x, z)].map(|batch| {
        let (batch, sgd) = ([batch].into_iter(), &mut Sgd { rate: 0.1 });
        let trained = train_by_rows(network.clone(), sgd, batch, exact::<f64>, |_| ());
        trained.expect("finite").into_list()
    });
    assert!(without == with);
}

#[test]
fn a_batch_of_one_piece_has_the_bits_of_a_training_with_whole_batches() {
    for n in [1, 2, 16, 64] {
        let (gap, _, losses) = one_step!(f64, denoised, [2, 8, 2], n);
        assert_eq!((gap, losses[0].to_bits()), (0.0, losses[1].to_bits()), "{n}");
    }
}

#[test]
fn the_bits_are_the_same_on_any_number_of_threads() {
    for door in Door::available() {
        let run = |threads| {
            let pool =
                rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
            pool.install(|| {
                door.within(|| {
                    let (network, batch) = start::<f32>(&[2, 128, 128, 2], 3001);
                    let batches = [batch.clone(), batch].into_iter();
                    let sgd = &mut Sgd { rate: 0.1 };
                    let trained = train_by_rows(network, sgd, batches, denoised::<f32>, |_| ());
                    trained.expect("finite").into_list()
                })
            })
        };
        let one = run(1);
        for threads in [2, 5] {
            assert!(run(threads) == one, "{door:?}, {threads} threads");
        }
    }
}

#[test]
fn rows_that_meet_or_know_their_place_are_refused() {
    let step = |objective: for<'t> fn(
        &ScoreNetwork<OnTape<'t, f64>>,
        &OnTape<'t, f64>,
        &OnTape<'t, f64>,
    ) -> OnTape<'t, f64>| {
        let (network, batch) = start::<f64>(&[2, 8, 2], 100);
        std::panic::catch_unwind(|| {
            let batches = [batch].into_iter();
            train_by_rows(network, &mut Sgd { rate: 0.1 }, batches, objective, |_| ())
        })
        .map_err(|panic| *panic.downcast::<String>().expect("a message"))
    };
    assert!(step(denoised).is_ok());
    let meeting = step(|psi, x, z| {
        let each = denoised(psi, x, z);
        let (n, _) = each.shape();
        each * each.sum().linear(Linear::Tile(n))
    });
    assert!(meeting.expect_err("they meet").contains("not by rows: row 0"));
    let placed = step(|psi, x, z| {
        let each = denoised(psi, x, z);
        each * x.constant(x.shape().0, 1, |i, _| (1 + i % 8) as f64)
    });
    assert!(placed.expect_err("the eighth row is the first").contains("not by rows: row 7"));
}

#[test]
fn what_a_training_by_rows_refuses_it_refuses_at_its_call() {
    let (network, batch) = start::<f64>(&[2, 8, 2], 100);
    let nothing = || std::iter::empty::<Batch<f64>>();
    let bad = || Sgd { rate: f64::NAN };
    refused("a rate of NaN", || {
        _ = train_by_rows(network.clone(), &mut bad(), nothing(), denoised::<f64>, |_| ());
    });
    for n in [3, 100] {
        let all: Vec<usize> = (0..n).collect();
        let batch = [(batch.0.select(&all), batch.1.select(&all))].into_iter();
        refused("one number a sample expected", || {
            let sgd = &mut Sgd { rate: 0.1 };
            _ = train_by_rows(network.clone(), sgd, batch, |psi, x, _| psi.score(x), |_| ());
        });
    }
}
