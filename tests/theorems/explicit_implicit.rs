//! What stands behind T3 beyond its claims: the moments that its proof rests on, and how much its
//! counterexamples miss by.

use score_matching::{
    grid::polynomial::pairings,
    identity::{
        Sides,
        explicit_implicit::failures::{heavy_tails_within, leak},
    },
};
use std::f64::consts::{PI, TAU};

/// 𝔼zⁿ = n!/(2ᵏ k!) for n = 2k, from the series of e^(t²/2), and 0 for odd n.
#[test]
fn the_moments_of_a_gaussian_count_pairings() {
    let factorial = |n: usize| (1..=n as i128).product::<i128>();
    for n in (0..=32).step_by(2) {
        assert_eq!(pairings(n), Some(factorial(n) / (factorial(n / 2) << (n / 2))), "{n} points");
        assert_eq!(pairings(n + 1), Some(0));
    }
    assert!(pairings(56).is_some() && pairings(58).is_none(), "the 56th is the last that fits");
}

/// Under a Cauchy density it is [qψ] from −r to r, and of x/(1 + ‖x‖²), which vanishes at infinity, it
/// is what goes through a large circle: 2πr · r/(1 + r²) → 2π.
#[test]
fn what_is_left_of_t3_is_the_boundary_term() {
    for r in [1.0_f64, 10.0, 100.0] {
        let boundary = 2.0 / PI * r.atan();
        let sides = Sides::doubled(|k| heavy_tails_within(r, 1024 * k, boundary));
        assert_eq!(sides.agree(), Ok(()), "r = {r}");
    }
    assert_eq!(Sides::doubled(|k| leak(512 * k, TAU)).agree(), Ok(()));
}
