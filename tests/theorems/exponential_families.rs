//! T19: exponential families are fitted by one linear solve, exactly, to rounding, and at a price.
//!
//! Where nothing rounds, differentiation and the quadratic form must agree bit for bit, with
//! integers as a third witness. The Gaussian claim is an identity of integers. The price, an
//! efficiency of 0.685 for the quartic, is computed in closed form, by quadrature and by simulation.

use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use score_matching::{
    Array, Dual, Matrix,
    density::{Density, Mixture, Univariate},
    identity::exponential_families::{
        Instance, by_differentiation,
        efficiency::{self, Estimates, Variances},
        gaussian, gaussian_sample, quadratic, stationarity,
    },
    matrix::noise::{Generator, standard_normal},
    model::{
        ExponentialFamily, Features, Monomials,
        exponential_family::{quartic_estimate, quartic_likelihood_estimate},
    },
    objective::{implicit, trace},
    quadrature::{Rule, converged},
};

fn generator(seed: u64) -> Generator {
    Generator::seed_from_u64(seed)
}

proptest! {
    #![proptest_config(crate::common::config(500))]

    #[test]
    fn implicit_score_matching_is_quadratic_in_the_natural_parameters(seed: u64) {
        let sides = quadratic(&Instance::any(&mut generator(seed)));
        prop_assert!(sides.agree(), "{} > {}", sides.residual(), sides.tolerance());
    }

    #[test]
    fn its_gradient_vanishes_at_the_estimate(seed: u64) {
        let sides = stationarity(&Instance::any(&mut generator(seed)));
        prop_assert!(sides.agree(), "{} > {}", sides.residual(), sides.tolerance());
    }

    #[test]
    fn for_the_gaussian_score_matching_is_maximum_likelihood_on_any_sample(seed: u64) {
        let sides = gaussian(&gaussian_sample(&mut generator(seed)));
        prop_assert!(sides.agree(), "{} > {}", sides.residual(), sides.tolerance());
    }
}

/// Value, gradient and Hessian where nothing rounds, bit for bit; the value against integers.
#[test]
fn implicit_score_matching_is_quadratic_bit_for_bit() {
    let mut rng = generator(2007);
    for _ in 0..500 {
        let instance = Instance::dyadic(&mut rng);
        let sides = quadratic(&instance);
        assert!(sides.are_identical(), "{instance:?}");
        let value = in_integers(&instance);
        assert_eq!(sides.left[0].item(), value, "something rounded: {instance:?}");
    }
}

/// ISM of a dyadic instance in exact integer arithmetic, the derivatives of the monomials by hand.
fn in_integers(instance: &Instance) -> f64 {
    let Instance { features, x, theta } = instance;
    let (n, d) = x.shape();
    let quarters: Vec<i128> = theta.data().iter().map(|t| (t * 4.0) as i128).collect();
    let power = |x: f64, p: usize| (x as i128).pow(u32::try_from(p).expect("a small exponent"));
    // ∂ᵐ/∂xⱼᵐ of the monomial with exponents e
    let derivative = |x: &[f64], e: &[usize], j: usize, m: usize| -> i128 {
        let falling: usize = (0..m).map(|i| e[j].saturating_sub(i)).product();
        let rest = |i: usize| power(x[i], if i == j { e[i].saturating_sub(m) } else { e[i] });
        falling as i128 * (0..d).map(rest).product::<i128>()
    };
    let mut sixteenths = 0; // of half the sum
    for i in 0..n {
        for j in 0..d {
            let terms = |m: usize| -> i128 {
                let each = features.exponents().iter().zip(&quarters);
                each.map(|(e, t)| t * derivative(x.row(i), e, j, m)).sum()
            };
            sixteenths += terms(1).pow(2) + 8 * terms(2);
        }
    }
    assert!(sixteenths.abs() < 1 << 53, "over the bit budget");
    sixteenths as f64 / (32.0 * n as f64)
}

