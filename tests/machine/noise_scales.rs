//! Noise at several levels.

use proptest::prelude::*;
use rand::SeedableRng;
use score_matching::{
    Matrix,
    corruption::{NoiseScales, corrupt, corrupt_each},
    matrix::{
        Real,
        noise::{Generator, standard_normal},
    },
};

fn generator(seed: u64) -> Generator {
    Generator::seed_from_u64(seed)
}

proptest! {
    #![proptest_config(crate::common::config(50))]

    #[test]
    fn corruption_by_a_sigma_for_each_row(seed: u64, sigma in 0.01..3.0_f64) {
        let [x, z] = [1, 2].map(|i| standard_normal::<f64>(6, 3, &mut generator(seed ^ i)));
        let column = |f: &dyn Fn(usize) -> f64| Matrix::from_fn(6, 1, |i, _| f(i));
        prop_assert_eq!(corrupt_each(&x, &z, &column(&|_| sigma)), corrupt(&x, &z, sigma));
        let scales = NoiseScales::geometric(2.0, 0.5, 3);
        let each = corrupt_each(&x, &z, &column(&|i| scales.of_row(i)));
        for i in 0..6 {
            let alone = corrupt(&x.select(&[i]), &z.select(&[i]), scales.sigmas()[i % 3]);
            prop_assert_eq!(each.select(&[i]), alone);
        }
    }

    #[test]
    fn noise_scales_are_geometric_from_end_to_end(
        smallest in 0.001..1.0_f64, ratio in 1.01..1000.0_f64, count in 2..40_usize
    ) {
        let largest = smallest * ratio;
        let scales = NoiseScales::geometric(largest, smallest, count);
        let sigmas = scales.sigmas();
        prop_assert_eq!((sigmas.len(), sigmas[0], scales.smallest()), (count, largest, smallest));
        let q = (smallest / largest).powf(1.0 / (count - 1) as f64);
        for w in sigmas.windows(2) {
            prop_assert!(w[1] < w[0] && (w[1] / w[0] / q - 1.0).abs() < 64.0 * f64::UNIT_ROUNDOFF);
        }
        // one of each level in every L rows
        let of_rows: Vec<f64> = (count..2 * count).map(|i| scales.of_row(i)).collect();
        prop_assert_eq!(of_rows.as_slice(), sigmas);
    }
}

#[test]
fn noise_scales_refuse_what_is_no_sequence() {
    let bad = [(1.0, 0.1, 1), (0.1, 1.0, 5), (1.0, 1.0, 5), (1.0, 0.0, 5), (1.0, -1.0, 5)];
    let worse = [(f64::NAN, 1.0, 5), (f64::INFINITY, 1.0, 5), (1.0, f64::NAN, 5)];
    for (largest, smallest, count) in bad.into_iter().chain(worse) {
        let made = std::panic::catch_unwind(|| NoiseScales::geometric(largest, smallest, count));
        assert!(made.is_err(), "{largest} {smallest} {count}");
    }
}
