//! The same seed gives the same bits on any number of threads.
//!
//! Floating-point addition is not associative, so a sum whose order depends on scheduling is
//! another number on another machine. Here nothing depends on scheduling. Some work is cut by the
//! number of threads, but then no sum is cut; sums keep their order; every chunk of noise has its
//! own generator. Each claim is checked behind every door of this machine, since a door rounds in
//! its own way; that two doors may differ is no contradiction.

use rand::SeedableRng;
use score_matching::{
    Array, Matrix, Tape,
    array::{Function, Linear::*},
    density::{Density, shapes},
    matrix::{Real, door::Door, noise::Generator, noise::standard_normal},
    model::{Autoencoder, Parameters},
    objective::denoising,
    sampler::{Sampler, Step, langevin, metropolis},
};

/// More than 2¹⁶ elements: from there on sums and products by element are shared, functions from half of it.
const LARGE: (usize, usize) = (301, 257);

fn bits<T: Real>(m: &Matrix<T>) -> Vec<u64> {
    m.data().iter().map(|x| x.to_f64().to_bits()).collect()
}

/// Behind every door, `f` gives the same matrices, bit for bit, on 1, 2, 3 and 7 threads of a pool, and on a
/// thread that belongs to none but may hand work to one.
fn the_same_bits<T: Real>(name: &str, f: impl Fn() -> Vec<Matrix<T>> + Sync) {
    for door in Door::available() {
        // `within` forces the door on the thread that calls it alone: so it is called inside `install`.
        let here = || door.within(|| f().iter().map(bits).collect::<Vec<_>>());
        let run = |threads| {
            let pool =
                rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
            pool.install(here)
        };
        let one = run(1);
        assert!(here() == one, "{name}, {door:?}, outside");
        for threads in [2, 3, 7] {
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

    // Sums of which threads take halves.
    for (n, d) in [(400_001, 1), (40_001, 8), (1003, 300)] {
        let x = noise::<T>((n, d), 5);
        the_same_bits("long sums", || {
            vec![x.clone().sum_over_samples(), x.clone().sum(), x.tn(&x.clone().tanh())]
        });
    }
    let row = noise::<T>((1, 400_001), 6);
    the_same_bits("a long row", || {
        let sum = row.clone() + &row.clone().add_row(&row);
        vec![row.clone().sum(), row.nt(&row), row.clone().tanh(), sum]
    });
    let wide = noise::<T>((17, 5003), 13);
    the_same_bits("long rows", || vec![wide.clone().add_row(&wide.select(&[3]))]);
    let x = noise::<T>((602, 257), 7); // more than 2¹⁷ elements, from where on linear maps are shared
    the_same_bits("linear maps", || {
        let maps = [Tile(2), Each(3), SumEach(7), Transpose, RowSum(257)];
        let mut all = maps.map(|l| x.clone().linear(l)).to_vec();
        all.push(x.clone().sum_over_dimensions().linear(Spread(300)));
        all
    });

    // More than 2¹⁹ multiply-adds, some packed on one thread and in place on seven; cut by rows, by
    // columns, and by both; odd sizes, so that the cuts fall within tiles; a long sum; few rows or columns,
    // and many rows of few columns; last, few terms or lines, which are shared by their numbers.
    for (m, n, k) in [
        (1001, 41, 333),
        (43, 1301, 301),
        (203, 211, 307),
        (67, 129, 2000),
        (1, 1301, 1001),
        (3, 1301, 401),
        (1301, 2, 701),
        (1301, 11, 101),
        (1301, 101, 2),
        (1, 100_003, 3),
        (2, 100_003, 3),
        (2, 3, 70_001),
        (100_003, 1, 1),
        (3, 1301, 101),
        (1301, 4, 101),
    ] {
        let [x, xt] = [(m, k), (k, m)].map(|shape| noise::<T>(shape, 3));
        let [y, yt] = [(k, n), (n, k)].map(|shape| noise::<T>(shape, 4));
        the_same_bits("products", || vec![x.nn(&y), x.nt(&yt), xt.tn(&y)]);
    }

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

    // 3000 chains in the plane: their noise comes in several chunks.
    let score = |x: &Matrix<T>| shapes::pinwheel().score(&x.cast()).cast();
    let potential =
        |x: &Matrix<T>| (-shapes::pinwheel().log_density(&x.cast()).cast::<T>(), score(x));
    the_same_bits("chains", || {
        let (start, rng) = (noise::<T>((3000, 2), 10), &mut Generator::seed_from_u64(11));
        let plain = langevin(score, start.clone(), Step::halved(0.05), rng).after(2);
        let adjusted = metropolis(potential, start, 0.05, rng).after(2);
        vec![plain.expect("finite"), adjusted.expect("finite")]
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

/// A sum has nothing to fuse, so that not even the door can be seen in it.
#[test]
fn sums_have_the_same_bits_behind_every_door() {
    fn same<T: Real>() {
        let x = noise::<T>((40_001, 9), 12);
        let sums = |door: Door| {
            let sums =
                || [x.clone().sum_over_samples(), x.clone().sum(), x.clone().sum_over_dimensions()];
            door.within(|| sums().map(|sum| bits(&sum)))
        };
        assert!(Door::available().all(|door| sums(door) == sums(Door::Portable)));
    }
    same::<f32>();
    same::<f64>();
}

#[test]
fn another_seed_gives_other_bits() {
    assert_ne!(bits(&noise::<f64>((3, 3), 1)), bits(&noise::<f64>((3, 3), 2)));
}
