//! T21 and T22: what Langevin dynamics samples, and what ascent does not.
//!
//! The chains are independent and started alike, so a mean over them has a standard error; the
//! steps of one chain are not, and no mean is taken over them. Where a Monte Carlo mean is compared
//! with a formula, the nearest false formulas must miss on the same draws by ten standard errors.

use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use score_matching::{
    Array, Matrix,
    density::{Density, Mixture, mixture::diagonal},
    identity::{
        Check,
        explicit_implicit::{Instance, doubled},
        langevin::{
            Smooth, TwoModes, ascend, biased_variance, conventions, detailed_balance, dyadic,
            enumerated, expectation_after, generator, place, stationary_variance, variances,
        },
    },
    matrix::{
        Real,
        cholesky::Cholesky,
        noise::{Generator, standard_normal},
    },
    quadrature::Rule,
    sampler::{
        Sampler, Step, langevin, metropolis,
        metropolis::{log_acceptance, log_proposal},
    },
};

mod common;

const U: f64 = f64::UNIT_ROUNDOFF;

proptest! {
    #![proptest_config(common::config(200))]

    /// For every ε whose half is a normal number, from the smallest to the largest.
    #[test]
    fn both_conventions_are_one_chain_bit_for_bit(seed: u64, exponent in -1020..1020_i32, m in 1.0..2.0_f64) {
        let mut rng = Generator::seed_from_u64(seed);
        let [x, score, z] = [(); 3].map(|()| standard_normal(4, 3, &mut rng));
        let sides = conventions(&x, &score, &z, m * 2.0_f64.powi(exponent));
        prop_assert!(sides.are_identical() && sides.left[0].is_finite(), "{sides:?}");
        // In the wrong convention (α, √(2α)) with α = ε, both constants are others.
        prop_assert_ne!(Step::doubled(m), Step::halved(m));
    }

    #[test]
    fn the_generator_has_the_mean_zero_on_the_line(seed: u64) {
        let mut rng = Generator::seed_from_u64(seed);
        let (instance, f) = (Instance::random(1, &mut rng), Smooth::random(1, &mut rng));
        let check = doubled(|steps| generator(&instance, &f, steps), 512);
        prop_assert!(check.holds() && check.tolerance < 1e-12, "{check:?}");
    }

    #[test]
    fn the_variance_of_the_chain_obeys_its_recursion_exactly(seed: u64) {
        let (step, v) = dyadic(&mut Generator::seed_from_u64(seed));
        let check = enumerated(step, v, 5);
        prop_assert!(check.holds(), "{step:?} {v} {check:?}");
        // with the noise of (α, √(2α)) for α = ε instead
        let swapped = variances(Step { noise: 2.0_f64.sqrt() * step.noise, ..step }, v).nth(4);
        let right = variances(step, v).nth(4).expect("without end");
        prop_assert!((swapped.expect("without end") / right - 2.0).abs() < 1e-12);
    }

    /// The recursion contracts by (1 − ε/(2v))², so its rounding errors add up to at most
    /// 8 u/(1 − that); the closed form passes through 8 roundings, magnified by as much at 1 − ε/(4v).
    #[test]
    fn the_stationary_variance_is_v_over_one_minus_epsilon_over_4v(v in 0.1..10.0_f64, share in 0.02..3.98_f64) {
        let epsilon = share * v;
        let step = Step::halved(epsilon);
        let keep = 1.0 - 0.5 * share;
        let found = variances(step, v).nth(2000).expect("without end");
        let formula = biased_variance(v, epsilon);
        let solved = stationary_variance(step, v).expect("it converges");
        let allowed = 16.0 * U / (1.0 - keep * keep) + keep.powi(4000);
        prop_assert!((found / formula - 1.0).abs() <= allowed, "{found} {formula}");
        prop_assert!((solved / formula - 1.0).abs() <= allowed, "{solved} {formula}");
        // a fixed step does not sample p: off by ε/(4v)/(1 − ε/(4v)) of v
        prop_assert!((found / v - 1.0) >= 0.25 * share * (1.0 - 1e-9));
    }

    #[test]
    fn from_four_v_on_the_variance_grows_without_end(v in 0.1..10.0_f64, beyond in 0.0..4.0_f64) {
        let step = Step::halved((4.0 + beyond) * v);
        prop_assert_eq!(stationary_variance(step, v), None);
        let path: Vec<f64> = variances(step, v).take(50).collect();
        // each time by ε at least
        let noise = step.noise * step.noise;
        prop_assert!(path.windows(2).all(|w| w[1] - w[0] >= noise * (1.0 - 1e-9)), "{:?}", path);
    }

    /// In any dimension, direction by direction: S = (P − (ε/4) P²)⁻¹ with P = Σ⁻¹ solves
    /// S = A S Aᵀ + ε I, A = I − (ε/2) P.
    #[test]
    fn the_stationary_covariance_solves_its_equation(seed: u64, share in 0.1..3.5_f64) {
        let mut rng = Generator::seed_from_u64(seed);
        let root = standard_normal::<f64>(3, 3, &mut rng);
        let p = root.tn(&root) + diagonal(3, 1.0);
        let largest = p.data().iter().map(|x| x.abs()).sum::<f64>(); // above the largest eigenvalue
        let epsilon = share / largest;
        let inverse = p.clone() - p.nn(&p) * (0.25 * epsilon);
        let s = Cholesky::new(&inverse).expect("stable").solve(&diagonal(3, 1.0));
        let a = diagonal(3, 1.0) - p * (0.5 * epsilon);
        let gap = a.nn(&s).nt(&a) + diagonal(3, epsilon) - &s;
        let worst = gap.data().iter().fold(0.0_f64, |m, x| m.max(x.abs()));
        // A solve is backward stable: S is off by 16 u ‖S‖² ‖P‖ at most, and ‖S‖ ≤ 8 as P ≥ 1.
        prop_assert!(worst <= 64.0 * U * (1.0 + 64.0 * largest), "{worst}");
    }

    #[test]
    fn the_metropolis_rule_is_in_detailed_balance(seed: u64, epsilon in 0.05..2.0_f64, d in 1..=3_usize) {
        let mut rng = Generator::seed_from_u64(seed);
        let p = Instance::random(d, &mut rng).density;
        let pair = [(); 2].map(|()| p.sample(1, &mut rng));
        let sides = detailed_balance(&p, &pair, epsilon);
        prop_assert!(sides.agree(), "{:?}", sides.check());
        // and the sampler's ratio has exactly the other sign on the way back
        let [here, there] = [0, 1].map(|i| place(&p, &pair[i]));
        let [forth, back] = [(&here, &there), (&there, &here)].map(|(a, b)| log_acceptance(a, b, epsilon));
        prop_assert_eq!(forth, -back);
    }

    /// On N(0, v) the ratio is −ε (‖x′‖² − ‖x‖²)/(8 v²): of an order in ε that no bias is left.
    #[test]
    fn on_a_gaussian_the_acceptance_is_known(seed: u64, epsilon in 0.05..2.0_f64, v in 0.3..3.0_f64) {
        let mut rng = Generator::seed_from_u64(seed);
        let p = Mixture::isotropic(2, v);
        let [here, there] = [(); 2].map(|()| place(&p, &p.sample(1, &mut rng)));
        let [a, b] = [&here, &there].map(|place| place.x.squared_norm().item());
        let found = log_acceptance(&here, &there, epsilon).item();
        let terms = (a + b) * (1.0 / v + 1.0 / epsilon + epsilon / (v * v)) + 12.0;
        prop_assert!((found + epsilon * (b - a) / (8.0 * v * v)).abs() <= 2.0 * 32.0 * terms * U);
    }
}

