//! T19: what maximum likelihood saves, an efficiency of 0.685 for the quartic, by simulation.
//! Everything else is checked with the theorem.

use rand::SeedableRng;
use score_matching::{
    identity::exponential_families::efficiency::{self, Estimates, Variances},
    matrix::noise::Generator,
};

/// 4000 samples of 1000. Each number is within 6 standard errors, which fails for one seed in 10⁸.
///
/// The efficiency is a limit, approached like 1/n: what is left at n = 1000 is a few thousandths,
/// and a standard error is 0.02.
#[test]
fn simulation_finds_the_efficiency() {
    let n = 1000;
    let estimates = Estimates::repeated(n, 4000, &mut Generator::seed_from_u64(1));
    let Variances { likelihood, efficiency, .. } = Variances::of(&estimates);
    let limit = efficiency::by_gamma();
    println!("efficiency {:.4} ± {:.4} (limit {limit:.4})", efficiency.value, efficiency.error);
    assert!((efficiency.value - limit).abs() < 6.0 * efficiency.error);
    assert!(1.0 - efficiency.value > 10.0 * efficiency.error, "n is too small to tell");
    let expected = efficiency::likelihood_variance(n as f64);
    assert!((likelihood.value - expected).abs() < 6.0 * likelihood.error);
}
