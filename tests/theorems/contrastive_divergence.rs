//! T26: contrastive divergence with a short Langevin step is implicit score matching.
//!
//! In dyadic numbers and once more in integers for quadratic energies, where the remainder is known;
//! by quadrature, without a remainder, for random energies at random points; and the order of the
//! remainder is fitted. Every wrong rule follows another objective, which is named.

use proptest::prelude::*;
use rand::SeedableRng;
use score_matching::{
    Array, Matrix, Tape, Var,
    identity::{
        contrastive_divergence::{
            Energy, Instance, TIMES, TRUNCATION, along_the_step, angle, at, contrastive,
            contrastive_by, distance, first_order, gaussian, implicit, integrated, integrated_by,
            quadratic, signs, summed_terms, through_the_sampler,
        },
        fitted_order,
    },
    matrix::{
        Real,
        noise::{Generator, standard_normal},
    },
    model::Parameters,
    quadrature::{Rule, converged},
    sampler::Step,
};

fn generator(seed: u64) -> Generator {
    Generator::seed_from_u64(seed)
}

/// The gradient of `contrastive` by P and c, and its value, in i128: every entry times the power of
/// two that makes it whole. With x = X/2³, P = M/2², c = C/2², √ε = r/2⁴ there are S and N with
/// ψ = S/2⁵ and x⁻ = N/2¹⁴.
fn in_integers(instance: &Instance) -> Vec<i128> {
    let d = instance.data.nodes.cols();
    let whole = |m: &Matrix, scale: f64| -> Vec<i128> {
        m.data().iter().map(|v| (v * scale) as i128).collect()
    };
    let (x, c) = (whole(&instance.data.nodes, 8.0), whole(&instance.energy.tilt, 4.0));
    let m = whole(&instance.energy.precision, 4.0);
    let r = (instance.epsilon.sqrt() * 16.0) as i128;
    let s: Vec<i128> =
        (0..d).map(|i| -(0..d).map(|j| m[i * d + j] * x[j]).sum::<i128>() - 8 * c[i]).collect();
    let bilinear = |v: &[i128]| -> i128 {
        (0..d * d).map(|e| m[e] * v[e / d] * v[e % d]).sum() // Σ Mᵢⱼ vᵢ vⱼ
    };
    let linear = |v: &[i128]| -> i128 { (0..d).map(|i| c[i] * v[i]).sum() };
    let all = 1_i128 << d;
    let mut value = (all * (bilinear(&x) + 16 * linear(&x))) << 22;
    let mut by_precision: Vec<i128> =
        (0..d * d).map(|e| (all * x[e / d] * x[e % d]) << 22).collect();
    let mut by_tilt: Vec<i128> = x.iter().map(|x| (all * x) << 11).collect();
    for z in 0..all {
        let sign = |i: usize| 1 - 2 * (z >> i & 1);
        let n: Vec<i128> =
            (0..d).map(|i| (x[i] << 11) + r * r * s[i] + ((r * sign(i)) << 10)).collect();
        value -= bilinear(&n) + (linear(&n) << 15);
        by_precision.iter_mut().enumerate().for_each(|(e, g)| *g -= n[e / d] * n[e % d]);
        by_tilt.iter_mut().zip(&n).for_each(|(g, n)| *g -= n);
    }
    [vec![value], by_precision, by_tilt].concat()
}

proptest! {
    #![proptest_config(crate::common::config(1000))]

    /// Bit for bit, remainder and all; and in integers, so that nothing has rounded.
    #[test]
    fn on_a_quadratic_energy_the_remainder_is_known_exactly(seed: u64) {
        let instance = Instance::quadratic(&mut generator(seed));
        let sides = quadratic(&instance);
        prop_assert!(sides.are_identical(), "{sides:?}");
        let d = i32::try_from(instance.data.nodes.cols()).expect("few");
        let shifts = [31 + d, 29 + d, 14 + d];
        let scaled = sides.left.iter().zip(shifts).flat_map(|(m, shift)| {
            m.data().iter().map(move |v| v * 2.0_f64.powi(shift)).collect::<Vec<_>>()
        });
        for (found, expected) in scaled.zip(in_integers(&instance)) {
            prop_assert!(expected.abs() < 1 << 53, "over the bit budget");
            prop_assert_eq!(found, expected as f64);
        }
    }
}