proptest! {
    #![proptest_config(common::config(5))]

    #[test]
    fn the_generator_has_the_mean_zero_in_the_plane(seed: u64) {
        let mut rng = Generator::seed_from_u64(seed);
        let (instance, f) = (Instance::random(2, &mut rng), Smooth::random(2, &mut rng));
        let check = doubled(|steps| generator(&instance, &f, steps), 120);
        prop_assert!(check.holds() && check.tolerance < 1e-10, "{check:?}");
        // half the drift, as in (ε/2, √(2ε)), leaves half of 𝔼Δf
        let balance = generator(&instance, &f, 240);
        let wrong = Check::new(check.evidence, balance.left, 0.5 * balance.right, balance.scale, check.tolerance);
        prop_assert!(wrong.fails_by(10.0) || balance.left.abs() < 1e-6);
    }
}

/// Both sides of 1 − ε/(4v) = 2⁻ᵏ are dyadic: the fixed point 2ᵏ v is one bit for bit.
#[test]
fn the_fixed_point_is_exact_where_nothing_rounds() {
    for (k, v) in (0..20).flat_map(|k| [0.25, 1.0, 8.0].map(|v| (k, v))) {
        let epsilon = 4.0 * v * (1.0 - 0.5_f64.powi(k));
        let keep = 1.0 - 0.5 * epsilon / v;
        let fixed = biased_variance(v, epsilon);
        assert_eq!(fixed, 2.0_f64.powi(k) * v);
        assert_eq!(keep * keep * fixed + epsilon, fixed, "k = {k}, v = {v}");
    }
}

