//! Memory: a training step gives back what it took, and takes nothing new.
//!
//! A counting allocator stands between this test and the system. Two claims are checked: after step
//! 1000 exactly as many bytes are alive as after step 10, and from then on no step asks the system
//! for a block of 4 KiB or more, because every matrix of that size finds a buffer of an earlier
//! step (see `matrix/buffer.rs`). Both rest on updates in place, which need the last owner: a tape
//! that outlives its step would show here at once, and does, in the last test.
//!
//! Further, what waits to be used again is bounded: by what it holds, not by what it says it holds;
//! however many lengths there were; and for all threads together.
//!
//! Counts are kept for each thread, and each test runs inside a pool of one thread, whose work is then
//! all done, and counted, on that thread. The tests take turns, since large buffers wait in one place
//! for all threads.

#[path = "../benches/common/counting.rs"]
mod counting;

use counting::{ALIVE, ASKED, FRESH, LIVE};
use rand::SeedableRng;
use score_matching::{
    Array, Matrix, Tape,
    corruption::corrupt,
    fit::table::parse,
    matrix::{
        Real,
        noise::{Generator, standard_normal},
    },
    model::{Autoencoder, Parameters},
    objective::denoising,
    optimizer::Sgd,
    train::train_by_rows,
};
use std::{
    iter::once,
    sync::{Mutex, PoisonError, atomic::Ordering::Relaxed},
    time::{Duration, Instant},
};

const SIGMA: f64 = 0.5;
const RATE: f64 = 1e-3;

/// One step of plain gradient descent on DSM.
fn step(model: Autoencoder<Matrix>, x: &Matrix, rng: &mut Generator) -> Autoencoder<Matrix> {
    let noise = standard_normal(x.rows(), x.cols(), rng);
    let noisy = corrupt(x, &noise, SIGMA);
    let tape = Tape::new();
    let theta = model.clone().map(|p| tape.var(&p));
    let loss = denoising(|x| theta.score(x, SIGMA), &tape.var(x), &tape.var(&noisy), SIGMA).mean();
    let gradient = loss.gradient(&theta.into_list());
    drop(tape); // it shares the buffers of the parameters
    let mut gradient = gradient.into_iter();
    model.map(|p| p - gradient.next().expect("one for each parameter") * RATE)
}

/// Runs `f`, a whole test, when no other test runs. It has a thread of its own, which also does all
/// parallel work.
fn alone<R: Send>(f: impl FnOnce() -> R + Send) -> R {
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a thread").install(f)
}

#[test]
fn a_training_step_in_steady_state_allocates_nothing_large_and_keeps_nothing() {
    alone(|| {
        let mut rng = Generator::seed_from_u64(1);
        let x = standard_normal(128, 64, &mut rng);
        let mut model = Autoencoder::random(64, 32, &mut rng);
        let (mut live, mut fresh) = (0, 0);
        for number in 1..=1000 {
            model = step(model, &x, &mut rng);
            if number == 10 {
                (live, fresh) = (LIVE.get(), FRESH.get());
            }
        }
        assert!(fresh > 0 && live > 0, "the allocator counts");
        assert_eq!(FRESH.get() - fresh, 0, "bytes in large blocks of 990 steps");
        assert_eq!(LIVE.get() - live, 0, "bytes kept by 990 steps");
        assert!(model.w.is_finite());
    });
}

#[test]
fn the_last_owner_is_updated_in_place_and_any_other_in_a_copy() {
    alone(|| {
        let make = || Matrix::from_fn(100, 10, |i, j| (i + j) as f64);
        let operations: [fn(Matrix) -> Matrix; 7] = [
            |x| x + 1.0,
            |x| x * 2.0,
            |x| -x,
            Array::tanh,
            |x| x + &Matrix::zeros(100, 10),
            |x| x * Matrix::zeros(100, 10),
            |x| x.add_row(&Matrix::zeros(1, 10)),
        ];
        for operation in operations {
            let x = make();
            let last = x.clone();
            let place = x.data().as_ptr();
            drop(x);
            assert_eq!(operation(last).data().as_ptr(), place, "a clone that is the last owner");

            let x = make();
            let y = operation(x.clone());
            assert_ne!(y.data().as_ptr(), x.data().as_ptr(), "two owners");
            assert_eq!(x, make(), "the other owner sees no change");
        }
    });
}