proptest! {
    #![proptest_config(crate::common::config(250))]

    /// The identity without a remainder, values and gradients, at a random point.
    #[test]
    fn contrastive_divergence_is_implicit_matching_integrated_along_the_step(seed: u64) {
        let check = along_the_step(&Instance::any(&mut generator(seed)), 1.0);
        prop_assert!(check.holds() && check.tolerance < 1e-11, "{check:?}");
    }

    /// Twice the nodes for z, or for s, change nothing beyond what is allowed for.
    #[test]
    fn the_rules_for_the_noise_and_for_the_step_have_converged(seed: u64) {
        let coarse = Instance::any(&mut generator(seed));
        let noise = gaussian(coarse.data.nodes.cols(), 32);
        let (fine, terms) = (Instance { noise, ..coarse.clone() }, summed_terms(&coarse));
        let same = |coarse: Vec<Matrix>, fine: Vec<Matrix>| {
            for ((coarse, fine), terms) in coarse.iter().zip(&fine).zip(&terms) {
                for (k, coarse) in coarse.data().iter().enumerate() {
                    converged(*coarse, fine.data()[k], TRUNCATION * terms.data()[k]);
                }
            }
        };
        same(contrastive(&coarse), contrastive(&fine));
        same(integrated(&coarse, 1.0), integrated(&fine, 1.0));
        same(integrated(&coarse, 1.0), integrated_by(&coarse, 1.0, 2 * TIMES));
    }
}

/// The steps at which orders are fitted.
const STEPS: [f64; 6] = [32.0, 64.0, 128.0, 256.0, 512.0, 1024.0];

/// The fitted order of what `measure` finds at the steps 1/32, …, 1/1024.
fn order(instance: &Instance, measure: impl Fn(&Instance) -> f64) -> f64 {
    let points = STEPS.map(|inverse| {
        let epsilon = 1.0 / inverse;
        [epsilon, measure(&Instance { epsilon, ..instance.clone() })]
    });
    fitted_order(&points)
}

/// Ten instances on the line and in the plane, each at one point, and each over eight.
fn instances() -> Vec<Instance> {
    let mut all = vec![];
    for seed in 0..10 {
        let (d, mut rng) = (1 + seed as usize % 2, generator(seed));
        let point = Instance::random(d, &mut rng);
        all.push(Instance { data: at(standard_normal(8, d, &mut rng)), ..point.clone() });
        all.push(point);
    }
    all
}

/// The must: slope 2 for the difference, 1 for the angle between the two gradients.
#[test]
fn the_difference_to_implicit_matching_is_of_order_two() {
    let orders = |measure: fn(&Instance) -> f64| -> Vec<f64> {
        instances().iter().map(|instance| order(instance, measure)).collect()
    };
    let range =
        |of: &[f64]| of.iter().fold((f64::MAX, f64::MIN), |(l, h), o| (l.min(*o), h.max(*o)));
    let difference = orders(|i| distance(&contrastive(i), &implicit(i)));
    let angles = orders(|i| angle(&contrastive(i), &implicit(i)));
    println!("difference: slope in {:?}; angle: slope in {:?}", range(&difference), range(&angles));
    assert!(difference.iter().all(|o| (o - 2.0).abs() < 0.1), "{difference:?}");
    assert!(angles.iter().all(|o| (o - 1.0).abs() < 0.1), "{angles:?}");
}

/// z need not be Gaussian: mean 0, covariance I and no third moment are enough, and signs have that.
/// A skewed z, 2 with probability 1/5 and −½ else, leaves ε^(3/2) 𝔼z³/6 = ε^(3/2)/4 times ∂³ₓ∇_θE.
#[test]
fn any_noise_without_skewness_will_do_and_skewed_noise_will_not() {
    for instance in instances() {
        let d = instance.data.nodes.cols();
        let gap = |i: &Instance| distance(&contrastive(i), &implicit(i));
        let signs = order(&Instance { noise: signs(d), ..instance.clone() }, gap);
        assert!((signs - 2.0).abs() < 0.1, "{signs}");
        if d == 1 {
            let column = |a: f64, b: f64| Matrix::from_rows([[a], [b]]);
            let skewed = Rule { nodes: column(2.0, -0.5), weights: column(0.2, 0.8) };
            let excess = |i: &Instance| {
                let gaussian = Instance { noise: gaussian(1, 16), ..i.clone() };
                distance(&contrastive(i), &contrastive(&gaussian))
            };
            let skewed = order(&Instance { noise: skewed, ..instance.clone() }, excess);
            assert!((skewed - 1.5).abs() < 0.1, "{skewed}");
        }
    }
}

/// E = kx²/2 at k = 3/2 on a sample: ∇ = (ε/2)(k𝔼x² − 1) − ε²k²𝔼x²/8, bit for bit.
#[test]
fn on_a_gaussian_the_remainder_is_the_square_of_the_step() {
    let x = Matrix::from_rows([[-1.5], [0.25], [2.0], [0.5]]);
    let square = x.squared_norm().mean().item();
    let (k, epsilon) = (1.5, 0.0625);
    let data = at(x);
    let instance = Instance { energy: Energy::gaussian(k), data, epsilon, noise: signs(1) };
    let expected = 0.5 * epsilon * (k * square - 1.0) - epsilon * epsilon * k * k * square / 8.0;
    let found = contrastive(&instance)[1].item();
    assert_eq!(found, expected);
    assert_eq!(implicit(&instance)[1].item(), 0.5 * epsilon * (k * square - 1.0));
    assert!((found - implicit(&instance)[1].item()).abs() > 1e-3, "the remainder is seen");
}

