//! T26: contrastive divergence with a short Langevin step is implicit score matching.
//!
//! The order of the remainder is fitted, every wrong rule follows another objective, which is named,
//! and for Gaussians the fixed points are known.

use rand::SeedableRng;
use score_matching::{
    Array, Matrix, Tape, Var,
    grid::Exact,
    identity::{
        Sides,
        contrastive_divergence::{
            Contrast, Energy, Weighted, angle, at, contrastive, contrastive_by, distance,
            first_order, gaussian, implicit, signs, through_the_sampler,
        },
        fitted_order,
        langevin::{biased_variance, swapped},
    },
    matrix::noise::{Generator, standard_normal},
    model::Parameters,
    sampler::Step,
};

fn generator(seed: u64) -> Generator {
    Generator::seed_from_u64(seed)
}

/// The steps at which orders are fitted.
const STEPS: [f64; 6] = [32.0, 64.0, 128.0, 256.0, 512.0, 1024.0];

/// The fitted order of what `measure` finds at the steps 1/32, …, 1/1024.
fn order(instance: &Contrast, measure: impl Fn(&Contrast) -> f64) -> f64 {
    let points = STEPS.map(|inverse| {
        let epsilon = 1.0 / inverse;
        [epsilon, measure(&Contrast { epsilon, ..instance.clone() })]
    });
    fitted_order(&points)
}

/// Ten instances on the line and in the plane, each at one point, and each over eight.
fn instances() -> Vec<Contrast> {
    let mut all = vec![];
    for seed in 0..10 {
        let (d, mut rng) = (1 + seed as usize % 2, generator(seed));
        let point = Contrast::random(d, &mut rng);
        all.push(Contrast { data: at(standard_normal(8, d, &mut rng)), ..point.clone() });
        all.push(point);
    }
    all
}

/// The must: slope 2 for the difference, 1 for the angle between the two gradients.
#[test]
fn the_difference_to_implicit_matching_is_of_order_two() {
    let orders = |measure: fn(&Contrast) -> f64| -> Vec<f64> {
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
        let gap = |i: &Contrast| distance(&contrastive(i), &implicit(i));
        let signs = order(&Contrast { noise: signs(d), ..instance.clone() }, gap);
        assert!((signs - 2.0).abs() < 0.1, "{signs}");
        if d == 1 {
            let column = |a: f64, b: f64| Matrix::from_rows([[a], [b]]);
            let skewed = Weighted { nodes: column(2.0, -0.5), weights: column(0.2, 0.8) };
            let excess = |i: &Contrast| {
                let gaussian = Contrast { noise: gaussian(1, 24), ..i.clone() };
                distance(&contrastive(i), &contrastive(&gaussian))
            };
            let skewed = order(&Contrast { noise: skewed, ..instance.clone() }, excess);
            assert!((skewed - 1.5).abs() < 0.1, "{skewed}");
        }
    }
}

/// The values are (ε/2)(‖ψ‖² + tr J), without the ½.
#[test]
fn not_the_values() {
    for instance in instances() {
        let value = |list: Vec<Matrix>| list[0].item();
        let to =
            |a: f64| move |i: &Contrast| (value(contrastive(i)) - value(first_order(i, a))).abs();
        let (right, wrong) = (order(&instance, to(2.0)), order(&instance, to(1.0)));
        assert!((right - 2.0).abs() < 0.1, "‖ψ‖² + tr J: {right}");
        assert!((wrong - 1.0).abs() < 0.1, "½‖ψ‖² + tr J: {wrong}");
    }
}

