//! T30 for noise that depends on the signal: its numbers, and what its wrong losses would learn.

use score_matching::{
    Array, Matrix,
    corruption::Kernel,
    identity::denoising_explicit::{
        Convolution, Terms, corrupted_by, corrupted_line, smoothed, standard_normal_law, wavy_score,
    },
    objective::{explicit, implicit},
    quadrature::Rule,
};

/// Within two units of the last of the digits given.
fn near(value: f64, reference: f64, unit: f64) {
    assert!((value - reference).abs() <= 2.0 * unit, "{value} for {reference}");
}

fn terms(points: &Rule, kernel: &Kernel) -> Terms {
    corrupted_by([kernel; 2], points, |y| wavy_score(y).0, 1)
}

/// ESM of two functions that a wrong loss has for its minimiser: 𝔼[ax − x̃|x̃]/𝔼[v|x̃], where each loss is
/// weighted by v(x), and 𝔼[ax − x̃|x̃]/𝔼v; and ISM of the wavy score.
fn wrong_minimisers(points: &Rule, kernel: &Kernel) -> [f64; 3] {
    let (x, weights) = (&points.nodes, &points.weights);
    let over = corrupted_line(kernel, points, 1);
    let (density, slope) = smoothed(kernel, [x, weights], &over.nodes);
    let data_score = slope.clone() * density.clone().reciprocal();
    let law = over.weighted(&density);
    // 𝔼[f(x)|x̃] (K∗q)(x̃), with the weights times f(x)
    let variance = kernel.fisher_information(x).reciprocal();
    let among = |f: &Matrix| smoothed(kernel, [x, &(weights.clone() * f)], &over.nodes);
    let (v, residual) = among(&variance);
    let mean = weights.clone().inner(&variance).sum().item();
    let weighted = residual.clone() * v.reciprocal();
    let averaged = residual * density.reciprocal() * (1.0 / mean);
    let [weighted, averaged] =
        [weighted, averaged].map(|psi| law.integrate(&explicit(psi, &data_score)));
    [weighted, averaged, law.integrate(&implicit(wavy_score(&over.nodes)))]
}

#[test]
fn a_normal_signal_has_its_numbers() {
    let (points, kernel) = (standard_normal_law(1), Convolution::sensor().kernel);
    let terms = terms(&points, &kernel);
    near(terms.denoising, 0.957_940_058_159, 1e-12);
    near(terms.explicit + terms.floor(), 0.957_940_058_159, 1e-12);
    near(terms.explicit, 0.175_179_624_025_1, 1e-13);
    near(terms.fisher_information, 1.057_197_301_407_1, 2e-13);
    // √(π/2)/(sb) e^(s²/(2b²)) erfc(s/(b√2)) at s = b = ½
    near(terms.kernel_information, 2.622_718_169_675_194, 1e-14);
    let [weighted, averaged, implicit] = wrong_minimisers(&points, &kernel);
    near(implicit + 0.5 * terms.kernel_information, 0.957_940_058_159, 1e-12);
    near(0.5 * (terms.kernel_information - 2.0), 0.311_359_084_8, 1e-10); // 𝔼v = ½
    near(weighted, 0.072_474_247_367, 1e-12);
    near(averaged, 0.126_914_119_2, 1e-10);
}

#[test]
fn three_points_have_their_numbers() {
    let Convolution { points, kernel, .. } = Convolution::sensor();
    let terms = terms(&points, &kernel);
    near(terms.denoising, 1.041_374_693_236_5, 1e-13);
    near(terms.explicit + terms.floor(), 1.041_374_693_236_5, 1e-13);
    near(terms.kernel_information, 2.7, 1e-15);
    near(terms.fisher_information, 1.377_326_504_661_6, 1e-13);
    near(wrong_minimisers(&points, &kernel)[0], 0.142_969_082_153, 1e-12);
}
