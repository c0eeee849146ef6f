//! Noise: the law that is promised, and streams that have nothing to do with one another.

use rand::{Rng, SeedableRng};
use score_matching::{
    Matrix,
    matrix::{Real, door::Door, noise::Generator, noise::standard_normal},
};

/// Elements of a chunk; each chunk has a generator of its own.
const CHUNK: usize = 1 << 12;
/// Generators side by side in a chunk, and the numbers they make at once: 128 pairs, first all first
/// members, then all second.
const LANES: usize = 16;
const BLOCK: usize = 16 * LANES;
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

/// Φ at −9, −9 + WIDTH, …: the integral of the density, by the trapezoid rule on a grid so fine that its
/// error, h²/12 times the slope of the density, is below 10⁻⁹.
fn normal_distribution() -> Vec<f64> {
    const FINE: i32 = 64;
    let density = |z: f64| (-0.5 * z * z).exp() / std::f64::consts::TAU.sqrt();
    let step = WIDTH / f64::from(FINE);
    let mut below = vec![0.0];
    for edge in (0..BINS).map(|bin| WIDTH * f64::from(bin) - 9.0) {
        let at = |k: i32| density(edge + step * f64::from(k));
        let inside: f64 = (1..FINE).map(at).sum();
        let last = below[below.len() - 1];
        below.push(last + step * (0.5 * (at(0) + at(FINE)) + inside));
    }
    below
}

const BINS: i32 = 1 << 12;
/// 2⁻¹² of the line from −9 to 9, beyond which no number is drawn.
const WIDTH: f64 = 18.0 / BINS as f64;

/// 1.02·10⁸ draws: 6.5 standard errors of the mean are 6.4·10⁻⁴, so that a bias of 1.3·10⁻³ is as surely
/// seen as none is surely accepted; `noise_is_the_transform_of_uniform_words` sees a smaller one. zᵏ
/// has the mean (k − 1)‼ for even k, and a variance of (2k − 1)‼ less its square.
///
/// By Kolmogorov and Smirnov, √n times the largest difference between the share of the draws below a
/// point and Φ is above 3.1 once in 10⁸ times; we look at the edges of the bins.
fn law<T: Real>() {
    let mut rng = generator(6);
    let (mut n, mut sums, mut bins) = (0, [0.0; 8], vec![0_u32; BINS as usize]);
    for _ in 0..34 {
        let z = standard_normal::<T>(1000, 3000, &mut rng);
        for z in z.data().iter().map(|z| z.to_f64()) {
            let (z2, z3) = (z * z, z * z * z);
            let z4 = z2 * z2;
            let powers = [z, z2, z3, z4, z4 * z, z4 * z2, z4 * z3, z4 * z4];
            sums.iter_mut().zip(powers).for_each(|(sum, power)| *sum += power);
            bins[((z + 9.0) * (1.0 / WIDTH)) as i32 as usize] += 1;
        }
        n += z.data().len();
    }
    let odds = |k: i32| (1..=k).step_by(2).map(f64::from).product::<f64>(); // k‼
    for (k, sum) in (1..).zip(sums) {
        let expected = if k % 2 == 0 { odds(k - 1) } else { 0.0 };
        let variance = odds(2 * k - 1) - expected * expected;
        mean_is(&format!("moment {k}"), sum, n, expected, variance);
    }
    let mut below = 0_u64;
    let shares = bins.iter().map(|bin| {
        below += u64::from(*bin);
        below as f64 / n as f64
    });
    let apart = |(share, expected): (f64, &f64)| (share - expected).abs();
    let distance = shares.zip(&normal_distribution()[1..]).map(apart).fold(0.0, f64::max);
    let size = distance * (n as f64).sqrt();
    assert!(size < 3.1, "√n times the distance of Kolmogorov and Smirnov: {size}");
}

#[test]
fn single_precision_noise_is_normal() {
    law::<f32>();
}