/// Two bugs, one wrong objective: 𝔼[‖ψ‖² + tr J], to second order. The miss is (ε/2)∇½𝔼‖ψ‖².
#[test]
fn not_through_the_sampler_and_not_with_twice_the_drift() {
    let doubled = |i: &Contrast| contrastive_by(i, swapped(i.epsilon)[1]);
    let rules: [(&str, &dyn Fn(&Contrast) -> Vec<Matrix>); 2] =
        [("through the sampler", &through_the_sampler), ("twice the drift", &doubled)];
    for (name, rule) in rules {
        let mut least = f64::MAX;
        for instance in instances() {
            let follows = order(&instance, |i| distance(&rule(i), &first_order(i, 2.0)));
            assert!((follows - 2.0).abs() < 0.1, "{name}: {follows}");
            let misses = order(&instance, |i| distance(&rule(i), &implicit(i)));
            assert!((misses - 1.0).abs() < 0.1, "{name}: {misses}");
            let small = Contrast { epsilon: 1.0 / 1024.0, ..instance };
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
        Contrast { energy: Energy::gaussian(k), data, epsilon, noise: signs(1) }
    };
    // The root of the gradient in k, by bisection: it increases with k.
    let root = |rule: &dyn Fn(&Contrast) -> Vec<Matrix>| {
        let halve = |(low, high): (f64, f64)| {
            let middle = 0.5 * (low + high);
            if rule(&at(middle))[1].item() > 0.0 { (low, middle) } else { (middle, high) }
        };
        (0..60).fold((0.1, 4.0), |bracket, _| halve(bracket)).0
    };
    let doubled = |i: &Contrast| contrastive_by(i, swapped(i.epsilon)[1]);
    assert!((1.0 / root(&contrastive) - 1.0).abs() < epsilon);
    for wrong in [&through_the_sampler as &dyn Fn(&Contrast) -> Vec<Matrix>, &doubled] {
        assert!((1.0 / root(wrong) - 2.0).abs() < 2.0 * epsilon);
    }
}

/// E(x⁻) − E(x) instead: a step down its gradient raises the energy of the data over that of the
/// negatives, and the angle to implicit matching is π.
#[test]
fn not_with_the_sign_turned_round() {
    for instance in instances() {
        let small = Contrast { epsilon: 1.0 / 1024.0, ..instance };
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
    contrastive(&Contrast { energy, data, epsilon, noise: signs(1) })[1].item()
}

/// The gradient in k for E = kx²/2 and data of variance m = x² is (m − ε)/2 − (ε²m/8)(k − 2/ε)², for
/// every k and m. So it has two zeros if ε < m, and is negative for every k if ε > m.
#[test]
fn the_gradient_on_a_gaussian_is_a_parabola() {
    let sides = [0.25, 1.0, 4.0].map(|epsilon| {
        let instance = Contrast::every(1, epsilon);
        let energy = Energy { tilt: instance.energy.tilt.clone() * 0.0, ..instance.energy.clone() };
        let instance = Contrast { energy, ..instance };
        let (k, m) = (&instance.energy.precision, instance.data.nodes.squared_norm());
        let away = k.clone() - 2.0 / epsilon;
        let right: Exact =
            (m.clone() - epsilon) * 0.5 - m * &away * &away * (0.125 * epsilon * epsilon);
        [instance.mean(contrastive(&instance)).swap_remove(1), right]
    });
    let [left, right] = [0, 1].map(|k| sides.iter().map(|s| s[k].clone()).collect());
    // of degree 2 in ε: three points decide
    assert_eq!(Sides::proof([left, right]).agree(), Ok(()));
}

/// The step that contrastive divergence cannot see: at k = (2/ε)(1 − √(1 − ε/m)) the chain of the
/// *model* has the variance m of the data, and there the gradient changes its sign; at k = 1/m it does
/// not. The other root, with a +, repels. Each is bracketed to nine digits, without a tolerance.
#[test]
fn the_fixed_point_is_the_model_whose_chain_has_the_variance_of_the_data() {
    for (epsilon, m) in [(0.25_f64, 1.0_f64), (0.5, 1.0), (0.5, 2.0), (1.0, 3.0)] {
        for side in [-1.0, 1.0] {
            let root = 2.0 / epsilon * (1.0 + side * (1.0 - epsilon / m).sqrt());
            let [below, above] = [root * (1.0 - 1e-9), root * (1.0 + 1e-9)];
            // Descent goes against the gradient: towards the root if this rises there.
            assert!(
                gradient(below, epsilon, m) * side > 0.0
                    && gradient(above, epsilon, m) * side < 0.0
            );
            let variance = |k: f64| (biased_variance(1.0 / k, epsilon) - m) * side;
            assert!(variance(below) < 0.0 && variance(above) > 0.0, "the chain's variance");
        }
    }
    assert_eq!(gradient(0.25, 0.25, 4.0), -0.0625 / 32.0, "at k = 1/m it is −ε²/(8m)");
}