/// The score of N(0, v).
fn linear(v: f64) -> impl Fn(&Matrix) -> Matrix {
    move |x: &Matrix| x.clone() * (-1.0 / v)
}

fn squares(x: &Matrix) -> Vec<f64> {
    x.data().iter().map(|x| x * x).collect()
}

const V: f64 = 1.7;
const SHARES: [f64; 5] = [0.1, 0.5, 1.0, 2.0, 3.0];
const CHAINS: usize = 400_000;

/// From 0 the variance is (1 − keep²ᵀ) of the stationary one, keep = 1 − ε/(2v): so many steps that
/// this is 1 − 10⁻⁶ at most, while a standard error is √(2/n) = 2·10⁻³.
fn burn_in(share: f64) -> usize {
    let keep = (1.0 - 0.5 * share).abs();
    (1..).find(|&t| keep.powi(2 * t) <= 1e-6).expect("it contracts") as usize
}

/// Chains from 0, enough for the wrong rules, which are far off.
const FEW: usize = 100_000;

fn unadjusted(chains: usize, step: Step, steps: usize, rng: &mut Generator) -> Vec<f64> {
    let start = Matrix::zeros(chains, 1);
    squares(&langevin(linear(V), start, step, rng).after(steps).expect("finite"))
}

/// 400 000 chains from 0 for each step size, seed 21.
#[test]
fn the_stationary_variance_is_measured_for_five_step_sizes() {
    let mut rng = Generator::seed_from_u64(21);
    for share in SHARES {
        let (epsilon, steps) = (share * V, burn_in(share));
        let found = unadjusted(CHAINS, Step::halved(epsilon), steps, &mut rng);
        let claims = [biased_variance(V, epsilon), V];
        let [right, unbiased] = claims.map(|variance| Check::monte_carlo(&found, variance));
        println!(
            "ε = {share} v, {steps} steps: {:.2} standard errors from v/(1 − ε/(4v)), {:.1} from v",
            right.residual, unbiased.residual
        );
        assert!(right.holds(), "{right:?}");
        assert!(unbiased.residual >= 10.0, "a fixed step samples p: {unbiased:?}");
    }
}

/// (ε/2, √(2ε)) and (ε, √ε) are other temperatures: each has its own variance. 100 000 chains, seed
/// 20.
#[test]
fn swapped_constants_are_caught() {
    let mut rng = Generator::seed_from_u64(20);
    for share in [0.5, 1.0, 1.5] {
        let epsilon = share * V;
        let right = Step::halved(epsilon);
        for wrong in [
            Step { noise: Step::doubled(epsilon).noise, ..right },
            Step { drift: Step::doubled(epsilon).drift, ..right },
        ] {
            let found = unadjusted(FEW, wrong, burn_in(share), &mut rng);
            let settles = stationary_variance(wrong, V).expect("a stable step");
            let [own, claimed] = [settles, biased_variance(V, epsilon)]
                .map(|variance| Check::monte_carlo(&found, variance));
            println!("{wrong:?}: {:.2} from its own, {:.0} off", own.residual, claimed.residual);
            assert!(own.holds() && claimed.residual >= 10.0, "{own:?} {claimed:?}");
        }
    }
}

