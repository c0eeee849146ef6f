//! T1: what the net does not do. The integral in the plane, and why densities are kept as logarithms.

use proptest::prelude::*;
use rand::SeedableRng;
use score_matching::{
    Array, Matrix,
    density::{Density, Mixture},
    identity::{
        Sides, enclosed,
        energies_and_scores::{SoftplusEnergy, partition},
    },
    matrix::{Real, noise::Generator},
};

proptest! {
    #![proptest_config(crate::common::config(4))]

    /// For σ = 1 the density is a mixture of 2ʰ Gaussians.
    #[test]
    fn the_partition_function_in_the_plane_is_a_finite_sum(seed: u64) {
        let random = SoftplusEnergy::random((2, 3), &mut Generator::seed_from_u64(seed));
        let i = SoftplusEnergy::new(random.model, 1.0, random.x);
        let sides = Sides::rounding(partition(&i, 1), partition(&enclosed(&i), 1));
        prop_assert_eq!(sides.agree(), Ok(()));
    }
}

/// A thousand draws of N(0, 1) have a likelihood of about e^(−1419), while the least positive f64 is
/// e^(−745); of N(0, 10⁻⁶) it is e^5489, beyond the largest, e^710. The logarithms are within 6
/// standard errors of −n H, whatever the seed: the variance of log p is ½.
#[test]
fn a_product_of_a_thousand_densities_underflows_and_its_logarithm_does_not() {
    let n: u16 = 1000;
    for (variance, limit) in [(1.0, 0.0), (1e-6, f64::INFINITY)] {
        let p = Mixture::isotropic(1, variance);
        let log = p.log_density(&p.sample(n.into(), &mut Generator::seed_from_u64(1)));
        assert_eq!(log.data().iter().map(|l| l.exp()).product::<f64>(), limit);
        let entropy = 0.5 * (std::f64::consts::TAU * std::f64::consts::E * variance).ln();
        let gap = log.sum().item() + f64::from(n) * entropy;
        assert!(gap.abs() < 6.0 * (0.5 * f64::from(n)).sqrt(), "{gap}");
    }
    // And one score: ∇p/p is 0/0 far out, where ∇ log p = −x is −40.
    let p = Mixture::isotropic(1, 1.0);
    let x = Matrix::from_rows([[40.0]]);
    let density = p.log_density(&x).exp().item();
    assert!((density * -40.0 / density).is_nan());
    assert!((p.score(&x).item() + 40.0).abs() <= 40.0 * 8.0 * f64::UNIT_ROUNDOFF); // by Cholesky
}
