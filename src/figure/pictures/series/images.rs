//! Digits and filters: which image stands where.

use super::*;
use crate::{
    array::Array,
    corruption::NoiseScales,
    dataset::Digits,
    experiment::{
        DenoisedDigits, SampledDigits,
        digits::{Comparison, SIGMA},
        noise_conditional::Descent,
        sampled_digits::Judgement,
    },
    figure::pictures::{denoising, digit_samples, filters},
    model::{Autoencoder, Wiener},
};

/// The pixels of the only tile in its place, as one row.
fn tile(grid: &[Drawn], column: usize, row: usize) -> Matrix {
    let place = [column as f64, row as f64];
    let mut found = grid.iter().filter(|d| d.kind == "tile" && d.points == [place]);
    let tile = found.next().unwrap_or_else(|| panic!("no tile in {place:?}"));
    assert!(found.next().is_none(), "two tiles in {place:?}");
    Matrix::from_vec(1, tile.values.len(), tile.values.clone())
}

/// A studio with the digits and an autoencoder that has learned nothing, with 20 filters.
fn with_digits() -> Studio {
    let studio = studio();
    let digits = Digits::load();
    let run = DenoisedDigits {
        model: Autoencoder::random(64, 20, &mut studio.generator()),
        wiener: Wiener::fit(&digits.held_out, SIGMA).expect("σ² is positive"),
        curve: vec![],
        linear: 30.0,
        floor: 20.0,
        comparison: Comparison {
            corrupted: 4.0,
            linear: 2.0,
            autoencoder: 1.0,
            standard_error: 0.1,
        },
        digits,
    };
    assert!(studio.digits.set(Ok(run)).is_ok(), "nobody has trained");
    studio
}

#[test]
fn digits_stand_above_their_corruptions_and_these_above_their_restorations() {
    let studio = with_digits();
    let Picture { canvas, .. } = denoising::draw(&studio).expect("digits");
    let [grid] = frames(&canvas)[..] else { panic!("one grid") };
    let run = studio.digits().expect("digits");
    let mut squares = 0.0;
    for class in 0..10 {
        let [clean, noisy, linear, restored] = [0, 1, 2, 3].map(|row| tile(grid, class, row));
        let label = |l: &u8| usize::from(*l) == class;
        let first = run.digits.held_out_labels.iter().position(label).expect("every class");
        assert_eq!(clean.data(), run.digits.held_out.row(first));
        // Ten rows at once are rounded otherwise than one.
        for (tile, expected) in
            [(linear, run.wiener.reconstruct(&noisy)), (restored, run.model.reconstruct(&noisy))]
        {
            assert!(tile.data().iter().zip(expected.data()).all(|(&a, &b)| near(a, b)));
        }
        squares += (noisy - clean).squared_norm().item() / (SIGMA * SIGMA);
    }
    // χ² with 640 degrees of freedom, whose deviation is √1280.
    assert!((squares - 640.0).abs() < 6.0 * 1280f64.sqrt(), "{squares}");
}

#[test]
fn every_filter_stands_once_the_largest_first() {
    let studio = with_digits();
    let Picture { canvas, .. } = filters::draw(&studio).expect("digits");
    let [grid] = frames(&canvas)[..] else { panic!("one grid") };
    let drawn: Vec<Matrix> =
        (0..20).map(|k| tile(grid, k % filters::COLUMNS, k / filters::COLUMNS)).collect();
    let norms: Vec<f64> = drawn.iter().map(|w| w.clone().squared_norm().item()).collect();
    assert!(norms.is_sorted_by(|a, b| a >= b), "{norms:?}");
    let w = &studio.digits().expect("digits").model.w;
    for row in w.data().chunks_exact(w.cols()) {
        assert_eq!(drawn.iter().filter(|tile| tile.data() == row).count(), 1);
    }
}

/// Images of which no two pixels are alike, all between 0 and 1.
fn images(set: usize, count: usize) -> Matrix {
    let golden = 0.5 * (5f64.sqrt() - 1.0);
    Matrix::from_fn(count, 64, |i, j| (golden * ((set * 200 + i) * 64 + j) as f64).fract())
}

#[test]
fn samples_stand_in_their_order_and_their_ways_level_by_level() {
    use digit_samples::{COLUMNS, ENERGY_ROWS, ROWS, WAYS};
    let judgement = Judgement { natural: 0.9, copies: 0.0, classes: [0.1; 10], discrepancy: 0.1 };
    let run = SampledDigits {
        scales: NoiseScales::geometric(2.0, 0.5, 3),
        descent: Descent {
            states: (1..=3).map(|level| images(level, WAYS)).collect(),
            samples: images(4, ROWS * COLUMNS),
        },
        judgement,
        energy_samples: images(5, 4 * ENERGY_ROWS),
        energy_judgement: judgement,
        training_judgement: judgement,
        training_discrepancies: scatter(0.1, 0.01),
        shuffled_discrepancies: scatter(0.1, 0.01),
    };
    let studio = with_digits();
    assert!(studio.sampled_digits.set(Ok(run)).is_ok(), "nobody has trained");
    let Picture { canvas, .. } = digit_samples::draw(&studio).expect("samples");
    let [samples, ways, energy] = frames(&canvas)[..] else { panic!("three grids") };
    let is = |grid: &[Drawn], [column, row]: [usize; 2], set: usize, i: usize| {
        assert_eq!(tile(grid, column, row).data(), images(set, i + 1).row(i));
    };
    for i in 0..ROWS * COLUMNS {
        is(samples, [i % COLUMNS, i / COLUMNS], 4, i);
    }
    for i in 0..WAYS {
        for step in 0..4 {
            is(ways, [step, i], step + 1, i); // the samples last
        }
    }
    for i in 0..4 * ENERGY_ROWS {
        is(energy, [i % 4, i / 4], 5, i);
    }
}