/// 400 000 chains for 20 steps from p, in which they stay after every step, so that no burn-in has
/// to suffice; and 100 000 for 40 steps from 0, which show that the chain moves and forgets. Seed 22.
#[test]
fn the_adjusted_chain_has_the_variance_of_p_for_five_step_sizes() {
    let mut rng = Generator::seed_from_u64(22);
    let potential = |x: &Matrix| (x.squared_norm() * (0.5 / V), x.clone() * (-1.0 / V));
    for share in SHARES {
        let epsilon = share * V;
        let p = standard_normal(CHAINS, 1, &mut rng) * V.sqrt();
        for (name, start, steps) in [("p", p, 20), ("0", Matrix::zeros(FEW, 1), 40)] {
            // (1 − ε/(2v))⁸⁰ is below 10⁻⁶ from ε = v/2 on; of a smaller ε 40 steps are too few.
            if name == "0" && share < 0.5 {
                continue;
            }
            let mut chains = metropolis(potential, start, epsilon, &mut rng);
            let found = squares(&chains.by_ref().after(steps).expect("finite"));
            let accepted = chains.acceptance();
            let claims = [V, biased_variance(V, epsilon)];
            let [right, biased] = claims.map(|variance| Check::monte_carlo(&found, variance));
            println!(
                "ε = {share} v from {name}, {accepted:.4} accepted: {:.2} standard errors from v, \
                 {:.1} from the unadjusted",
                right.residual, biased.residual
            );
            assert!(right.holds(), "{share} from {name}: {right:?}");
            assert!(biased.residual >= 10.0, "as if unadjusted: {biased:?}");
            assert!(accepted > 0.5 && accepted < 1.0, "{accepted}");
        }
    }
}

/// A bug that shipped: the same key, so the same noise, at every step. The chain then runs towards a
/// place √ε z/(ε/(2v)) and stops, with the variance 4v²/ε instead. 100 000 chains, seed 23.
#[test]
fn one_noise_for_all_steps_is_caught() {
    for share in [0.5, 1.0, 3.0] {
        let epsilon = share * V;
        let mut x = Matrix::zeros(FEW, 1);
        // the place is neared like keepᵀ, the variance by half the rate of burn_in
        for _ in 0..2 * burn_in(share) {
            let same = &mut Generator::seed_from_u64(23);
            x = langevin(linear(V), x, Step::halved(epsilon), same).after(1).expect("finite");
        }
        let claims = [4.0 * V * V / epsilon, biased_variance(V, epsilon)];
        let [own, right] = claims.map(|variance| Check::monte_carlo(&squares(&x), variance));
        assert!(own.holds() && right.residual >= 10.0, "{own:?} {right:?}");
    }
}

/// 𝔼_p f after a step less 𝔼_p f before, ΣΣ p(x) k(x′|x) a(x′|x) (f(x′) − f(x)), for a rule a of the
/// log ratio and its parts; and the same with |f(x′) − f(x)|.
///
/// On one grid for x and x′, detailed balance makes the sum vanish term against term, although a has
/// kinks.
fn change(accept: impl Fn(f64, f64) -> f64) -> (f64, f64) {
    let at = |w: f64, m: f64| (w, Matrix::from_rows([[m]]), Matrix::from_rows([[0.6]]));
    let p = Mixture::new([at(0.7, -1.0), at(0.3, 1.5)]);
    let rule = p.rule(&Rule::trapezoid(-9.0, 9.0, 240));
    let epsilon: f64 = 0.5;
    let places: Vec<_> =
        (0..rule.nodes.rows()).map(|i| place(&p, &rule.nodes.select(&[i]))).collect();
    let (mut sum, mut size) = (0.0, 0.0);
    for (i, here) in places.iter().enumerate() {
        for there in &places {
            let ratio = log_acceptance(here, there, epsilon).item();
            let of_energy = (here.energy.clone() - &there.energy).item();
            let kernel = (log_proposal(here, there, epsilon).item()
                - 0.5 * (std::f64::consts::TAU * epsilon).ln())
            .exp();
            let (x, y) = (here.x.item(), there.x.item());
            let weight = rule.weights.at(i, 0) * kernel * accept(ratio, of_energy) * 18.0 / 240.0;
            sum += weight * (y * y - x * x);
            size += weight * (y * y - x * x).abs();
        }
    }
    (sum, size)
}