/// The Gaussian case is an identity of integers: with S = n Σx xᵀ − (Σx)(Σx)ᵀ, n² times the
/// covariance, maximum likelihood has P = n² S⁻¹ and h = P m. Times det S everything is whole, and
/// Aθ + b must be 0 exactly. Both sides are polynomials in the sample of degree 2d + 2 at most; if
/// they differed, they would agree at a random point of a grid of 2001 values a variable with
/// probability (2d + 2)/2001 at most (Schwartz and Zippel).
#[test]
fn for_the_gaussian_the_likelihood_equations_solve_the_score_matching_equations_in_integers() {
    let mut rng = generator(1922);
    let cases = 500;
    for _ in 0..cases {
        let n: i128 = rng.random_range(3..9);
        let x: Vec<[i128; 2]> =
            (0..n).map(|_| [(); 2].map(|()| i128::from(rng.random_range(-1000..=1000)))).collect();
        let sum = [0, 1].map(|i| x.iter().map(|x| x[i]).sum::<i128>());
        let moment = |i: usize, j: usize| x.iter().map(|x| x[i] * x[j]).sum::<i128>();
        let s = |i: usize, j: usize| n * moment(i, j) - sum[i] * sum[j];
        let det = s(0, 0) * s(1, 1) - s(0, 1) * s(0, 1);
        // det · P/n² = adj S, and det · h/n = adj S · Σx
        let p = [[s(1, 1), -s(0, 1)], [-s(0, 1), s(0, 0)]];
        let h = [0, 1].map(|i| p[i][0] * sum[0] + p[i][1] * sum[1]);
        for i in 0..2 {
            // ∂ISM/∂hᵢ = 𝔼(h − Px)ᵢ is 0 by the choice of h.
            for j in 0..2 {
                // ∂ISM/∂Pᵢⱼ = −½𝔼[(h − Px)ᵢxⱼ + (h − Px)ⱼxᵢ] − δᵢⱼ, times 2 det
                let force = |i: usize, j: usize| {
                    h[i] * sum[j] - n * (p[i][0] * moment(0, j) + p[i][1] * moment(1, j))
                };
                let identity = if i == j { 2 * det } else { 0 };
                assert_eq!(-force(i, j) - force(j, i) - identity, 0);
                // with n − 1 for n, the unbiased covariance, it is not stationary
                let unbiased = -force(i, j) - force(j, i);
                assert!(i != j || det == 0 || (n - 1) * unbiased != n * identity);
            }
        }
    }
    let bound = f64::from(cases) * (6.0_f64 / 2001.0).log10();
    println!("{cases} grid points; a false identity would pass with probability 10^{bound:.0}");
}

/// 16 m₆ θ̂ = 12 m₂ in integers, through the general code: A = 16 Σx⁶, b = 12 Σx², bit for bit.
#[test]
fn the_quartic_estimate_is_three_quarters_of_m2_over_m6() {
    let mut rng = generator(4);
    for _ in 0..500 {
        let n = 1 << rng.random_range(0..5);
        let x = Matrix::from_fn(n, 1, |_, _| f64::from(rng.random_range(-40..=40)));
        let sum = |p: u32| x.data().iter().map(|&x| (x as i128).pow(p)).sum::<i128>();
        if sum(2) == 0 {
            continue;
        }
        let family = ExponentialFamily::of_sample(&Monomials::quartic(), &x);
        let scale = 1.0 / n as f64;
        assert_eq!(family.a.item(), 16.0 * sum(6) as f64 * scale);
        assert_eq!(family.b.item(), 12.0 * sum(2) as f64 * scale);
        let estimate = quartic_estimate(sum(2) as f64, sum(6) as f64);
        // The solve takes a root and divides twice; the formula rounds twice.
        let solved = -family.estimate().expect("a sample that is not all 0").item();
        assert!((solved / estimate - 1.0).abs() <= 6.0 * 0.5 * f64::EPSILON, "{solved} {estimate}");
    }
}

/// Features that are no polynomials: tanh(W x + b), through the same code.
struct Tanh {
    w: Matrix,
    b: Matrix,
}

impl Features for Tanh {
    fn of<A: Array>(&self, x: &A) -> A {
        let lift = |m: &Matrix| x.constant(m.rows(), m.cols(), |i, j| m.at(i, j));
        x.nn(&lift(&self.w)).add_row(&lift(&self.b)).tanh()
    }
}

