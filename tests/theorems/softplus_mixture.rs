//! T33: the numbers of the page's example, what forbids other k, and samples in 64 dimensions.

use rand::SeedableRng;
use score_matching::{
    Array, Matrix,
    array::Linear,
    density::{
        Density, Mixture, SoftplusMixture,
        mixture::diagonal,
        softplus_mixture::{Expansion, binomials},
    },
    grid::{Ball, Enclosed},
    identity::{
        Sides, enclosed,
        energies_and_scores::SoftplusEnergy,
        softplus_mixture::{determinant, example, kernel, series},
    },
    matrix::noise::{Generator, standard_normal},
    model::Autoencoder,
    quadrature::Rule,
    statistics::Scatter,
};

/// The Gaussians of an expansion, with or without e^(½k‖μ‖²) in their weights.
fn gaussians(model: &Autoencoder<Matrix>, k: usize, powers: &[f64], squares: bool) -> Mixture {
    let ((h, d), size) = (model.w.shape(), k as f64);
    let all = Expansion::of(model, size, powers, 0..powers.len().pow(h as u32));
    let components = (0..all.counts.rows()).map(|n| {
        let mean = all.centres.select(&[n]) * (1.0 / size);
        let square = if squares { 0.0 } else { 0.5 * size * mean.squared_norm().item() };
        let weight = all.multiplicities.at(n, 0) * (all.exponents.at(n, 0) - square).exp();
        (weight, mean, diagonal(d, 1.0 / size))
    });
    Mixture::new(components.filter(|(weight, ..)| *weight > 0.0))
}

/// (1 + t)ᵏ, and 1 + tᵏ: what a mixture of 2ʰ Gaussians would need.
fn powers(k: usize) -> [Vec<f64>; 2] {
    let ends = (0..=k).map(|n| f64::from(u8::from(n == 0 || n == k))).collect();
    [binomials(k as f64, k), ends]
}

/// Within half a unit of the last digit given.
#[track_caller]
fn is(found: f64, expected: f64, digits: i32) {
    let gap = (found - expected).abs();
    assert!(gap <= 0.5 * 10.0_f64.powi(-digits), "{found}, not {expected}");
}

#[test]
fn log_z_is_the_integral_in_the_plane() {
    for (k, expected) in [(1, 4.116_799_774_605), (2, 5.448_503_768_989)] {
        let i = example(f64::from(k));
        let sides = Sides::rounding(
            series(&i, f64::from(k), k as usize),
            series(&enclosed(&i), f64::from(k), k as usize),
        );
        assert_eq!(sides.agree(), Ok(()), "k = {k}");
        is(SoftplusMixture::new(i.model, k as usize).log_partition(), expected, 12);
    }
}

/// 1e-12 of a number of that size is thousands of roundings.
#[track_caller]
fn near(left: &Matrix, right: &Matrix) {
    for (l, r) in left.data().iter().zip(right.data()) {
        assert!((l - r).abs() <= 1e-12 * (1.0 + l.abs()), "{l}, not {r}");
    }
}

#[test]
fn the_density_is_that_of_the_mixture_component_by_component() {
    let rng = &mut Generator::seed_from_u64(1);
    for (h, k, d) in [(2, 1, 2), (2, 2, 2), (3, 3, 2), (1, 4, 1), (4, 2, 64)] {
        let mut model = Autoencoder::random(d, h, rng);
        model.b = standard_normal(1, h, rng);
        model.c = standard_normal(1, d, rng);
        let q = gaussians(&model, k, &binomials(k as f64, k), true);
        let p = SoftplusMixture::new(model, k);
        let x = standard_normal(50, d, rng) * 3.0;
        near(&p.log_density(&x), &q.log_density(&x));
        near(&p.score(&x), &q.score(&x));
        let average = |of: &dyn Fn(&Matrix) -> Matrix| {
            let parts = q.modes().map(|(weight, mean)| of(mean) * weight);
            parts.reduce(|sum, part| sum + part).expect("components")
        };
        let [mean, covariance] = p.moments();
        near(&mean, &average(&Clone::clone));
        let apart = |m: &Matrix| m.clone() - &mean;
        let centres = average(&|m| apart(m).tn(&apart(m)));
        near(&covariance, &(centres + diagonal(d, 1.0 / k as f64)));
        // The posterior of the (k + 1)ʰ components is a product of h binomials.
        let (s, counts) = (p.model().encode(&x), Expansion::whole(p.model(), k).counts);
        let one = |i: usize, n: usize, j: usize| {
            let (s, n) = (s.at(i, j), counts.at(n, j));
            binomials(k as f64, k)[n as usize] * s.powf(n) * (1.0 - s).powf(k as f64 - n)
        };
        let product = |i, n| (0..h).map(|j| one(i, n, j)).product();
        near(&Matrix::from_fn(x.rows(), counts.rows(), product), &q.responsibilities(&x).0);
    }
}

