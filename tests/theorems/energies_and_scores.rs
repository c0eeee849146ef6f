//! T1 and T29: p = e^(−E)/Z on the line and in the plane; where Z cancels, and where it does not.
//!
//! What the net does not do: integrals in the plane, what has no partition function, and why
//! densities are kept as logarithms.

use proptest::prelude::*;
use rand::SeedableRng;
use score_matching::{
    Array, Matrix, Tape,
    density::{Boltzmann, Density, Mixture, boltzmann::log_partition},
    identity::{
        Sides, enclosed,
        energies_and_scores::{SoftplusEnergy, partition},
    },
    matrix::{Real, noise::Generator},
    model::Parameters,
    quadrature::Rule,
};

fn random(d: usize, seed: u64) -> SoftplusEnergy {
    SoftplusEnergy::random((d, 3), &mut Generator::seed_from_u64(seed))
}

proptest! {
    #![proptest_config(crate::common::config(4))]

    /// For σ = 1 the density is a mixture of 2ʰ Gaussians.
    #[test]
    fn the_partition_function_in_the_plane_is_a_finite_sum(seed: u64) {
        let instance = random(2, seed);
        let instance = SoftplusEnergy::new(instance.model, 1.0, instance.x);
        let sides = Sides::rounding(partition(&instance, 1), partition(&enclosed(&instance), 1));
        prop_assert!(sides.agree().is_ok(), "{:?}", sides.agree());
    }
}

/// T1: a wrong Z is invisible to the score, to the bit, though the density is wrong by e⁵.
#[test]
fn a_wrong_partition_function_leaves_the_score_as_it_is() {
    let instance = random(2, 3);
    let p = instance.density();
    let weights = instance.weights.clone() * 5.0_f64.exp();
    let wrong = Boltzmann::new(
        |x| instance.model.clone().map(|p| p.lift(x)).energy(x, instance.sigma),
        Rule { nodes: instance.nodes.clone(), weights },
    );
    let off = p.log_density(&instance.x) - wrong.log_density(&instance.x);
    assert!(off.data().iter().all(|gap| (gap - 5.0).abs() < 1e-10));
    assert_eq!(p.score(&instance.x), wrong.score(&instance.x));
}

/// T1: −E has no integral if nothing confines it, nor with its sign turned round (a bug that
/// shipped: the energy comes out inverted). The integral grows with the range, without end.
#[test]
fn an_energy_that_does_not_confine_or_is_upside_down_has_no_partition_function() {
    let instance = random(1, 3);
    let over = |reach: f64, energy: fn(&SoftplusEnergy, &Matrix) -> Matrix| {
        let rule = Rule::trapezoid(-reach, reach, 4000);
        log_partition(&energy(&instance, &rule.nodes), &rule, 0.0).item()
    };
    let confined = |reach| over(reach, SoftplusEnergy::energy);
    let inverted = |reach| over(reach, |instance, x| -instance.energy(x));
    let free = |reach| {
        over(reach, |instance, x| {
            let quadratic = x.squared_norm() * (0.5 / (instance.sigma * instance.sigma));
            instance.energy(x) - quadratic
        })
    };
    assert!((confined(20.0) - confined(15.0)).abs() < 1e-12);
    assert!(inverted(20.0) - inverted(15.0) > 50.0, "{}", inverted(20.0) - inverted(15.0));
    assert!(free(20.0) - free(15.0) > 0.2, "{}", free(20.0) - free(15.0)); // at least log (4/3)
}

/// T1: ∇_θ log p and ∇ₓ log p are different objects. For N(0, 1/λ) they are 1/(2λ) − x²/2 and −λx:
/// at the mode the one vanishes and the other does not. Only for a location they agree, up to sign.
#[test]
fn the_parameter_score_is_not_the_score() {
    let rule = Rule::trapezoid(-12.0, 12.0, 200);
    let tape = Tape::new();
    let (precision, location) = (tape.var(&scalar(2.0)), tape.var(&scalar(0.3)));
    let log_density = |x: f64| {
        let energy = |nodes: &Matrix| {
            let centred = tape.var(nodes).add_row(&-location);
            centred.squared_norm().nn(&precision) * 0.5
        };
        let log_z = log_partition(&energy(&rule.nodes), &rule, 0.0);
        -energy(&scalar(x)).sum() - log_z
    };
    let x = 0.3;
    let slopes = log_density(x).gradient(&[precision, location]);
    assert!((slopes[0].item() - 0.25).abs() < 1e-12, "1/(2λ): {}", slopes[0].item());
    assert!(slopes[1].item().abs() < 1e-12, "the score at the mode: {}", slopes[1].item());
    let x = 1.0;
    let slope = log_density(x).gradient(&[location])[0].item();
    assert!((slope - 2.0 * (x - 0.3)).abs() < 1e-12, "−∇ₓ log p: {slope}");
}

fn scalar(value: f64) -> Matrix {
    Matrix::from_rows([[value]])
}

/// T1: why densities are kept as logarithms. A thousand draws of N(0, 1) have a likelihood of about
/// e^(−1419), while the least positive f64 is e^(−745); of N(0, 10⁻⁶) it is e^5489, beyond the
/// largest, e^710. The logarithms are within 6 standard errors of −n H: the variance of log p is ½.
#[test]
fn a_product_of_a_thousand_densities_underflows_and_its_logarithm_does_not() {
    let n: u16 = 1000;
    for (variance, limit) in [(1.0, 0.0), (1e-6, f64::INFINITY)] {
        let p = Mixture::isotropic(1, variance);
        let x = p.sample(n.into(), &mut Generator::seed_from_u64(1));
        let log = p.log_density(&x);
        let product: f64 = log.data().iter().map(|l| l.exp()).product();
        let sum = log.sum().item();
        let entropy = 0.5 * (std::f64::consts::TAU * std::f64::consts::E * variance).ln();
        println!("variance {variance}: product {product}, sum of logarithms {sum:.1}");
        assert_eq!(product, limit);
        assert!((sum + f64::from(n) * entropy).abs() < 6.0 * (0.5 * f64::from(n)).sqrt());
    }
    // And one score: ∇p/p is 0/0 far out, where ∇ log p = −x is −40.
    let p = Mixture::isotropic(1, 1.0);
    let x = scalar(40.0);
    let density = p.log_density(&x).exp().item();
    let slope = density * -40.0;
    assert!(density == 0.0 && (slope / density).is_nan());
    assert!((p.score(&x).item() + 40.0).abs() <= 40.0 * 8.0 * f64::UNIT_ROUNDOFF);
}

/// T29: the gradient without Z, followed, does not fit but flees. For N(0, 1/λ) on its own data,
/// 𝔼 ∂_λ log p̃ = −1/(2λ) at every λ, so λ → 0; with 1/(2λ) from Z it is 0 at the truth alone.
#[test]
fn not_the_gradient_of_the_likelihood_without_z() {
    let truth = 2.0;
    let second_moment = 1.0 / truth;
    let with_z = |lambda: f64| 0.5 / lambda - 0.5 * second_moment;
    let without = |_: f64| -0.5 * second_moment;
    let ascend = |slope: &dyn Fn(f64) -> f64| {
        (0..400).fold(1.0_f64, |lambda, _| (lambda + 0.5 * slope(lambda)).max(1e-3))
    };
    assert!((ascend(&with_z) - truth).abs() < 1e-9, "{}", ascend(&with_z));
    assert!(ascend(&without) < 0.01, "it runs to the flattest density there is");
}
