//! The experiment behind the figures: an autoencoder trained on digits denoises unseen ones better
//! than the best linear denoiser does.

use score_matching::{
    dataset::Digits,
    experiment::{
        DenoisedDigits,
        digits::{DRAWS, SIGMA},
    },
};

#[test]
fn the_autoencoder_beats_the_best_linear_denoiser_on_unseen_digits() {
    const EPOCHS: usize = 200; // a fifth of those of the figures
    let run = DenoisedDigits::run(1, EPOCHS, |_| ()).expect("the loss stays finite");
    let c = run.comparison;

    // The yardstick itself: the corrupted digits are off by dσ² = 4, within 6 standard errors
    // σ²√(2d/n) of that.
    let n = (run.digits.held_out.rows() * DRAWS) as f64;
    let expected = 64.0 * SIGMA * SIGMA;
    assert!((c.corrupted - expected).abs() < 6.0 * SIGMA * SIGMA * (2.0 * 64.0 / n).sqrt());

    assert!(c.linear - c.autoencoder > 6.0 * c.standard_error, "{c:?}");

    // The order is what theory says: the training loss stays above the floor of its sample, the
    // held-out loss above the training loss.
    let last = run.curve[run.curve.len() - 1];
    assert!(run.floor < last.training.denoising);
    assert!(last.training.denoising < last.held_out.denoising);
    assert!(last.held_out.denoising < run.linear);
}

#[test]
fn held_out_digits_are_not_among_the_training_digits() {
    let digits = Digits::load();
    let mut seen = 0;
    for i in 0..digits.held_out.rows() {
        let row = digits.held_out.row(i);
        seen += usize::from((0..digits.training.rows()).any(|j| digits.training.row(j) == row));
    }
    assert_eq!(seen, 0);
    for labels in [&digits.training_labels, &digits.held_out_labels] {
        assert!((0..10).all(|label| labels.contains(&label)));
    }
}
