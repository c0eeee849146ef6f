//! Densities on the line at the edges of their supports and far out, log Γ, energies that are infinite
//! and the scatter of numbers of any size: what is known on paper is what the program says.

use crate::far_out::{INFINITY, NAN, near, one};
use rand::SeedableRng;
use score_matching::{
    Array,
    density::{
        Boltzmann, Density,
        Univariate::{self, Cauchy, Exponential, Gamma, Laplace, Logistic, Quartic, Uniform},
        univariate::ln_gamma,
    },
    matrix::noise::Generator,
    quadrature::Rule,
    statistics::Scatter,
};
use std::f64::consts::PI;

/// (density, x, log q(x), score), at the edges and far out; mpmath agrees.
#[test]
fn densities_on_the_line_are_right_at_their_edges_and_far_out() {
    let cases = [
        (Gamma { shape: 1.0 }, 0.0, 0.0, -1.0),
        (Gamma { shape: 1.0 }, -0.0, 0.0, -1.0),
        (Gamma { shape: 2.0 }, 0.0, -INFINITY, INFINITY),
        (Gamma { shape: 2.0 }, -0.0, -INFINITY, INFINITY),
        (Gamma { shape: 0.5 }, 0.0, INFINITY, -INFINITY),
        (Gamma { shape: 0.5 }, INFINITY, -INFINITY, -1.0),
        (Gamma { shape: 1.0 }, INFINITY, -INFINITY, -1.0),
        (Gamma { shape: 2.0 }, INFINITY, -INFINITY, -1.0),
        (Gamma { shape: 2.0 }, 1e300, -1e300, -1.0),
        (Exponential { rate: 1.0 }, 0.0, 0.0, -1.0),
        (Exponential { rate: 2.0 }, INFINITY, -INFINITY, -2.0),
        (Uniform, 0.0, 0.0, 0.0),
        (Uniform, 1.0, 0.0, 0.0),
        (Cauchy, 1e200, -922.178_767_083_467_7, -2e-200),
        (Cauchy, -1e308, -2.0 * 308.0 * 10.0_f64.ln() - PI.ln(), 2e-308),
        (Cauchy, 1e-200, -PI.ln(), -2e-200),
        (Cauchy, INFINITY, -INFINITY, 0.0),
        (Logistic { scale: 1.0 }, 1e308, -1e308, -1.0),
        (Logistic { scale: 1.0 }, -800.0, -800.0, 1.0),
        (Logistic { scale: 1e-300 }, INFINITY, -INFINITY, -1e300),
        (Laplace { scale: 1e308 }, 0.0, -309.0 * 10.0_f64.ln() + 5.0_f64.ln(), 0.0),
        (Laplace { scale: 1e-308 }, 0.0, 308.0 * 10.0_f64.ln() - 2.0_f64.ln(), 0.0),
        (Laplace { scale: 2.0 }, -INFINITY, -INFINITY, 0.5),
        (Quartic { theta: 1e-300 }, 1e100, -1e100, -4.0),
        (
            Quartic { theta: 1e308 },
            1e-77,
            -1.0 - 2.0_f64.ln() - ln_gamma(1.25) + 77.0 * 10.0_f64.ln(),
            -4e77,
        ),
        (Quartic { theta: 1.0 }, INFINITY, -INFINITY, -INFINITY),
    ];
    for (q, x, log, score) in cases {
        println!("{q:?} at {x}");
        near(q.log_density_at(x), log, 32.0);
        near(q.score_at(x), score, 16.0);
        assert_eq!(q.log_density(&one(x)).item(), q.log_density_at(x));
        assert!(q.log_density_at(NAN).is_nan() && q.score_at(NAN).is_nan());
    }
    for (q, x) in [
        (Uniform, -1e-300),
        (Uniform, 1.1),
        (Exponential { rate: 1.0 }, -1e-300),
        (Gamma { shape: 1.0 }, -1.0),
    ] {
        assert_eq!(q.log_density_at(x), -INFINITY);
    }
}

