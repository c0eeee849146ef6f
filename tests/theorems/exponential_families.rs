//! T19: exponential families are fitted by one linear solve, and at a price.
//!
//! That ISM is the quadratic form is proved with the theorem. Here stand features of other kinds and
//! the price, an efficiency of 0.685 for the quartic: in closed form, by quadrature, by simulation.

use rand::{RngExt, SeedableRng};
use score_matching::{
    Array, Dual, Matrix,
    density::{Density, Mixture, Univariate},
    identity::exponential_families::{
        FamilyOnSample, by_differentiation,
        efficiency::{self, Estimates, Variances},
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
    let centred = x.clone().add_row(&-(x.clone().sum_over_samples() * (1.0 / 50.0)));
    let covariance = centred.tn(&centred).at(0, 0) / 50.0;
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
    let ism = |theta: f64| {
        let (features, theta) = (Monomials::quartic(), Matrix::from_rows([[-theta]]));
        by_differentiation(&FamilyOnSample { features, x: x.clone(), theta })[0].item()
    };
    let loss = |theta: f64| theta * mean_4 - 0.25 * theta.ln();
    for factor in [0.9, 0.99, 1.01, 1.1] {
        assert!(ism(score_matching * factor) > ism(score_matching));
        assert!(loss(likelihood * factor) > loss(likelihood));
    }
    assert_eq!(likelihood, quartic_likelihood_estimate(mean_4));
}