/// Forgetting that the proposal is not symmetric, min(1, p(x′)/p(x)), moves 𝔼 x² in one step by more
/// than 1 % of all that is moved; and so does accepting everything.
#[test]
fn the_metropolis_rule_keeps_p_and_wrong_rules_do_not() {
    let (kept, size) = change(|ratio, _| ratio.exp().min(1.0));
    // The ratio has terms up to (18 + ψε)²/ε < 2000 in size where the kernel is not negligible at all.
    assert!(kept.abs() <= 2.0 * 32.0 * 2000.0 * U * size, "{kept} of {size}");
    let (symmetric, _) = change(|_, of_energy| of_energy.exp().min(1.0));
    let (unadjusted, _) = change(|_, _| 1.0);
    println!(
        "change of 𝔼x²: {kept:.1e}; proposal forgotten {symmetric:.4}, unadjusted {unadjusted:.4}; of {size:.4}"
    );
    assert!(symmetric.abs() > 0.01 * size, "{symmetric} of {size}");
    assert!(unadjusted.abs() > 0.01 * size, "{unadjusted} of {size}");
}

/// p on the line: ½N(−1.5, ½) + ½N(1.5, ½), and what says in which mode x is.
fn two_modes() -> Mixture {
    let at = |m: f64| (0.5, Matrix::from_rows([[m]]), Matrix::from_rows([[0.5]]));
    Mixture::new([at(-1.5), at(1.5)])
}

fn share_of_the_right(p: &Mixture, x: &Matrix) -> Matrix {
    let (rho, _) = p.responsibilities(x);
    Matrix::from_fn(x.rows(), 1, |i, _| rho.at(i, 1))
}

/// 20 000 chains of 300 steps from one start, seed 24: the share of the mode where they began is,
/// within 6 standard errors, what quadrature over every step says, and near ½. Ascent keeps them all.
#[test]
fn langevin_leaves_the_mode_that_ascent_ends_in() {
    let (p, start, step, steps) = (two_modes(), 2.0, Step::halved(0.2), 300);
    let rule = |nodes| Rule::trapezoid(-9.0, 9.0, nodes);
    let expected = [200, 400].map(|nodes| {
        let rule = rule(nodes);
        let share = share_of_the_right(&p, &rule.nodes);
        expectation_after(&p, start, step, steps, &rule, &share)
    });
    // 400 nodes and 300 steps of sums of positive terms, and a few roundings for each
    assert!((expected[0] - expected[1]).abs() < 300.0 * 420.0 * U, "{expected:?}");

    let at_start = || Matrix::from_fn(20_000, 1, |_, _| start);
    let mut rng = Generator::seed_from_u64(24);
    let found = langevin(|x| p.score(x), at_start(), step, &mut rng).after(steps).expect("finite");
    let shares = share_of_the_right(&p, &found);
    let [right, stayed] = [expected[1], 1.0].map(|e| Check::monte_carlo(shares.data(), e));
    let visited = found.data().iter().filter(|x| **x < 0.0).count() as f64 / 20_000.0;
    println!(
        "share of the mode of the start: expected {:.4}, {:.2} standard errors off; {:.0} from \
         staying; {visited:.3} of the chains are in the other mode",
        expected[1], right.residual, stayed.residual
    );
    assert!(right.holds() && (expected[1] - 0.5).abs() < 0.05, "{expected:?} {right:?}");
    assert!(stayed.residual >= 10.0 && (0.4..0.6).contains(&visited));

    let climbed = ascend(&p, at_start(), step.drift, steps).expect("finite");
    assert!(climbed.data().iter().all(|&x| (x - 1.5).abs() < 0.01), "all in one point");
    assert!(climbed.data().iter().all(|x| x == &climbed.at(0, 0)));
}

