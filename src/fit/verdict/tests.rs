//! The standard error of rows with twins, and the sentence for every outcome.

use super::*;

/// Values that look random: the fractions of multiples of an irrational number.
fn values(count: usize) -> Vec<f64> {
    (1..=count).map(|i| (i as f64 * 0.618_033_988_7).fract()).collect()
}

/// Rounding of a mean of a few dozen numbers of size 1 stays far below it.
const ROUNDING: f64 = 1e-14;

fn assert_same(found: Scatter, mean: f64, standard_error: f64) {
    assert!((found.mean - mean).abs() < ROUNDING, "{found:?}");
    assert!((found.standard_error() - standard_error).abs() < ROUNDING, "{found:?}");
}

#[test]
fn to_repeat_every_row_makes_nobody_surer() {
    let distinct = values(20);
    let once = Scatter::of(&distinct);
    assert_same(by_twins(&distinct, &[1; 20]), once.mean, once.standard_error());
    for times in [2, 7] {
        let repeated: Vec<f64> = distinct.iter().flat_map(|v| vec![*v; times]).collect();
        let found = by_twins(&repeated, &[times; 20]);
        assert_same(found, once.mean, once.standard_error());
        assert!(Scatter::of(&repeated).standard_error() < 0.75 * found.standard_error());
    }
}

/// G/(G − 1) Σ_g (Σ_{i∈g} (vᵢ − m))²/n², the variance of a mean over G clusters.
#[test]
fn sets_of_any_size_give_the_standard_error_of_clusters() {
    let (v, sizes) = (values(12), [3, 1, 1, 5, 2]);
    let mean = v.iter().sum::<f64>() / 12.0;
    let ends = [3, 4, 5, 10, 12];
    let excess = sizes.iter().zip(ends).map(|(size, end)| {
        let excess = v[end - size..end].iter().map(|v| v - mean).sum::<f64>();
        excess * excess
    });
    let variance = 5.0 / 4.0 * excess.sum::<f64>() / 144.0;
    assert_same(by_twins(&v, &sizes), mean, variance.sqrt());
}

#[test]
fn twins_are_rows_that_are_the_same_and_follow_each_other() {
    let x = Matrix::from_rows([
        [1.0, 2.0],
        [1.0, 2.0],
        [1.0, 3.0],
        [-0.0, 1.0],
        [0.0, 1.0],
        [0.0, 1.0],
    ]);
    assert_eq!(twins(&x), [2, 1, 3]);
}

#[test]
fn a_level_is_a_mean_over_noise_and_its_gain_is_how_much_smaller_the_loss_is() {
    let network: Vec<f64> = values(3 * DRAWS);
    let gaussian: Vec<f64> = network.iter().map(|v| v + 0.25).collect();
    let losses = [&network, &gaussian].map(|v| Matrix::from_vec(v.len(), 1, v.clone()));
    let level = NoiseVerdict::of(0.5, losses, &[1, 2], 0.1);
    assert!((level.network.mean - network.iter().sum::<f64>() / 24.0).abs() < ROUNDING);
    assert!((level.gaussian.mean - level.network.mean - 0.25).abs() < ROUNDING);
    assert!((level.gain.mean - 0.25).abs() < ROUNDING && level.gain.standard_error() < ROUNDING);
}

/// A verdict with these gains, in standard errors.
fn verdict(errors: [f64; 3]) -> Verdict {
    let one = Scatter::of(&[-1.0, 1.0]); // 0 ± 1
    let level = |sigma, errors: f64| {
        let gain = Scatter::of(&[errors - 1.0, errors + 1.0]);
        NoiseVerdict { sigma, network: one, gaussian: one, gain, floor: 1.0 }
    };
    let likeness = Likeness { discrepancy: 0.0, nearest: 0.0, copies: 0.0 };
    let [a, b, c] = errors;
    Verdict {
        levels: [level(0.75, a), level(0.25, b), level(0.125, c)],
        implicit: level(0.125, 0.0),
        likeness: [likeness; 3],
    }
}

#[test]
fn the_sentence_says_what_is_clear_and_no_more() {
    let none = "There is no clear difference between the network and the Gaussian";
    let cases = [
        (
            [4.0, 9.0, 100.0],
            "at all three noise levels it denoises",
            "by 4 standard errors or more.",
        ),
        ([3.99, -3.99, 0.0], none, "they are simpler."),
        ([f64::NAN; 3], none, "they are simpler."), // 0 ± 0
        (
            [-4.0, 0.0, 3.9],
            "The Gaussian is better: at noise 0.75 it",
            "and nowhere clearly worse.",
        ),
        (
            [-4.0, -5.0, -6.0],
            "The Gaussian is better: at noise 0.75 and 0.25 and 0.12 it",
            "worse.",
        ),
        ([0.0, 4.0, 5.0], "knows something more", "at noise 0.25 and 0.12 it denoises"),
        ([-3.9, 0.0, 4.0], "knows something more", "elsewhere this is not clear."),
        ([4.0, 0.0, -4.0], "It depends: at noise 0.75 the network", "at noise 0.12 the Gaussian."),
        ([4.0, 5.0, -4.0], "It depends: at noise 0.75 and 0.25 the", "at noise 0.12 the Gaussian."),
    ];
    for (errors, first, second) in cases {
        let sentence = verdict(errors).sentence();
        assert!(sentence.contains(first) && sentence.contains(second), "{errors:?}: {sentence}");
        assert!(!sentence.contains('\n'), "{sentence}");
    }
}

/// With few rows for each column a network that was stopped early beats the Gaussian on Gaussian rows.
#[test]
fn a_gain_above_the_floor_is_no_knowledge() {
    let mut above = verdict([5.0, 6.0, 7.9]);
    above.levels.iter_mut().for_each(|level| level.floor = -1.0);
    let sentence = above.sentence();
    assert!(sentence.contains("its loss is not below the floor"), "{sentence}");
    above.levels[0].floor = 1.0;
    let sentence = above.sentence();
    assert!(
        sentence.contains("something more") && sentence.contains("at noise 0.75 it"),
        "{sentence}"
    );
    assert!(verdict([5.0, 6.0, 4.96]).sentence().contains("by 4 standard errors or more"));
}