/// The quadratic form against implicit score matching by another route, forward mode on ψ = ∇(θᵀF)
/// written out by hand: (1 − tanh²) Wᵀθ.
#[test]
fn any_features_will_do() {
    let mut rng = generator(6);
    let (n, d, k) = (20, 3, 5);
    let features = Tanh { w: standard_normal(d, k, &mut rng), b: standard_normal(1, k, &mut rng) };
    let (x, theta) = (standard_normal(n, d, &mut rng), standard_normal(k, 1, &mut rng));
    let weights = Matrix::from_fn(k, d, |i, j| features.w.at(j, i) * theta.at(i, 0));
    let score = |x: &Dual<Matrix>| {
        let y = features.of(x);
        (-(y.clone() * y) + 1.0).nn(&Dual::constant(&weights))
    };
    let ism = implicit(trace::of_score(score, &x)).mean().item();
    let form = ExponentialFamily::of_sample(&features, &x).objective(&theta).item();
    // Each of n d k terms passes through a few dozen roundings; the terms are of order 1.
    assert!((form / ism - 1.0).abs() < (n * d * k) as f64 * f64::EPSILON, "{form} {ism}");
}

/// With the weights of a quadrature instead of a sample, θ̂ is the true parameter: consistency.
#[test]
fn on_the_density_itself_the_estimate_is_the_truth() {
    for theta in [0.1, 1.0, 7.0] {
        let end = (40.0_f64 / theta).powf(0.25);
        let q = Univariate::Quartic { theta };
        let estimate = |steps| {
            let rule = q.rule(&Rule::trapezoid(-end, end, steps));
            let family = ExponentialFamily::new(&Monomials::quartic(), &rule.nodes, &rule.weights);
            -family.estimate().expect("a density has slopes").item()
        };
        let fine = converged(estimate(80), estimate(160), 1e-13 * theta);
        assert!((fine / theta - 1.0).abs() < 1e-13, "{fine} for {theta}");
    }
}

/// A wrong sign, a missing ½, a mean over the dimensions: each gives another estimate.
#[test]
fn not_without_the_sign_nor_the_half_nor_with_a_mean_over_dimensions() {
    let x = Mixture::isotropic(2, 1.0).sample(50, &mut generator(8));
    let sides = gaussian(&x);
    let covariance = sides.right[1].at(0, 0);
    let family = ExponentialFamily::of_sample(&Monomials::gaussian(2), &x);
    let variance = |family: &ExponentialFamily<Matrix>| {
        let theta = family.estimate().expect("a sample in general position");
        let (_, p) = score_matching::identity::exponential_families::moment_form(&theta, 2);
        p.at(1, 1) / (p.at(0, 0) * p.at(1, 1) - p.at(0, 1) * p.at(0, 1))
    };
    let with =
        |a: f64, b: f64| ExponentialFamily { a: family.a.clone() * a, b: family.b.clone() * b };
    assert!((variance(&with(1.0, 1.0)) / covariance - 1.0).abs() < 1e-12);
    assert!(variance(&with(1.0, -1.0)) < 0.0, "the sign of the Laplacian");
    assert!((variance(&with(2.0, 1.0)) / covariance - 2.0).abs() < 1e-12, "without the ½");
    assert!((variance(&with(1.0, 0.5)) / covariance - 2.0).abs() < 1e-12, "the trace over d = 2");
}

#[test]
fn a_constant_direction_leaves_the_estimate_undetermined() {
    // All points on the x-axis: y² has a slope nowhere.
    let x = Matrix::from_rows([[1.0, 0.0], [2.0, 0.0], [-3.0, 0.0]]);
    let features = Monomials::new(vec![vec![2, 0], vec![0, 2]]);
    assert!(ExponentialFamily::of_sample(&features, &x).estimate().is_err());
}

