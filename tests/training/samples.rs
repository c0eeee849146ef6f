//! What annealed Langevin dynamics draws from trained networks, judged by numbers.
//!
//! The trainings take up to half a minute, so these run only when they are asked for:
//! `cargo test --test training samples -- --ignored`.

use rand::SeedableRng;
use score_matching::{
    Array,
    array::Linear,
    density::{Density, Mixture, shapes},
    discrepancy::{maximum_mean_discrepancy, median_distance},
    experiment::{
        DenoisedDigits, LearnedShape, SampledDigits,
        digits::EPOCHS,
        sampled_digits::{SAMPLES, Yardstick},
    },
    matrix::noise::Generator,
    objective::Weight,
};

/// Three seeds, so that none has been chosen.
#[test]
#[ignore = "half a minute of training"]
fn the_samples_of_the_pinwheel_have_its_arms_and_its_law() {
    for seed in 1..=3 {
        let learned = LearnedShape::train(shapes::pinwheel(), Weight::Variance, seed, |_| ())
            .expect("the loss stays finite");
        let sampled = learned.sample(seed).expect("the chains stay finite");
        assert_eq!(sampled.shares.len(), 5);
        for share in &sampled.shares {
            assert!((share - 0.2).abs() < 0.03, "{:?}", sampled.shares);
        }
        let (found, fresh) = (sampled.discrepancy.mean, sampled.fresh_discrepancy.mean);
        println!("seed {seed}: {found:.4} against {fresh:.4}, {:.3?}", sampled.shares);
        assert!(found < 3.0 * fresh, "{found} against {fresh}");

        // The bound can be missed: at the end of the fourth level, where σ is 0.93 and the arms have
        // run into each other, the chains miss it.
        let early = &sampled.descent.states[3];
        let fresh_sample = learned.density.sample(early.rows(), &mut Generator::seed_from_u64(4));
        let far = maximum_mean_discrepancy(early, &fresh_sample, median_distance(&fresh_sample));
        assert!(far > 3.0 * fresh, "{far} against {fresh}");
    }
}

/// The model's own density, by the probability flow, beside the true one (T39).
#[test]
#[ignore = "half a minute of training"]
fn the_likelihood_of_held_out_points_is_nearly_that_of_the_pinwheel_itself() {
    let learned = LearnedShape::train(shapes::pinwheel(), Weight::Variance, 1, |_| ())
        .expect("the loss stays finite");
    let found = learned.held_out(1000, 100, 1).expect("the points stay finite");
    println!("{found:?}");
    // The steps cost less than the sample does.
    assert!(found.change < 0.1 * found.gap.standard_error(), "{}", found.change);
    for gap in [found.gap, found.gap_from_known_end] {
        // KL is not negative, but what is learned is not far away.
        let error = gap.standard_error();
        assert!(gap.mean > -6.0 * error && gap.mean < 0.1, "{} ± {error}", gap.mean);
    }
    // A density that knows only the mean and the width of the data is far away.
    let width = learned.model.width;
    let plain = Mixture::isotropic(2, width * width);
    let x = learned.density.smoothed(learned.scales.smallest());
    let x = x.sample(1000, &mut Generator::seed_from_u64(5));
    let gap = (learned.density.smoothed(learned.scales.smallest()).log_density(&x)
        - plain.log_density(&x))
    .mean()
    .item();
    assert!(gap > 0.3, "{gap}");
}

#[test]
#[ignore = "half a minute of training"]
fn the_samples_of_the_digits_are_natural_new_and_of_all_classes() {
    let autoencoder = DenoisedDigits::run(1, EPOCHS, |_| ()).expect("the loss stays finite");
    let run = SampledDigits::run(1, &autoencoder.digits, &autoencoder.model, |_| ())
        .expect("losses and chains stay finite");
    let judgement = run.judgement;
    assert!(judgement.natural >= 0.95, "{judgement:?}");
    assert!(judgement.copies < 0.02, "{judgement:?}");
    // Each of the ten classes has its tenth of the samples, to within six standard errors of a share:
    // 0.0195 to 0.1805.
    let error = (0.1 * 0.9 / SAMPLES as f64).sqrt();
    let usual_share = |share: &f64| (share - 0.1).abs() < 6.0 * error;
    assert!(judgement.classes.iter().all(usual_share), "{judgement:?}");
    // In law they are as near to the held-out digits as as many training digits are, to within three
    // standard deviations of those.
    let usual = run.training_discrepancies;
    let most = usual.mean + 3.0 * usual.deviation();
    assert!(judgement.discrepancy < most, "{judgement:?}, {usual:?}");

    // The measures can fail: training digits are found to be copies, and the energy of one noise
    // level misses the shares of the classes and the law.
    assert_eq!(run.training_judgement.copies, 1.0);
    let energy = run.energy_judgement;
    assert!(!energy.classes.iter().all(usual_share), "{energy:?}");
    assert!(energy.discrepancy > most, "{energy:?}");

    // Natural and new is a grey blot as well: it takes the classes and the law to find it out.
    let training = &autoencoder.digits.training;
    let mean = training.clone().sum_over_samples() * (1.0 / training.rows() as f64);
    let blot = Yardstick::of(&autoencoder.digits).judge(&mean.linear(Linear::Tile(SAMPLES)));
    assert!(blot.natural == 1.0 && blot.copies == 0.0, "{blot:?}");
    assert!(blot.classes.contains(&1.0) && blot.discrepancy > 2.0 * most, "{blot:?}");
}