#[test]
fn samples_are_finite_where_the_truth_is() {
    let extremes: [Univariate; 9] = [
        Quartic { theta: 1e-310 },
        Quartic { theta: 1e308 },
        Laplace { scale: 1e306 },
        Laplace { scale: 1e-310 },
        Exponential { rate: 1e-306 },
        Exponential { rate: 1e308 },
        Logistic { scale: 1e305 },
        Gamma { shape: 1e300 },
        Gamma { shape: 1e-3 },
    ];
    for q in extremes {
        let sample = q.sample(1000, &mut Generator::seed_from_u64(1));
        assert!(sample.is_finite(), "{q:?}");
        let size = Scatter::of(sample.data()).deviation();
        let expected = match q {
            // 𝔼x² = Γ(¾)/Γ(¼)/√θ
            Quartic { theta } => 0.337_989_f64.sqrt() / theta.sqrt().sqrt(),
            Laplace { scale } => 2.0_f64.sqrt() * scale,
            Exponential { rate } => 1.0 / rate,
            Logistic { scale } => PI / 3.0_f64.sqrt() * scale,
            Gamma { .. } => size,
            Uniform | Cauchy => unreachable!("not among them"),
        };
        // Of 1000 the deviation is within a third; of the gamma laws one has rare large values, and the
        // other one's deviation is less than the distance of two f64.
        if !matches!(q, Gamma { .. }) {
            assert!((size / expected - 1.0).abs() < 0.34, "{q:?}: {size:e} {expected:e}");
        }
    }
}

/// By mpmath, to 20 digits, at the f64 nearest to the a written here.
#[test]
fn ln_gamma_has_all_its_digits_also_at_its_zeros() {
    let known = [
        (0.001, 6.907_178_885_383_853),
        (0.25, 1.288_022_524_698_077_4),
        (0.4999, 0.572_561_318_604_118_4),
        (0.75, 0.203_280_951_431_295_38),
        (0.9999, 5.772_979_156_119_386e-5),
        (1.000_000_01, -5.772_156_531_688_512e-9),
        (1.3, -0.108_174_809_507_860_49),
        (1.5, -0.120_782_237_635_245_22),
        (1.9, -0.038_984_275_923_083_36),
        (2.000_000_1, 4.227_843_666_532_498e-8),
        (2.3, 0.154_189_454_959_630_46),
        (2.5, 0.284_682_870_472_919_2),
        (2.75, 0.475_214_666_914_937_13),
        (3.0, std::f64::consts::LN_2),
        (5.5, 3.957_813_967_618_716_5),
        (9.4, 11.470_116_682_344_32),
        (9.6, 11.909_660_154_858_76),
        (12.3, 18.238_983_407_092_245),
        (100.5, 361.435_540_467_777_6),
        (1e10, 220_258_509_288.810_58),
        (1e-300, 690.775_527_898_213_7),
        (1e300, 6.897_755_278_982_137e302),
        (1.0, 0.0),
        (2.0, 0.0),
        (INFINITY, INFINITY),
        (1e306, INFINITY),
    ];
    for (a, right) in known {
        println!("{a}");
        near(ln_gamma(a), right, 32.0);
    }
    assert!(ln_gamma(NAN).is_nan());
}

#[test]
fn an_energy_may_be_infinite_but_not_everywhere_and_never_not_a_number() {
    let rule = || Rule::trapezoid(-1.0, 1.0, 4);
    // ∞ where x < 0 and 10³⁰⁸ at 0: half a box, whose e^(−E) alone would underflow
    let half = Boltzmann::new(|x| (-*x).relu() * 1e308 * 1e10 + 700.0, rule());
    assert!(half.log_partition().is_finite());
    let sample = half.sample(100, &mut Generator::seed_from_u64(1));
    assert!(sample.data().iter().all(|&x| x >= 0.0));
    assert_eq!(half.log_density(&one(-0.5)).item(), -INFINITY);
    let refused = |shift: f64, weight: f64| {
        let rule = Rule { weights: rule().weights * weight, ..rule() };
        std::panic::catch_unwind(|| Boltzmann::new(move |x| x.squared_norm() + shift, rule))
            .is_err()
    };
    assert!(!refused(0.0, 1.0) && !refused(1e300, 1.0));
    assert!(refused(NAN, 1.0) && refused(INFINITY, 1.0) && refused(-INFINITY, 1.0));
    assert!(refused(0.0, 0.0) && refused(0.0, -1.0) && refused(0.0, NAN));
}

#[test]
fn a_scatter_has_no_units() {
    for unit in [1.0, 2.0_f64.powi(-700), 2.0_f64.powi(700), 2.0_f64.powi(1020)] {
        let scatter = Scatter::of(&[1.0, 2.0, 6.0].map(|v| v * unit));
        assert_eq!((scatter.mean, scatter.deviation()), (3.0 * unit, 7.0_f64.sqrt() * unit));
        assert_eq!(scatter.standard_error(), (7.0_f64 / 3.0).sqrt() * unit);
    }
    assert_eq!(Scatter::of(&[1.7e308, 1.7e308]).mean, 1.7e308);
    assert!(Scatter::of(&[]).mean.is_nan() && Scatter::of(&[1.0, NAN]).variance.is_nan());
}
