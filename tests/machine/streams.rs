//! Random numbers that must not meet: of samples and noise, of one batch and the next, of a training
//! and the chains that sample its model.
//!
//! Two streams are held against each other number by number. The mean of n products of independent
//! N(0, 1) has the standard deviation 1/√n, and six of them are a false alarm of 2·10⁻⁹. With
//! n ≥ 10⁶ what is seen is a correlation of 0.006, so one shared chunk in some hundred.

use crate::sampler::generator;
use rand::RngExt;
use score_matching::{
    Array, Matrix, Tape,
    density::Density,
    experiment::stream,
    matrix::noise::{Generator, standard_normal},
    sampler::{Negatives, Step, langevin},
    train::{Batches, fresh},
};

/// N(0, 1), sampled by the noise itself: a stream that is shared cannot hide behind a transformation.
#[derive(Debug)]
struct Noise;

impl Density for Noise {
    fn dimension(&self) -> usize {
        1
    }
    fn log_density(&self, x: &Matrix) -> Matrix {
        x.squared_norm() * -0.5
    }
    fn score(&self, x: &Matrix) -> Matrix {
        -x.clone()
    }
    fn sample(&self, n: usize, rng: &mut Generator) -> Matrix {
        standard_normal(n, 1, rng)
    }
}

const ROWS: usize = 100_000;
const DRAWS: usize = 11;

#[track_caller]
fn uncorrelated(name: &str, pairs: &[(&Matrix, &Matrix)]) {
    let n: usize = pairs.iter().map(|(x, _)| x.data().len()).sum();
    assert!(n >= 1_000_000);
    let products = |(x, y): &(&Matrix, &Matrix)| x.inner(y).sum().item();
    let mean = pairs.iter().map(products).sum::<f64>() / n as f64;
    assert!(mean.abs() < 6.0 / (n as f64).sqrt(), "{name}: {mean}");
}

/// Each with the next one of the other.
fn successive<'a>(x: &'a [Matrix], y: &'a [Matrix]) -> Vec<(&'a Matrix, &'a Matrix)> {
    x.iter().zip(&y[1..]).collect()
}

#[test]
fn samples_and_noise_of_fresh_batches_share_nothing() {
    let batches = fresh::<f64>(&Noise, ROWS, generator(1)).take(DRAWS);
    let (x, z): (Vec<Matrix>, Vec<Matrix>) = batches.unzip();
    uncorrelated("within a batch", &x.iter().zip(&z).collect::<Vec<_>>());
    uncorrelated("noise with the next samples", &successive(&z, &x));
    uncorrelated("samples with the next noise", &successive(&x, &z));
    uncorrelated("samples with the next", &successive(&x, &x));
    uncorrelated("noise with the next", &successive(&z, &z));
}

/// The data are what the generator drew before it was given away, and what it draws again if it was
/// only lent: neither is the noise.
#[test]
fn the_noise_of_batches_is_not_that_of_the_data() {
    let mut rng = generator(2);
    let x: Matrix = standard_normal(ROWS, 1, &mut rng);
    let again: Matrix = standard_normal(ROWS, 1, &mut rng.clone());
    let z: Vec<Matrix> = Batches::new(x.clone(), ROWS, rng).take(DRAWS).map(|(_, z)| z).collect();
    uncorrelated("with the data", &z.iter().map(|z| (z, &x)).collect::<Vec<_>>());
    uncorrelated("with the stream before", &z.iter().map(|z| (z, &again)).collect::<Vec<_>>());
    uncorrelated("with the next", &successive(&z, &z));
}

/// Without a drift a step is its noise.
#[test]
fn every_step_of_a_chain_and_every_draw_of_negatives_has_its_own_noise() {
    let moves = |states: &[Matrix]| -> Vec<Matrix> {
        states.windows(2).map(|pair| pair[1].clone() - &pair[0]).collect()
    };
    let mut rng = generator(3);
    let start: Matrix = standard_normal(ROWS, 1, &mut rng);
    let chains = langevin(|x: &Matrix| x.clone() * 0.0, start.clone(), Step::halved(1.0), &mut rng);
    let states: Vec<Matrix> = chains.take(DRAWS + 1).map(|x| x.expect("finite")).collect();
    let steps = moves(&states);
    uncorrelated("a step with the next", &successive(&steps, &steps));
    uncorrelated("a step with the start", &steps.iter().map(|z| (z, &start)).collect::<Vec<_>>());

    // Persistent chains whose generator is a child of the one that draws the batches.
    let own = rand::SeedableRng::fork(&mut rng);
    let mut negatives = Negatives::persistent(start.clone(), 1, 1.0, own);
    let (mut states, mut batches) = (vec![start], vec![]);
    for (x, z) in fresh::<f64>(&Noise, ROWS, rng).take(DRAWS + 1) {
        let tape = Tape::new();
        let drawn = negatives.draw(|x| x.squared_norm() * 0.0, &tape.var(&x));
        states.push(drawn.expect("finite").value());
        batches.extend([x, z]);
    }
    let steps = moves(&states);
    uncorrelated("a draw with the next", &successive(&steps, &steps));
    for (name, parity) in [("samples", 0), ("noise", 1)] {
        let batches: Vec<&Matrix> = batches.iter().skip(parity).step_by(2).collect();
        uncorrelated(name, &steps.iter().zip(batches).collect::<Vec<_>>());
    }
}

#[test]
fn parts_of_experiments_share_nothing() {
    let drawn = |seed, part| -> Matrix { standard_normal(1_000_000, 1, &mut stream(seed, part)) };
    let first = drawn(1, "shapes: training");
    assert_eq!(first, drawn(1, "shapes: training"), "the same again");
    for (seed, part) in [
        (1, "shapes: samples"),
        (1, "shapes: training\u{1}"),
        (1, ""),
        (0, "shapes: training"),
        (2, "shapes: training"),
        (!1, "shapes: training"),
    ] {
        uncorrelated(part, &[(&first, &drawn(seed, part))]);
    }
    // Neighbouring seeds differ in one bit of 256; their first numbers have nothing in common.
    let firsts: Vec<u64> = (0..1000).map(|seed| stream(seed, "").random()).collect();
    let flipped = |pair: &[u64]| f64::from((pair[0] ^ pair[1]).count_ones());
    let mean = firsts.windows(2).map(flipped).sum::<f64>() / 999.0;
    // 32 of 64 bits, with a deviation of 4/√999
    assert!((mean - 32.0).abs() < 6.0 * 4.0 / 999.0_f64.sqrt(), "{mean}");
}

#[test]
#[should_panic(expected = "is longer than 24 bytes")]
fn a_name_that_would_be_cut_is_refused() {
    _ = stream(1, "a name of twenty-five by.");
}