#[test]
fn double_precision_noise_is_normal() {
    law::<f64>();
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
fn neighbouring_lanes_chunks_calls_and_seeds_are_independent() {
    let mut rng = generator(7);
    let [x, y] = [(); 2].map(|()| standard_normal::<f64>(2000, CHUNK, &mut rng));
    independent("neighbours", x.data().iter().zip(&x.data()[1..]));
    independent("the next of a lane", x.data().iter().zip(&x.data()[LANES..]));
    let partners = x.data().chunks(BLOCK).map(|block| block.split_at(BLOCK / 2));
    independent("the two of a pair", partners.flat_map(|(first, second)| first.iter().zip(second)));
    independent("neighbouring blocks", x.data().iter().zip(&x.data()[BLOCK..]));
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

/// With only 64 bits, two of a few 10⁹ chunks would be the same.
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
fn noise_has_the_same_bits_on_any_number_of_threads_and_behind_every_door() {
    fn same<T: Real>() {
        let draw = |threads| {
            let pool =
                rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
            pool.install(|| standard_normal::<T>(101, 1001, &mut generator(9)))
        };
        let one = draw(1);
        assert!([2, 5].map(draw).iter().all(|many| *many == one));
        for door in Door::available() {
            assert_eq!(door.within(|| standard_normal::<T>(101, 1001, &mut generator(9))), one);
        }
    }
    same::<f32>();
    same::<f64>();
}

/// u and v from the words of a lane.
type Uniforms = fn(&mut Generator) -> [f64; 2];

fn rebuilt<T: Real>(uniforms: Uniforms) {
    let rows = 50 * CHUNK + BLOCK + 3; // the last block is drawn whole, too
    let noise = standard_normal::<T>(rows, 1, &mut generator(10));
    let mut rng = generator(10);
    for chunk in noise.data().chunks(CHUNK) {
        let mut state = Generator::from_rng(&mut rng);
        let words = [(); 4].map(|()| [(); LANES].map(|()| state.next_u64()));
        let mut lanes: Vec<Generator> = (0..LANES)
            .map(|lane| words.map(|word| word[lane].to_le_bytes()).concat())
            .map(|seed| Generator::from_seed(seed.try_into().expect("32 bytes")))
            .collect();
        for block in chunk.chunks(BLOCK) {
            for pair in 0..BLOCK / 2 {
                let [u, v] = uniforms(&mut lanes[pair % LANES]);
                let (radius, (sin, cos)) =
                    ((-2.0 * u.ln()).sqrt(), (std::f64::consts::TAU * v).sin_cos());
                // cos(2πv − π/4): the quarters of the circle begin at −45°
                let half = std::f64::consts::FRAC_1_SQRT_2;
                let pair_of = [(cos + sin) * half, (sin - cos) * half];
                for (place, expected) in [pair, BLOCK / 2 + pair].into_iter().zip(pair_of) {
                    let Some(z) = block.get(place) else { continue };
                    let gap = (z.to_f64() - radius * expected).abs();
                    let allowed = 8.0 * T::UNIT_ROUNDOFF * radius;
                    assert!(gap <= allowed, "{place}: {z}, not {}", radius * expected);
                }
            }
        }
    }
}

/// Every number is rebuilt from the words of its lane, by another implementation of the generators and
/// by the functions of the standard library: √(−2 ln u) cos 2πv for the first half of a block, and
/// with the sine for the second. A u has 52 bits, or the first 31 of a word; a v has 52 bits of a word
/// of its own, or 24 of the same. The error is at most 8 roundings of the radius.
#[test]
fn noise_is_the_transform_of_uniform_words() {
    let double: Uniforms = |lane| {
        let [u, v] = [(); 2].map(|()| (lane.next_u64() >> 12) as f64 * 2.0_f64.powi(-52));
        [1.0 - u, v]
    };
    let single: Uniforms = |lane| {
        let word = lane.next_u64();
        let u = ((word >> 33) as f32 + 0.5) * 2.0_f32.powi(-31);
        [u.into(), (word << 32 >> 40) as f64 * 2.0_f64.powi(-24)]
    };
    rebuilt::<f64>(double);
    rebuilt::<f32>(single);
}