#[test]
fn the_efficiency_of_the_quartic_is_six_times_a_squared_ratio_of_gammas() {
    let exact = efficiency::by_gamma();
    for theta in [0.2, 1.0, 5.0] {
        let [coarse, fine] =
            [1, 2].map(|m| efficiency::by_quadrature(theta, m * efficiency::STEPS));
        let value = converged(coarse, fine, 1e-13);
        assert!((value - exact).abs() < 1e-13, "{value} against {exact}");
    }
    // Γ(¼)Γ(¾) = π√2, and Γ(¼) = 3.625609908221908…
    let again = 12.0 * (std::f64::consts::PI / 3.625_609_908_221_908_f64.powi(2)).powi(2);
    assert!((exact - again).abs() < 1e-13 && (0.685..0.686).contains(&exact), "{exact}");
    println!("efficiency {exact:.12}");
}

/// Gaussian: efficiency 1, as it must be if both are one estimate.
#[test]
fn the_sandwich_of_a_gaussian_scale_is_that_of_maximum_likelihood() {
    // F = x², g = 4x²η + 2, at η = −½: var g/(𝔼 4x²)² = 4·2/16 = ½; 1/var x² = ½.
    let x: Matrix = standard_normal(30, 1, &mut generator(3));
    let family = ExponentialFamily::of_sample(&Monomials::new(vec![vec![2]]), &x);
    let second = x.squared_norm().mean().item();
    let estimate = family.estimate().expect("a sample that is not all 0").item();
    assert!((estimate * -2.0 * second - 1.0).abs() < 8.0 * f64::EPSILON);
}

/// Monte Carlo: 4000 samples of 1000 from a fixed seed. The bias of order 1/n is below a fifth of a
/// standard error; efficiency 1 misses by more than ten.
#[test]
fn simulation_finds_the_efficiency() {
    let (n, repetitions) = (1000, 4000);
    let estimates = Estimates::repeated(n, repetitions, &mut generator(1998));
    let Variances { score_matching, likelihood, efficiency } = Variances::of(&estimates);
    let exact = efficiency::by_gamma();
    println!(
        "efficiency {:.4} ± {:.4} (limit {exact:.4}); n var: {:.3} ± {:.3} and {:.3} ± {:.3}",
        efficiency.value,
        efficiency.error,
        score_matching.value * n as f64,
        score_matching.error * n as f64,
        likelihood.value * n as f64,
        likelihood.error * n as f64,
    );
    assert!((efficiency.value - exact).abs() < 6.0 * efficiency.error);
    assert!(1.0 - efficiency.value > 10.0 * efficiency.error, "n is too small to tell");
    let expected = efficiency::likelihood_variance(n as f64);
    assert!((likelihood.value - expected).abs() < 6.0 * likelihood.error);
    // Fitting ¾ m₂/m₆ by mistake as m₂/m₆ is off by far more than the spread.
    let mean = estimates.iter().map(|e| e.score_matching).sum::<f64>() / repetitions as f64;
    let error = (score_matching.value / repetitions as f64).sqrt();
    let bias = 5.0 / n as f64 / error; // measured below in the figure: about 4/n
    assert!((mean - 1.0) / error < 6.0 + bias && (mean / 0.75 - 1.0) / error > 10.0 + bias);
}

/// Both are minimisers, checked against neighbours on one sample.
#[test]
fn the_estimates_minimise_their_objectives() {
    let x = Univariate::Quartic { theta: 1.0 }.sample(100, &mut generator(12));
    let Estimates { score_matching, likelihood } = Estimates::of(&x);
    let mean_4 = x.data().iter().map(|x| x.powi(4)).sum::<f64>() / 100.0;
    let instance = |x: &Matrix| Instance {
        features: Monomials::quartic(),
        x: x.clone(),
        theta: Matrix::zeros(1, 1),
    };
    let ism =
        |theta: f64| by_differentiation(&instance(&x), &Matrix::from_rows([[-theta]]))[0].item();
    let loss = |theta: f64| theta * mean_4 - 0.25 * theta.ln();
    for factor in [0.9, 0.99, 1.01, 1.1] {
        assert!(ism(score_matching * factor) > ism(score_matching));
        assert!(loss(likelihood * factor) > loss(likelihood));
    }
    assert_eq!(likelihood, quartic_likelihood_estimate(mean_4));
}