#[test]
fn the_example_of_the_page_has_these_numbers_and_its_false_neighbours_those() {
    let SoftplusEnergy { model, x, .. } = example(2.0);
    let p = SoftplusMixture::new(model.clone(), 2);
    let [mean, _] = p.moments();
    is(mean.at(0, 0), 1.351_475_87, 8);
    is(mean.at(0, 1), 0.131_787_33, 8);
    for score in [p.score(&x), gaussians(&model, 2, &powers(2)[0], true).score(&x)] {
        is(score.at(0, 0), 1.289_823_37, 8);
        is(score.at(0, 1), 1.282_980_4, 7);
    }
    // Half a unit of the fifth digit: kinks of |p − q| cost a trapezoid rule h² = 0.0025 of what
    // they turn by, some 10⁻³ of it here.
    let rule = Rule::trapezoid(-8.0, 8.0, 320).squared();
    let total_variation = |p: &SoftplusMixture, q: &Mixture| {
        let [p, q] = [p.log_density(&rule.nodes), q.log_density(&rule.nodes)].map(Matrix::exp);
        let gap = p - q;
        0.5 * rule.integrate(&(gap.clone().relu() + (-gap).relu()))
    };
    let [whole, ends] = powers(2);
    let without = gaussians(&model, 2, &whole, false);
    is(total_variation(&p, &without), 0.181_04, 5);
    let first = without.modes().map(|(weight, mean)| weight * mean.at(0, 0)).sum();
    is(first, 0.991_962_25, 8);
    let all = Expansion::whole(&model, 2);
    let terms = (all.counts.nt(&model.b).exp() * &all.multiplicities).sum().item();
    is(terms.ln() + std::f64::consts::PI.ln(), 3.744_762_693_967, 12);

    is(total_variation(&p, &gaussians(&model, 2, &ends, true)), 0.100_98, 5);
    let scaled = Expansion::of(&model, 2.0, &ends, 0..9).log_partition(2.0).item();
    is(scaled, 4.526_158_641_972, 12);
    let SoftplusEnergy { model, .. } = example(3.0);
    let q = gaussians(&model, 3, &powers(3)[1], true);
    is(total_variation(&SoftplusMixture::new(model, 3), &q), 0.195_0, 4);
}

#[test]
fn the_binomial_series_of_three_halves_does_not_converge() {
    let i = example(1.5);
    for (most, expected) in [(1, 4.025), (2, 5.039), (3, 3.273), (4, 8.103)] {
        let [integral, cut_off] = series(&i, 1.5, most);
        is(integral[0].item(), 4.725_539_312_313, 12);
        is(cut_off[0].item(), expected, 3);
    }
}

/// vᵀ[(1 + zᵢzⱼ)ᵏ]v for z = ε (0, 1, …, m + 2) and the alternating binomials v, m < k < m + 1: what
/// is left of the series is C(k, m + 2) ((m + 2)!)² ε^(2m + 4), below 0.
fn certified(k: f64, floor: i32) -> Ball {
    let points = floor as usize + 3;
    let z = Matrix::from_fn(points, 1, |i, _| 0.125 * i as f64);
    let binomials = binomials(f64::from(floor + 2), points - 1);
    let v =
        Matrix::from_fn(1, points, |_, i| if i % 2 == 0 { binomials[i] } else { -binomials[i] });
    let [z, v] = [z, v].map(|m| Enclosed::exact(&m));
    *v.nn(&kernel(&z, k)).nt(&v).at(0, 0)
}