proptest! {
    #![proptest_config(common::config(100))]

    #[test]
    fn ascent_ends_in_the_mode_of_its_start(seed: u64) {
        let modes = TwoModes::random(&mut Generator::seed_from_u64(seed));
        for side in [1.0, -1.0] {
            let check = modes.climb(side);
            prop_assert!(check.holds(), "{check:?}");
            // the other end is no mode of this start, and no minimum is a mode
            prop_assert!(modes.end(side).inner(&modes.end(-side)).item() < 0.0);
        }
        let saddle = Cholesky::new(&-modes.density.hessian(&Matrix::zeros(1, 2)));
        prop_assert!(saddle.is_err(), "between the modes the Hessian is not negative definite");
    }

    /// Each step gains α(1 − α/(2v))‖ψ‖² at least, v being the least variance of a component.
    #[test]
    fn every_step_of_ascent_climbs(seed: u64, share in 0.05..1.9_f64) {
        let mut rng = Generator::seed_from_u64(seed);
        let p = Instance::random(2, &mut rng).density;
        let v = 0.49; // standard deviations from 0.7 on
        let alpha = share * v;
        let mut x = standard_normal(1, 2, &mut rng) * 3.0;
        for _ in 0..20 {
            let (psi, before) = (p.score(&x), p.log_density(&x).item());
            let squared = psi.squared_norm().item();
            x = ascend(&p, x, alpha, 1).expect("finite");
            let gain = p.log_density(&x).item() - before;
            // log p is off by 24 u of its terms, which are |log p| and constants below 12.
            let rounding = 2.0 * 24.0 * (before.abs() + 12.0) * U;
            prop_assert!(gain >= alpha * (1.0 - 0.5 * share) * squared - rounding, "{gain}");
        }
    }

    #[test]
    fn ascent_ends_where_the_score_is_zero_and_the_hessian_negative(seed: u64) {
        let mut rng = Generator::seed_from_u64(seed);
        let p = Instance::random(2, &mut rng).density;
        let start = p.sample(1, &mut rng);
        let end = ascend(&p, start.clone(), 0.49, 3000).expect("finite");
        let score = p.score(&end).squared_norm().item().sqrt();
        // A step moves x by αψ: below u‖x‖ nothing moves, and ψ itself is off by 64 u ‖x − μ‖/v.
        prop_assert!(score <= 128.0 * U * 4.0 / 0.49, "{score}");
        prop_assert!(Cholesky::new(&-p.hessian(&end)).is_ok());
        prop_assert!(p.log_density(&end).item() >= p.log_density(&start).item());
    }
}

/// In 100 dimensions no sample of N(0, I) is anywhere near the mode: 10 000 chains of 60 steps,
/// ε = 0.2, seed 25. ‖x‖²/d of a chain has the mean 1/(1 − ε/4) and the variance 2/d of its square.
#[test]
fn a_sample_is_not_the_most_probable_point() {
    let (d, epsilon) = (100, 0.2);
    let mut rng = Generator::seed_from_u64(25);
    let found = langevin(linear(1.0), Matrix::zeros(10_000, d), Step::halved(epsilon), &mut rng)
        .after(burn_in(epsilon))
        .expect("finite");
    let radii: Vec<f64> = found.squared_norm().data().iter().map(|r| r / d as f64).collect();
    let [right, mode] =
        [biased_variance(1.0, epsilon), 0.0].map(|expected| Check::monte_carlo(&radii, expected));
    let nearest = radii.iter().copied().fold(f64::MAX, f64::min);
    println!("the chain that is nearest to the mode has ‖x‖²/d = {nearest:.2}");
    assert!(right.holds() && mode.residual > 100.0, "{right:?}");
    assert!(nearest > 0.4, "{nearest}");
    let mut other = Generator::seed_from_u64(26);
    let start = Matrix::from_fn(10, d, |_, _| other.random_range(-2.0..2.0));
    let climbed = ascend(&Mixture::isotropic(d, 1.0), start, 0.5 * epsilon, 400).expect("finite");
    assert!(climbed.squared_norm().data().iter().all(|r| *r < 1e-20), "ascent is at the mode");
}