/// The values are (ε/2)(‖ψ‖² + tr J), without the ½.
#[test]
fn not_the_values() {
    for instance in instances() {
        let value = |list: Vec<Matrix>| list[0].item();
        let to =
            |a: f64| move |i: &Instance| (value(contrastive(i)) - value(first_order(i, a))).abs();
        let (right, wrong) = (order(&instance, to(2.0)), order(&instance, to(1.0)));
        assert!((right - 2.0).abs() < 0.1, "‖ψ‖² + tr J: {right}");
        assert!((wrong - 1.0).abs() < 0.1, "½‖ψ‖² + tr J: {wrong}");
    }
}

/// Two bugs, one wrong objective: 𝔼[‖ψ‖² + tr J], to second order. The miss is (ε/2)∇½𝔼‖ψ‖².
#[test]
fn not_through_the_sampler_and_not_with_twice_the_drift() {
    let doubled =
        |i: &Instance| contrastive_by(i, Step { drift: i.epsilon, noise: i.epsilon.sqrt() });
    let rules: [(&str, &dyn Fn(&Instance) -> Vec<Matrix>); 2] =
        [("through the sampler", &through_the_sampler), ("twice the drift", &doubled)];
    for (name, rule) in rules {
        let mut least = f64::MAX;
        for instance in instances() {
            let follows = order(&instance, |i| distance(&rule(i), &first_order(i, 2.0)));
            assert!((follows - 2.0).abs() < 0.1, "{name}: {follows}");
            let misses = order(&instance, |i| distance(&rule(i), &implicit(i)));
            assert!((misses - 1.0).abs() < 0.1, "{name}: {misses}");
            let small = Instance { epsilon: 1.0 / 1024.0, ..instance };
            let (wrong, right) = (rule(&small), contrastive(&small));
            let truth = implicit(&small);
            least = least.min(distance(&wrong, &truth) / distance(&right, &truth));
        }
        println!("{name}: misses by {least:.0} times the true remainder at least");
        assert!(least > 10.0, "{name}: {least}");
    }
}

/// What the wrong objective costs: on a Gaussian 𝔼[‖ψ‖² + tr J] = k²m − k is least at k = 1/(2m), so
/// both bugs learn twice the variance. The step (ε/2, √ε) learns 1/k = m, up to ε.
#[test]
fn both_wrong_rules_learn_twice_the_variance() {
    let epsilon = 1.0 / 1024.0;
    let at = |k: f64| {
        let data = at(Matrix::from_rows([[1.0], [-1.0]]));
        Instance { energy: Energy::gaussian(k), data, epsilon, noise: signs(1) }
    };
    // The root of the gradient in k, by bisection: it increases with k.
    let root = |rule: &dyn Fn(&Instance) -> Vec<Matrix>| {
        let halve = |(low, high): (f64, f64)| {
            let middle = 0.5 * (low + high);
            if rule(&at(middle))[1].item() > 0.0 { (low, middle) } else { (middle, high) }
        };
        (0..60).fold((0.1, 4.0), |bracket, _| halve(bracket)).0
    };
    let doubled =
        |i: &Instance| contrastive_by(i, Step { drift: i.epsilon, noise: i.epsilon.sqrt() });
    assert!((1.0 / root(&contrastive) - 1.0).abs() < epsilon);
    for wrong in [&through_the_sampler as &dyn Fn(&Instance) -> Vec<Matrix>, &doubled] {
        assert!((1.0 / root(wrong) - 2.0).abs() < 2.0 * epsilon);
    }
}

/// E(x⁻) − E(x) instead: a step down its gradient raises the energy of the data over that of the
/// negatives, and the angle to implicit matching is π.
#[test]
fn not_with_the_sign_turned_round() {
    for instance in instances() {
        let small = Instance { epsilon: 1.0 / 1024.0, ..instance };
        let gradient = contrastive(&small);
        let flipped: Vec<Matrix> = gradient.iter().map(|g| -g.clone()).collect();
        let truth = implicit(&small);
        assert!(angle(&gradient, &truth) < 0.1 && angle(&flipped, &truth) > 3.0);
        // 𝔼[E(x) − E(x⁻)] with x⁻ where it was, after a step in θ of length 2⁻¹⁰ in all
        let (x, z, weights) = small.pairs();
        let negative = Step::halved(small.epsilon).take(&x, small.energy.score(&x), z);
        let length = distance(&gradient, &flipped) / 2.0;
        let after = |rule: &[Matrix]| {
            let mut slots = rule[1..].iter();
            let moved = small.energy.clone().map(|p| {
                p - slots.next().expect("one for each").clone() * (0.5_f64.powi(10) / length)
            });
            weights.inner(&(moved.energy(&x) - moved.energy(&negative))).sum().item()
        };
        let before = gradient[0].item();
        assert!(after(&gradient) < before && before < after(&flipped));
    }
}