/// Where z is a list of rows, the list is short, however many rows there are.
#[test]
fn a_product_of_many_rows_asks_for_no_block_of_16_kib() {
    alone(|| {
        let (x, y) = (Matrix::<f64>::zeros(5000, 40), Matrix::zeros(40, 40));
        drop(x.nn(&y));
        let asked = ASKED[2].load(Relaxed);
        drop(x.nn(&y));
        assert_eq!(ASKED[2].load(Relaxed), asked);
    });
}

#[test]
fn a_dropped_buffer_is_used_again() {
    alone(|| {
        // 8000 bytes, large; the place alone would prove nothing, the system reuses places too
        drop(Matrix::<f64>::zeros(50, 20));
        let fresh = FRESH.get();
        drop(Matrix::<f64>::zeros(20, 50));
        assert_eq!(FRESH.get(), fresh, "another shape of the same length");
        drop(Matrix::<f64>::zeros(20, 51));
        assert!(FRESH.get() > fresh, "another length");
    });
}

/// Before it cuts a batch, training by rows looks at 16 rows, 7 and 9. A row here has 100 kB on its tape.
#[test]
fn buffers_of_the_look_at_some_rows_do_not_wait() {
    alone(|| {
        let mut rng = Generator::seed_from_u64(1);
        let model = Autoencoder::<Matrix>::random(1, 4096, &mut rng);
        let batch = (standard_normal(32, 1, &mut rng), Matrix::zeros(1, 1));
        let mut sgd = Sgd { rate: RATE };
        let batches = once(batch);
        let trained = train_by_rows(model, &mut sgd, batches, |m, x, _| m.energy(x, SIGMA), |_| ());
        assert!(trained.is_ok());
        let fresh = FRESH.get();
        drop(Matrix::<f64>::zeros(7, 4096));
        assert!(FRESH.get() > fresh, "a buffer for 7 rows was waiting");
    });
}

#[test]
fn a_tape_that_outlives_its_step_costs_a_copy_of_the_parameters() {
    alone(|| {
        let parameter = Matrix::<f64>::zeros(64, 32);
        let place = parameter.data().as_ptr();
        let tape = Tape::new();
        tape.var(&parameter);
        let updated = parameter - &Matrix::zeros(64, 32);
        assert_ne!(updated.data().as_ptr(), place);
        drop(tape);
        let place = updated.data().as_ptr();
        assert_eq!((updated - &Matrix::zeros(64, 32)).data().as_ptr(), place);
    });
}

const MIB: isize = 1 << 20;

/// Sixty matrices of 512 bytes, each with 8 MiB behind it, once kept 480 MiB.
#[test]
fn a_vector_from_outside_is_not_kept() {
    alone(|| {
        let before = ALIVE.load(Relaxed);
        for length in [64, 100, 5000] {
            for _ in 0..60 {
                let mut values = Vec::with_capacity(1 << 20);
                values.resize(length, 1.0_f64);
                drop(Matrix::from_vec(1, length, values));
            }
        }
        let kept = ALIVE.load(Relaxed) - before;
        assert!(kept < MIB, "{kept} bytes");
        drop(Matrix::from_vec(1, 1000, vec![1.0_f64; 1000])); // nor is one that is full
        let fresh = FRESH.get();
        drop(Matrix::<f64>::zeros(1000, 1));
        assert!(FRESH.get() > fresh);
    });
}

#[test]
fn a_buffer_begins_on_a_cache_line_also_when_it_is_used_again() {
    fn check<T: Real>() {
        for length in [64, 65, 1000, 100_000] {
            for _ in 0..3 {
                let [x, y] = [(); 2].map(|()| Matrix::<T>::zeros(1, length));
                assert!([x, y].iter().all(|x| x.data().as_ptr().addr() % 64 == 0), "{length}");
            }
        }
    }
    alone(|| {
        check::<f32>();
        check::<f64>();
    });
}

