//! T35: its numbers, the order of the asymptote, and the estimates themselves.

use rand::SeedableRng;
use score_matching::{
    Matrix,
    identity::{
        blindness::{FarModes, kappa, leading},
        exponential_families::efficiency::Variances,
        fitted_order,
    },
    matrix::noise::Generator,
};

fn at(distance: f64) -> FarModes {
    FarModes { weight: 0.8, distance }
}

fn efficiency(distance: f64) -> f64 {
    at(distance).sandwich(&at(distance).law(1)).efficiency()
}

/// Within a unit of the last digit, or within the rounding of some 500 nodes, 10⁻¹³ of the value.
fn near(value: f64, reference: f64, unit: f64) {
    let allowed = unit.max(1e-13 * reference.abs());
    assert!((value - reference).abs() <= allowed, "{value} for {reference}");
}

#[test]
fn the_sandwich_has_its_numbers() {
    near(efficiency(1.0), 0.644_505_006_991_894_5, 0.0);
    near(efficiency(2.0), 0.124_453_847_492_627_3, 0.0);
    near(efficiency(3.0), 0.008_681_327_201_424_157, 0.0);
    let one = at(1.0).sandwich(&at(1.0).law(1));
    near(one.curvature, 2.088_585_043_489, 1e-12);
    near(one.scatter, 2.209_691_270_301, 1e-12);
    near(one.information, 3.062_996_014_851, 1e-12);
    near(one.variance(), 0.506_555_776_995_6, 1e-13);
    near(1.0 / one.information, 0.326_477_734_594_4, 1e-13);
    near(1.0 / one.curvature, 0.478_793_048_49, 1e-11);
    let three = at(3.0).sandwich(&at(3.0).law(1));
    near(1.0 / three.curvature, 6.4462, 1e-4);
    near(three.variance(), 18.5244, 1e-4);
}

/// e(m)/leading is 1 − O(m⁻²), and 1 − κ/m² + O(m⁻⁴): what is left falls with these orders, more exactly
/// the farther out. From m = 8 to 16 the next term of either is a few per cent of its first.
#[test]
fn the_asymptote_has_its_orders() {
    near(kappa(0.8), 2.807_260_390_4, 1e-10);
    let ratio = |m: f64| efficiency(m) / leading(at(m));
    near((ratio(10.0) - 1.0) * 100.0, -2.755_22, 1e-5);
    near((ratio(12.0) - 1.0) * 144.0, -2.770_98, 1e-5);
    near(leading(at(6.0)), 7.953_312e-9, 1e-15);
    near(leading(at(6.0)) * (1.0 - kappa(0.8) / 36.0), 7.333_117e-9, 1e-15);
    let distances = [8.0, 10.0, 12.0, 16.0];
    let order = |left: &dyn Fn(f64) -> f64| fitted_order(&distances.map(|m| [m, left(m).abs()]));
    let first = order(&|m| ratio(m) - 1.0);
    let second = order(&|m| ratio(m) - 1.0 + kappa(0.8) / (m * m));
    println!("orders {first:.3} and {second:.3}");
    assert!((first + 2.0).abs() < 0.1 && (second + 4.0).abs() < 0.3, "{first} and {second}");
    assert!(efficiency(0.05) > 0.99, "near modes cost nothing");
}

/// n Var ŵ of 2000 samples of 500 is within 6 standard errors of a variance of its limit, and 5/n of it,
/// by which a limit of order 1/n may be off: at n = 200, 20 000 samples had (1.6 ± 1.0) % too much of
/// score matching, (2.6 ± 1.1) % of maximum likelihood. It tells the two estimates apart; from 1/H,
/// which is 5 % away, only the quadrature does.
#[test]
fn the_estimates_have_the_variances_of_the_sandwich() {
    let (n, repetitions) = (500, 2000);
    let modes = at(1.0);
    let estimates = modes.repeated(n, repetitions, &mut Generator::seed_from_u64(35));
    let Variances { score_matching, likelihood, efficiency } = Variances::of(&estimates);
    let limit = modes.sandwich(&modes.law(1));
    let size = n as f64;
    for (measured, expected, per_n) in [
        (score_matching, limit.variance(), size),
        (likelihood, 1.0 / limit.information, size),
        (efficiency, limit.efficiency(), 1.0),
    ] {
        let (value, error) = (measured.value * per_n, measured.error * per_n);
        println!("{value:.4} ± {error:.4} for {expected:.4}");
        assert!((value - expected).abs() < 6.0 * error + 5.0 / size * expected);
    }
    assert!(1.0 - efficiency.value > 6.0 * efficiency.error, "too few to tell");
}

#[test]
#[should_panic(expected = "no zero was found")]
fn estimates_of_a_sample_that_says_nothing_are_refused() {
    let _ = at(1.0).estimates(&Matrix::from_rows([[9.0], [9.0]]));
}
