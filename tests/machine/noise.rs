//! Noise: the law that is promised, and streams that have nothing to do with one another.

use rand::{Rng, SeedableRng};
use score_matching::{
    Matrix,
    matrix::{Real, noise::Generator, noise::standard_normal},
};

/// Elements of a chunk, each of which has a generator of its own.
const CHUNK: usize = 1 << 12;
/// Standard errors allowed; beyond lies one draw in 10¹⁰.
const ERRORS: f64 = 6.5;

fn generator(seed: u64) -> Generator {
    Generator::seed_from_u64(seed)
}

/// The mean of a quantity of given variance is within its standard errors of what is expected.
#[track_caller]
fn mean_is(what: &str, sum: f64, n: usize, expected: f64, variance: f64) {
    let error = (sum / n as f64 - expected) / (variance / n as f64).sqrt();
    assert!(error.abs() <= ERRORS, "{what}: {error} standard errors");
}

/// 1.8·10⁸ draws: 6.5 standard errors of the mean are 4.9·10⁻⁴, so that a bias of 10⁻³ is as surely
/// seen as none is surely accepted. z, z², z³, z⁴ have variances 1, 2, 15, 96.
fn moments<T: Real>() {
    let mut rng = generator(6);
    let (mut n, mut sums) = (0, [0.0; 4]);
    for _ in 0..60 {
        let z = standard_normal::<T>(1000, 3000, &mut rng);
        for z in z.data().iter().map(|z| z.to_f64()) {
            let square = z * z;
            let powers = [z, square, square * z, square * square];
            sums.iter_mut().zip(powers).for_each(|(sum, power)| *sum += power);
        }
        n += z.data().len();
    }
    let laws = [
        ("mean", 0.0, 1.0),
        ("variance", 1.0, 2.0),
        ("skewness", 0.0, 15.0),
        ("kurtosis", 3.0, 96.0),
    ];
    for ((name, expected, variance), sum) in laws.into_iter().zip(sums) {
        mean_is(name, sum, n, expected, variance);
    }
}

#[test]
fn single_precision_noise_has_the_moments_of_a_normal_law() {
    moments::<f32>();
}

#[test]
fn double_precision_noise_has_the_moments_of_a_normal_law() {
    moments::<f64>();
}

/// Neither the numbers nor their squares go together: x y and (x² − 1)(y² − 1) have mean 0 and
/// variances 1 and 4.
#[track_caller]
fn independent<'a>(what: &str, pairs: impl Iterator<Item = (&'a f64, &'a f64)>) {
    let (mut n, mut products, mut squares) = (0, 0.0, 0.0);
    for (x, y) in pairs {
        n += 1;
        products += x * y;
        squares += (x * x - 1.0) * (y * y - 1.0);
    }
    mean_is(what, products, n, 0.0, 1.0);
    mean_is(what, squares, n, 0.0, 4.0);
}

#[test]
fn neighbouring_chunks_calls_and_seeds_are_independent() {
    let mut rng = generator(7);
    let [x, y] = [(); 2].map(|()| standard_normal::<f64>(2000, CHUNK, &mut rng));
    independent("neighbours", x.data().iter().zip(&x.data()[1..]));
    independent("neighbouring chunks", x.data().iter().zip(&x.data()[CHUNK..]));
    independent("chunks but one", x.data().iter().zip(&x.data()[2 * CHUNK..]));
    independent("successive calls", x.data().iter().zip(y.data()));
    // A training's steps: each takes the chunks where the last one stopped.
    let steps: Vec<Matrix> = (0..3000).map(|_| standard_normal(64, 64, &mut rng)).collect();
    let successive = steps.iter().zip(&steps[1..]);
    independent("successive steps", successive.flat_map(|(a, b)| a.data().iter().zip(b.data())));
    let seeds: Vec<Matrix> =
        (0..3000).map(|seed| standard_normal(64, 64, &mut generator(seed))).collect();
    let neighbours = seeds.iter().zip(&seeds[1..]);
    independent("neighbouring seeds", neighbours.flat_map(|(a, b)| a.data().iter().zip(b.data())));
}

/// With 64 of them two of 10⁹ chunks could be the same.
#[test]
fn every_chunk_takes_its_256_bits_from_the_callers_generator() {
    for (elements, chunks) in [(0, 0), (1, 1), (CHUNK, 1), (CHUNK + 1, 2), (10 * CHUNK, 10)] {
        let (mut rng, mut by_hand) = (generator(8), generator(8));
        let _ = standard_normal::<f32>(elements, 1, &mut rng);
        (0..4 * chunks).for_each(|_| {
            by_hand.next_u64();
        });
        assert_eq!(rng, by_hand, "{elements} elements");
    }
}

#[test]
fn noise_has_the_same_bits_on_any_number_of_threads() {
    fn same<T: Real>() {
        let draw = |threads| {
            let pool =
                rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
            pool.install(|| standard_normal::<T>(101, 1001, &mut generator(9)))
        };
        let one = draw(1);
        assert!([2, 5].map(draw).iter().all(|many| *many == one));
    }
    same::<f32>();
    same::<f64>();
}
