//! The same seed gives the same bits on any number of threads.
//!
//! Floating-point addition is not associative, so a sum whose order depends on scheduling is
//! another number on another machine. Here nothing depends on it: work is cut into fixed pieces,
//! sums keep their order, every chunk of noise has its own generator. Each claim is checked behind
//! every door of this machine, since a door rounds in its own way; that two doors may differ is no
//! contradiction.

use rand::SeedableRng;
use score_matching::{
    Array, Matrix, Tape,
    array::{Function, Product},
    matrix::{Real, door::Door, noise::Generator, noise::standard_normal},
    model::{Autoencoder, Parameters},
    objective::denoising,
};

/// More than 2¹⁶ elements, from where on elementwise loops are split.
const LARGE: (usize, usize) = (301, 257);

fn bits<T: Real>(m: &Matrix<T>) -> Vec<u64> {
    m.data().iter().map(|x| x.to_f64().to_bits()).collect()
}

/// Behind every door, `f` gives the same matrices, bit for bit, on 1, 2 and 3 threads.
fn the_same_bits<T: Real>(name: &str, f: impl Fn() -> Vec<Matrix<T>> + Sync) {
    for door in Door::available() {
        let run = |threads| {
            let pool =
                rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
            // A door is forced on one thread, so this has to happen inside the pool.
            pool.install(|| door.within(|| f().iter().map(bits).collect::<Vec<_>>()))
        };
        let one = run(1);
        for threads in [2, 3] {
            assert!(run(threads) == one, "{name}, {door:?}, {threads} threads");
        }
    }
}

fn noise<T: Real>((rows, cols): (usize, usize), seed: u64) -> Matrix<T> {
    standard_normal(rows, cols, &mut Generator::seed_from_u64(seed))
}

/// φ(x), or φ(x²) where φ is not for negative numbers.
fn apply<T: Real>(f: Function, x: &Matrix<T>) -> Matrix<T> {
    let x = x.clone();
    if f == Function::Ln { (x.clone() * x).apply(f) } else { x.apply(f) }
}

fn in_precision<T: Real>() {
    the_same_bits("noise", || vec![noise::<T>(LARGE, 1)]);

    let (x, y) = (noise::<T>(LARGE, 1), noise::<T>(LARGE, 2));
    the_same_bits("arithmetic", || {
        let row = y.select(&[0]);
        vec![
            x.clone() + &y,
            x.clone() - &y,
            x.clone() * &y,
            x.clone() * 0.3 + 0.7,
            x.clone().add_row(&row),
        ]
    });
    the_same_bits("functions", || Function::ALL.map(|f| apply(f, &x)).to_vec());
    the_same_bits("sums", || {
        vec![
            x.clone().sum(),
            x.clone().sum_over_samples(),
            x.clone().sum_over_dimensions(),
            x.squared_norm().mean(),
        ]
    });

    // each of these has 2²⁵ terms: enough to be split, however products are
    let (a, b) = (noise::<T>((320, 320), 3), noise((320, 320), 4));
    the_same_bits("products", || Product::ALL.map(|form| a.product(form, &b)).to_vec());
    let (a, b) = (noise::<T>((2000, 67), 5), noise((2000, 129), 6));
    the_same_bits("a long sum", || vec![a.tn(&b)]);

    let mut rng = Generator::seed_from_u64(7);
    let model = Autoencoder::<Matrix<T>>::random(64, 100, &mut rng);
    let (x, noisy) = (noise::<T>((1100, 64), 8), noise((1100, 64), 9));
    the_same_bits("a gradient", || {
        let tape = Tape::new();
        let theta = model.clone().map(|p| tape.var(&p));
        let loss = denoising(|x| theta.score(x, 0.5), &tape.var(&x), &tape.var(&noisy), 0.5).mean();
        let mut all = loss.gradient(&theta.into_list());
        all.push(loss.value());
        all
    });
}

#[test]
fn in_double_precision_the_same_bits_come_from_any_number_of_threads() {
    in_precision::<f64>();
}

#[test]
fn in_single_precision_the_same_bits_come_from_any_number_of_threads() {
    in_precision::<f32>();
}

#[test]
fn a_door_forced_on_a_thread_is_the_door_of_what_it_asks_others_to_do() {
    // More than 2¹⁶ elements, so that other threads take pieces over, whose own door is the widest. A
    // single row is surely too short for that. Whole vectors in both: 256 is a multiple of any.
    let x = noise::<f64>((1200, 256), 10);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().expect("threads");
    for (door, f) in Door::available().flat_map(|door| Function::ALL.map(|f| (door, f))) {
        let rows = (0..x.rows()).flat_map(|i| door.within(|| bits(&apply(f, &x.select(&[i])))));
        let whole = pool.install(|| door.within(|| bits(&apply(f, &x))));
        assert!(rows.eq(whole), "{f:?}, {door:?}");
    }
}

#[test]
fn another_seed_gives_other_bits() {
    assert_ne!(bits(&noise::<f64>((3, 3), 1)), bits(&noise::<f64>((3, 3), 2)));
}