#[test]
fn other_k_than_whole_ones_are_refuted_by_a_negative_square() {
    for (floor, shares) in [(0, [0.1, 0.5, 0.9]), (1, [0.1, 0.5, 0.9]), (2, [0.25, 0.5, 0.75])] {
        for share in shares {
            let k = f64::from(floor) + share;
            let square = certified(k, floor);
            assert!(square.high < 0.0, "k = {k}: {square:?}");
        }
        let whole = certified(f64::from(floor + 1), floor);
        assert!(whole.high >= 0.0, "k = {} is a mixture: {whole:?}", floor + 1);
    }
    let z = Enclosed::exact(&Matrix::from_rows([[0.5], [1.0], [2.0], [4.0]]));
    let Ball { low, high } = determinant(&kernel(&z, 1.5));
    assert!(high < 0.0 && high - low < 1e-6 * -low, "[{low}, {high}]");
    is(0.5 * (low + high), -0.005_516_269_79, 11);
}

/// h hidden units in 64 dimensions, each more often on than off: bⱼ = −⟨Wⱼ, c⟩ − ¼‖Wⱼ‖². So equal
/// weights would not do.
fn digits_size(h: usize, k: usize, rng: &mut Generator) -> SoftplusMixture {
    let mut model = Autoencoder::random(64, h, rng);
    model.w = model.w * 2.0;
    model.c = standard_normal(1, 64, rng);
    model.b = -(model.w.nt(&model.c) + model.w.squared_norm() * 0.25);
    model.b = Matrix::from_fn(1, h, |_, j| model.b.at(j, 0));
    SoftplusMixture::new(model, k)
}

#[test]
fn exact_samples_in_64_dimensions_have_the_moments_of_the_closed_form() {
    let rng = &mut Generator::seed_from_u64(1);
    for (h, k) in [(10, 1), (8, 2), (6, 4)] {
        let p = digits_size(h, k, rng);
        let [mean, covariance] = p.moments();
        let spread = (0..64).map(|i| covariance.at(i, i) * k as f64 - 1.0).sum::<f64>();
        assert!(spread > 1.0, "more than one Gaussian");
        let apart = p.sample(4000, rng).add_row(&-mean).linear(Linear::Transpose);
        let within = |values: &[f64], expected: f64| {
            let scatter = Scatter::of(values);
            let gap = (scatter.mean - expected).abs() / scatter.standard_error();
            assert!(gap < 6.0, "h = {h}, k = {k}: {gap} standard errors");
        };
        for i in 0..64 {
            within(apart.row(i), 0.0);
            for j in 0..=i {
                let both = apart.row(i).iter().zip(apart.row(j));
                within(&both.map(|(x, y)| x * y).collect::<Vec<_>>(), covariance.at(i, j));
            }
        }
    }
}

/// One hidden unit: Z = (2π)^(d/2) (e^(½‖c‖²) + e^(b + ½‖c + W‖²)), here with e^1000 and e^1002.
#[test]
fn weights_beyond_the_range_of_numbers_are_kept_as_logarithms() {
    let axis = |axis: usize, length: f64| {
        Matrix::from_fn(1, 64, |_, j| if j == axis { length } else { 0.0 })
    };
    let (w, c, b) = (axis(0, 5.0), axis(1, 2000.0_f64.sqrt()), Matrix::from_rows([[2.0 - 12.5]]));
    let p = SoftplusMixture::new(Autoencoder { w, b, c: c.clone(), a: None }, 1);
    let (volume, heavy) = (32.0 * std::f64::consts::TAU.ln(), 2.0_f64.exp());
    let log_z = Matrix::from_rows([[volume + 1000.0 + (1.0 + heavy).ln()]]);
    near(&Matrix::from_rows([[p.log_partition()]]), &log_z);
    near(&p.moments()[0], &(axis(0, 5.0 * heavy / (1.0 + heavy)) + c));
}