/// Hinton's contrast KL(q‖p) − KL(q_ε‖p), for Gaussians in closed form: if the law q_ε of x⁻ is held,
/// the gradient is (ε/2)∇ISM; in full it is ε∇ESM. The term that contrastive divergence leaves out is
/// as large as the one that it keeps, and has its direction.
#[test]
fn the_term_left_out_is_as_large_as_the_one_kept() {
    let (k, variance) = (1.5, 0.8);
    let contrast = |epsilon: f64, held: bool| {
        let tape = Tape::new();
        let scalar = |value: f64| tape.var(&Matrix::from_rows([[value]]));
        let precision = scalar(k);
        let divergence = |v| {
            let ratio: Var<'_> = precision * v;
            (ratio - ratio.ln() - 1.0) * 0.5
        };
        let kept = -precision * (0.5 * epsilon) + 1.0;
        let after = kept * kept * variance + epsilon;
        let after = if held { scalar(after.value().item()) } else { after };
        (divergence(scalar(variance)) - divergence(after)).gradient(&[precision])[0].item()
    };
    let slope = k * variance - 1.0; // of ESM and ISM
    for (held, factor) in [(true, 0.5), (false, 1.0)] {
        let points = STEPS.map(|n| [1.0 / n, (contrast(1.0 / n, held) - factor * slope / n).abs()]);
        let order = fitted_order(&points);
        assert!((order - 2.0).abs() < 0.1, "held {held}: {order}");
    }
}

/// The gradient in k for E = kx²/2 and data of variance m, by one point and all signs for z.
fn gradient(k: f64, epsilon: f64, m: f64) -> f64 {
    let (energy, data) = (Energy::gaussian(k), at(Matrix::from_rows([[m.sqrt()]])));
    contrastive(&Instance { energy, data, epsilon, noise: signs(1) })[1].item()
}

/// The step that contrastive divergence cannot see: at k = (2/ε)(1 − √(1 − ε/m)) the chain of the
/// *model* has the variance m of the data, and there the gradient vanishes; at k = 1/m it does not.
/// The other root, with a +, repels.
#[test]
fn the_fixed_point_is_the_model_whose_chain_has_the_variance_of_the_data() {
    for (epsilon, m) in [(0.25_f64, 1.0_f64), (0.5, 1.0), (0.5, 2.0), (1.0, 3.0)] {
        let root = |sign: f64| 2.0 / epsilon * (1.0 + sign * (1.0 - epsilon / m).sqrt());
        for (fixed, side) in [(root(-1.0), 1.0), (root(1.0), -1.0)] {
            // x⁻ has terms up to εk√m/2 < 2√m, and 1/v up to 4/ε: both sides are a few times m.
            let (v, rounding) = (1.0 / fixed, 64.0 * f64::UNIT_ROUNDOFF * m * (fixed * m).max(1.0));
            assert!((v / (1.0 - epsilon / (4.0 * v)) - m).abs() < rounding, "the chain's variance");
            let found = gradient(fixed, epsilon, m);
            assert!(found.abs() < rounding, "{found}");
            // Descent goes against the gradient: towards the root if this rises there.
            assert!(gradient(0.9 * fixed, epsilon, m) * side < 0.0);
            assert!(gradient(1.1 * fixed, epsilon, m) * side > 0.0);
        }
        let rounding = 64.0 * f64::UNIT_ROUNDOFF * m;
        let bias = -epsilon * epsilon / (8.0 * m);
        assert!((gradient(1.0 / m, epsilon, m) - bias).abs() < rounding && bias < -0.002);
    }
}

/// The gradient is at most (m − ε)/2, at k = 2/ε. With ε > m it is negative for every k.
#[test]
fn with_a_step_longer_than_the_variance_there_is_no_fixed_point() {
    let (epsilon, m): (f64, f64) = (1.5, 1.0);
    let most = 0.5 * (m - epsilon);
    let rounding = 64.0 * f64::UNIT_ROUNDOFF * m;
    assert!((gradient(2.0 / epsilon, epsilon, m) - most).abs() < rounding);
    for i in 1..2000 {
        let found = gradient(0.01 * f64::from(i), epsilon, m);
        // Terms up to (εk/2)²m/2 are added up.
        assert!(found < most + 400.0 * rounding && most < 0.0, "{found}");
    }
}
