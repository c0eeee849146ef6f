//! T19: what maximum likelihood saves, an efficiency of 0.685 for the quartic, by simulation.
//! Everything else is checked with the theorem.

use rand::SeedableRng;
use score_matching::{
    identity::exponential_families::efficiency::{self, Estimates, Variances},
    matrix::noise::Generator,
};

/// 4000 samples of 1000, each number within 6 standard errors, whatever the seed.
///
/// The efficiency is a limit, approached like 1/n. How far off it is at n = 1000 is not known; the
/// variance of maximum likelihood is, by 1.6 %, and the ratio may be off by as much.
#[test]
fn simulation_finds_the_efficiency() {
    let n = 1000;
    let estimates = Estimates::repeated(n, 4000, &mut Generator::seed_from_u64(1));
    let Variances { likelihood, efficiency, .. } = Variances::of(&estimates);
    let (limit, expected) = (efficiency::by_gamma(), efficiency::likelihood_variance(n as f64));
    println!("efficiency {:.4} ± {:.4} (limit {limit:.4})", efficiency.value, efficiency.error);
    assert!((likelihood.value - expected).abs() < 6.0 * likelihood.error);
    let excess = n as f64 * expected / efficiency::LIKELIHOOD_VARIANCE - 1.0;
    assert!((efficiency.value - limit).abs() < 6.0 * efficiency.error + limit * excess);
    assert!(1.0 - efficiency.value > 10.0 * efficiency.error, "n is too small to tell");
}