/// Seconds for an operation on 8 × 8, the best of many.
fn small_operation() -> Duration {
    let x = Matrix::<f64>::from_fn(8, 8, |i, j| (i + j) as f64);
    let once = || {
        let begin = Instant::now();
        (0..200).for_each(|_| drop(std::hint::black_box(x.clone() + &x)));
        begin.elapsed()
    };
    (0..200).map(|_| once()).min().expect("some")
}

#[test]
fn many_lengths_neither_fill_the_memory_nor_slow_the_search() {
    alone(|| {
        let (before, quick) = (ALIVE.load(Relaxed), small_operation());
        let many: Vec<Matrix> = (0..4096).map(|extra| Matrix::zeros(1, 1000 + extra)).collect();
        drop(many);
        let kept = ALIVE.load(Relaxed) - before;
        assert!(kept < 8 * MIB, "{kept} bytes of 100 MB");
        // It took 20 times as long when all of them were searched.
        let then = small_operation();
        assert!(then < 4 * quick + Duration::from_micros(100), "{then:?} after {quick:?}");
    });
}

/// When there is no more room the lengths that came first go, and the last stay.
#[test]
fn what_was_used_last_is_kept() {
    alone(|| {
        for length in 1000..1200 {
            drop(Matrix::<f64>::zeros(length, 1));
        }
        let fresh = FRESH.get();
        (1150..1200).for_each(|length| drop(Matrix::<f64>::zeros(length, 1)));
        assert_eq!(FRESH.get(), fresh, "the last fifty");
        drop(Matrix::<f64>::zeros(1000, 1));
        assert!(FRESH.get() > fresh, "the first");
    });
}

/// Eight workers, each of which has dropped 56 MB of either precision and 8 MB in small pieces.
#[test]
fn idle_threads_together_keep_no_more_than_one() {
    alone(|| {
        let before = ALIVE.load(Relaxed);
        let pool = rayon::ThreadPoolBuilder::new().num_threads(8).build().expect("threads");
        pool.broadcast(|_| {
            let double: Vec<Matrix<f64>> = (0..7).map(|_| Matrix::zeros(1000, 1000)).collect();
            let single: Vec<Matrix<f32>> = (0..14).map(|_| Matrix::zeros(1000, 1000)).collect();
            let small: Vec<Matrix<f64>> = (0..1000).map(|_| Matrix::zeros(1000, 1)).collect();
            drop((double, single, small));
        });
        let kept = ALIVE.load(Relaxed) - before;
        let bound = (2 * 128 + 8 * 4 + 2) * MIB;
        assert!(kept <= bound, "{kept} bytes with eight idle threads");
    });
}

/// Whatever a file holds, reading it takes a few times its size at most: all that is ever asked for in
/// large blocks is counted.
#[test]
fn a_table_is_read_or_refused_in_a_few_times_its_size() {
    alone(|| {
        let cells = |n: usize, cell: &str| cell.repeat(n);
        let names: Vec<_> = (0..=100_000).map(|i| format!("c{i}")).collect();
        let names = names.join(",");
        let files = [
            (cells(500_000, "0\n"), None, true),
            (cells(5000, &(cells(199, "1,") + "1\n")), None, true),
            (names.clone() + "\n" + &cells(100_000, "1,") + "1", Some("c99999"), true),
            (names.clone() + "\n" + &cells(100_000, "1,") + "1", None, false),
            (names, Some("c0"), false),
            (cells(1_000_000, ","), None, false),
            (cells(1_000_000, "1;"), Some("x1"), true),
            (cells(1_000_000, "\t"), None, false),
            (cells(1_000_000, "\""), None, false),
            (cells(1_000_000, "x"), None, false),
            (cells(255, "1,") + "1" + &cells(1_000_000, "\n") + "1", None, false),
        ];
        for (text, column, accepted) in files {
            let column = column.map(|name: &str| [name.to_owned()]);
            let columns = column.as_ref().map(<[String; 1]>::as_slice);
            let before = FRESH.get();
            assert_eq!(parse(text.as_bytes(), columns).is_ok(), accepted, "{text:.9}");
            let asked = FRESH.get() - before;
            assert!(asked <= 6 * text.len(), "{asked} bytes for {} of {text:.9}", text.len());
        }
    });
}
